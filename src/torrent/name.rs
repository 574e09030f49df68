//! `name`: the file name that clients suggest, from an object's key.

/// The longest name, in bytes. libtorrent truncates longer ones, and clients append `.part` or `.torrent`, which must
/// fit into the 255 bytes of file systems.
pub const MAX_NAME_BYTES: usize = 240;
/// libtorrent treats a file with this in its path as padding, and does not download it.
pub const PADDING: &str = "_____padding_file_";
const MAX_EXTENSION_BYTES: usize = 16;
const NAMELESS: &str = "object";

/// Returns the last non-empty segment of `key` as a file name that every file system accepts. `\` and control
/// characters become `_`, and a name over 240 bytes is shortened but keeps its extension. An unusable name becomes
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
    fn a_name_is_the_last_segment_made_safe_and_shortened() {
        let x = "x".repeat(300);
        for (key, name) in [
            ("a.iso", "a.iso".to_owned()),
            ("dir/sub/a b.iso", "a b.iso".to_owned()),
            ("dir//", "dir".to_owned()),
            ("/a", "a".to_owned()),
            ("日本/語.txt", "語.txt".to_owned()),
            ("a\\b\n\u{7f}\u{85}\0c", "a_b____c".to_owned()),
            (&format!("{x}.tar.gz"), format!("{}.gz", &x[..237])),
            (&format!("{x}.fifteen-letters"), format!("{}.fifteen-letters", &x[..224])),
            (&format!("{x}.sixteen--letters"), x[..240].to_owned()),
            (&format!("{}.bin", "é".repeat(200)), format!("{}.bin", "é".repeat(118))),
        ] {
            assert_eq!(torrent_name(key), name, "{key}");
        }
    }

    #[test]
    fn names_that_clients_could_not_use_become_object() {
        let cut = format!("{}x", " ".repeat(240));
        for key in ["", "///", "a/..", "../.", "...", " ", "a/. . ", "\u{200e}.", &cut, "a_____padding_file_0"] {
            assert_eq!(torrent_name(key), "object", "{key}");
        }
    }
}
