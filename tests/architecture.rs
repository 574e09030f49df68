//! ARCHITECTURE's picture has exactly the arrows of the code, and the contract exactly its calls to AWS.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    iter::Peekable,
    path::{Path, PathBuf},
    str::Chars,
};

use contract::CALLS;
use get_object_torrent::s3::access::OPERATIONS;

#[path = "../examples/contract.rs"]
#[expect(dead_code, reason = "only its calls are compared here")]
mod contract;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Modules whose own folders are in the picture, too.
const SPLIT: [&str; 3] = ["s3", "jobs", "tracker"];
const ROOTS: [&str; 3] = ["crate", "super", "get_object_torrent"];

type Arrows = BTreeMap<String, BTreeSet<String>>;

/// The lines `a, b → c, d` of the picture. A module may have several.
fn shown() -> Arrows {
    let page = fs::read_to_string(Path::new(ROOT).join("docs/ARCHITECTURE.md")).expect("the page");
    let (_, section) = page.split_once("## Who knows whom").expect("its section");
    let picture = section.split("```").nth(1).expect("its picture");
    let names = |side: &str| side.split([',', ' ']).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let mut arrows = Arrows::new();
    for (knowing, known) in picture.lines().filter_map(|line| line.split_once('→')) {
        let known: BTreeSet<String> = names(known);
        for module in names(knowing) {
            arrows.entry(module).or_default().extend(known.iter().filter(|name| *name != "nothing").cloned());
        }
    }
    arrows
}

/// The programs' files, without their tests, as text without comments.
fn sources() -> Vec<(PathBuf, String)> {
    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if path.is_dir() { files(&path, found) } else { found.push(path) }
        }
    }
    let src = Path::new(ROOT).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    found.retain(|path| !path.ends_with("tests.rs"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a file of text");
        let program = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = program.lines().map(|line| line.split("//").next().unwrap_or_default());
        (path.strip_prefix(&src).expect("a path below it").with_extension(""), lines.collect::<Vec<_>>().join("\n"))
    };
    found.into_iter().map(read).collect()
}

/// Every path below the crate's root, also in trees: `crate::a::{b, c::d}` is `crate::a::b` and `crate::a::c::d`.
fn paths(source: &str) -> Vec<Vec<String>> {
    fn tree(rest: &mut Peekable<Chars<'_>>, mut path: Vec<String>, found: &mut Vec<Vec<String>>) {
        loop {
            while rest.next_if(|c| c.is_whitespace()).is_some() {}
            if rest.next_if_eq(&'{').is_some() {
                loop {
                    tree(rest, path.clone(), found);
                    while rest.next_if(|c| c.is_whitespace() || *c == ',').is_some() {}
                    if rest.next_if_eq(&'}').is_some() || rest.peek().is_none() {
                        return;
                    }
                }
            }
            let name: String = std::iter::from_fn(|| rest.next_if(|c| c.is_alphanumeric() || *c == '_')).collect();
            path.push(name);
            let mut ahead = rest.clone();
            if (ahead.next(), ahead.next()) != (Some(':'), Some(':')) {
                return found.push(path);
            }
            *rest = ahead;
        }
    }
    let mut found = Vec::new();
    for (start, _) in source.match_indices("::") {
        let before = source[..start].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let begins = !source[..start - before.len()].ends_with("::");
        if begins && ROOTS.contains(&before) {
            tree(&mut source[start - before.len()..].chars().peekable(), Vec::new(), &mut found);
        }
    }
    found
}

/// The module in the picture to which a path belongs.
fn room(parts: &[String]) -> String {
    match parts {
        [top, next, ..] if SPLIT.contains(&&**top) && Path::new(ROOT).join("src").join(top).join(next).is_dir() => {
            format!("{top}::{next}")
        }
        [top, ..] => top.clone(),
        [] => String::new(),
    }
}

fn found() -> Arrows {
    let mut arrows = Arrows::new();
    for (path, source) in sources().iter().filter(|(path, _)| !path.ends_with("lib")) {
        let mut module: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
        module.retain(|part| part != "mod" && part != "bin");
        let known = paths(source).into_iter().map(|path| {
            let (roots, rest) = path.split_at(path.iter().take_while(|part| ROOTS.contains(&part.as_str())).count());
            let ups = roots.iter().filter(|part| *part == "super").count();
            let base = if ups == 0 { &[] } else { &module[..module.len() - ups] };
            room(&[base, rest].concat())
        });
        let here = room(&module);
        let known: BTreeSet<String> = known.filter(|known| *known != here && !known.is_empty()).collect();
        arrows.entry(here).or_default().extend(known);
    }
    arrows
}

#[test]
fn the_picture_shows_exactly_the_arrows_of_the_code() {
    assert_eq!(shown(), found());
}

#[test]
fn no_module_knows_one_that_knows_it() {
    let arrows = found();
    for (module, known) in &arrows {
        let mut reached = known.clone();
        while let Some(more) = reached.iter().flat_map(|name| &arrows[name]).find(|name| !reached.contains(*name)) {
            reached.insert(more.clone());
        }
        assert!(!reached.contains(module), "{module}");
    }
}

#[test]
fn the_seam_between_s3_and_bittorrent_is_kept() {
    let arrows = found();
    assert!(arrows["torrent"].is_empty());
    for (_, known) in arrows.iter().filter(|(module, _)| module.starts_with("s3")) {
        assert!(["torrent", "operation", "jobs", "api"].iter().all(|name| !known.contains(*name)));
    }
}

#[test]
fn the_code_makes_every_call_of_the_contract() {
    let sources = sources();
    for call in CALLS {
        let words = call.operation.char_indices().map(|(place, letter)| match letter {
            letter if letter.is_uppercase() && place > 0 => format!("_{}", letter.to_ascii_lowercase()),
            letter => letter.to_ascii_lowercase().to_string(),
        });
        let method = format!(".{}()", words.collect::<String>());
        assert!(sources.iter().any(|(_, source)| source.contains(&method)), "{method}");
    }
    let of_s3 = CALLS.iter().filter(|call| call.service == "s3").map(|call| call.operation);
    assert_eq!(of_s3.collect::<BTreeSet<_>>(), OPERATIONS.into_iter().collect());
}
