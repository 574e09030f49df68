//! The `Content-Disposition` of a `.torrent` ([RFC 6266](https://www.rfc-editor.org/rfc/rfc6266)).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the `attr-char` of [RFC 8187](https://www.rfc-editor.org/rfc/rfc8187#section-3.2.1).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// Returns `attachment` with `filename`, and with `filename*` if the name is not ASCII. The value is safe in a header:
/// ASCII without control characters.
pub(super) fn attachment(filename: &str) -> String {
    let plain: String = filename.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '_' }).collect();
    let quoted = plain.replace('\\', "\\\\").replace('"', "\\\"");
    let extended = utf8_percent_encode(filename, ESCAPED);
    if filename.is_ascii() {
        format!("attachment; filename=\"{quoted}\"")
    } else {
        format!("attachment; filename=\"{quoted}\"; filename*=UTF-8''{extended}")
    }
}
