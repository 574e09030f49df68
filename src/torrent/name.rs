//! `name`: the file name that clients suggest, made from an object's key.

const MAX_BYTES: usize = 255;
const MAX_EXTENSION_BYTES: usize = 16;
const NAMELESS: &str = "object";

/// Returns the last non-empty segment of `key` as a file name that every file system accepts. `\` and control characters
/// become `_`, a name over 255 bytes is shortened with its extension kept, and `object` stands for an empty one.
pub fn torrent_name(key: &str) -> String {
    let segment = key.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    let safe = segment.replace(|c: char| c == '\\' || c.is_control(), "_");
    match shorten(&safe).as_str() {
        "" | "." | ".." => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() <= MAX_EXTENSION_BYTES { extension } else { "" };
    let stem = &name[..name.floor_char_boundary(MAX_BYTES - extension.len())];
    format!("{stem}{extension}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_last_non_empty_segment() {
        for (key, name) in [
            ("a.iso", "a.iso"),
            ("dir/sub/a b.iso", "a b.iso"),
            ("dir/", "dir"),
            ("dir//", "dir"),
            ("/a", "a"),
            ("日本/語.txt", "語.txt"),
        ] {
            assert_eq!(torrent_name(key), name, "{key}");
        }
    }

    #[test]
    fn dots_and_nothing_become_object() {
        for key in ["", "/", "///", ".", "a/..", "../.", "./"] {
            assert_eq!(torrent_name(key), "object", "{key}");
        }
    }

    #[test]
    fn backslash_and_control_characters_become_underscores() {
        assert_eq!(torrent_name("a\\b\n\u{7f}\u{85}\0c"), "a_b____c");
    }

    #[test]
    fn long_names_keep_their_extension() {
        let name = torrent_name(&format!("{}.tar.gz", "x".repeat(300)));
        assert_eq!((name.len(), &name[252..]), (255, ".gz"));
        let name = torrent_name(&format!("{}.fifteen-letters", "x".repeat(300)));
        assert!(name.ends_with("x.fifteen-letters") && name.len() == 255);
        let name = torrent_name(&format!("{}.sixteen--letters", "x".repeat(300)));
        assert_eq!(name, "x".repeat(255));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let name = torrent_name(&format!("{}.bin", "é".repeat(200)));
        assert_eq!(name, format!("{}.bin", "é".repeat(125)));
    }
}
