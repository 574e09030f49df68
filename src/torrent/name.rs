//! `name`: the file name that clients suggest, from an object's key.

/// The longest name, in bytes. libtorrent truncates longer ones, and clients append `.part` or `.torrent`, which must
/// fit into the 255 bytes of file systems.
pub const MAX_NAME_BYTES: usize = 240;
/// libtorrent treats a file with this in its path as padding, and does not download it.
pub const PADDING: &str = "_____padding_file_";
const MAX_EXTENSION_BYTES: usize = 16;
const NAMELESS: &str = "object";

/// Returns the last non-empty segment of `key` as a file name that every file system accepts. `\` and control
/// characters become `_`, and a name over 240 bytes is shortened but keeps its extension. A name that clients could not
/// use becomes
/// `object`: an empty one, one of only dots, spaces and invisible characters, and that of padding.
pub fn torrent_name(key: &str) -> String {
    let segment = key.rsplit('/').find(|segment| !segment.is_empty()).unwrap_or_default();
    let safe = segment.replace(|c: char| c == '\\' || c.is_control(), "_");
    let name = shorten(&safe);
    let is_blank = name.chars().all(|c| matches!(c, '.' | ' ') || is_stripped(c));
    if is_blank || name.contains(PADDING) { NAMELESS.to_owned() } else { name }
}

/// Returns whether libtorrent drops this character from names: it has no width, or marks the direction of writing.
pub fn is_stripped(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    let extension = name.rfind('.').map_or("", |dot| &name[dot..]);
    let extension = if extension.len() <= MAX_EXTENSION_BYTES { extension } else { "" };
    let stem = &name[..name.floor_char_boundary(MAX_NAME_BYTES - extension.len())];
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
    fn names_that_clients_could_not_use_become_object() {
        let cut = format!("{}x", " ".repeat(240));
        for key in
            ["", "/", "///", ".", "a/..", "../.", "./", "...", " ", "a/. . ", "\u{200e}.", &cut, "a_____padding_file_0"]
        {
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
        assert_eq!((name.len(), &name[237..]), (240, ".gz"));
        let name = torrent_name(&format!("{}.fifteen-letters", "x".repeat(300)));
        assert!(name.ends_with("x.fifteen-letters") && name.len() == 240);
        let name = torrent_name(&format!("{}.sixteen--letters", "x".repeat(300)));
        assert_eq!(name, "x".repeat(240));
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        let name = torrent_name(&format!("{}.bin", "é".repeat(200)));
        assert_eq!(name, format!("{}.bin", "é".repeat(118)));
    }
}
