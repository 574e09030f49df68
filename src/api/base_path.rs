//! What API Gateway leaves before the bucket in an event's path: a custom domain's base path, and a stage that its
//! mapping does not name. The match of `{proxy+}` shows where that ends, and the request context how many slashes
//! follow it.

use percent_encoding::{percent_decode, percent_decode_str};

/// Returns the end of `path` that `{proxy+}` matched, or `None` if `path` does not end in `proxy`.
///
/// It counts whole segments, because API Gateway may have decoded `proxy`, folded its slashes, removed the last one, or
/// turned `+` into a space. So a key that repeats the base path keeps all its segments.
pub(super) fn matched_by_proxy<'a>(path: &'a str, proxy: &str) -> Option<&'a str> {
    let decoded = segments(percent_decode(path.as_bytes()));
    let before = |proxy: &[Vec<u8>]| decoded.strip_suffix(proxy).map(<[_]>::len);
    let as_it_is = before(&segments(proxy.bytes()));
    let once_more = before(&segments(percent_decode(proxy.as_bytes())));
    let count = as_it_is.into_iter().chain(once_more).min()?;
    Some((0..count).fold(path, |rest, _| without_first_segment(rest)))
}

/// Returns what follows `base_path` in `path`, if `path` begins with these segments.
pub(super) fn below<'a>(path: &'a str, base_path: &str) -> Option<&'a str> {
    let rest = path.strip_prefix('/')?.strip_prefix(base_path)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Returns how many slashes the client wrote before `key`, the end of `path`. A REST API folds them in `path`
/// (`/stage//key` becomes `/key`), and keeps them in `whole`, the request context's path, which begins with `stage` on
/// the API's own host. If the two differ in more than that, this returns `None`.
pub(super) fn slashes_before(key: &str, path: &str, whole: &str, stage: Option<&str>) -> Option<usize> {
    // Emulators may decode only one of them.
    let decoded = || whole.strip_suffix(&*percent_decode_str(key).decode_utf8().ok()?);
    let before = whole.strip_suffix(key).or_else(decoded)?;
    let expected = segments(path.strip_suffix(key)?.bytes());
    let seen = segments(before.bytes());
    let below_stage = seen.split_first().filter(|(first, _)| stage.is_some_and(|stage| stage.as_bytes() == *first));
    let same = expected.ends_with(&seen) || below_stage.is_some_and(|(_, rest)| expected.ends_with(rest));
    let slashes = before.len() - before.trim_end_matches('/').len();
    (same && (slashes > 0 || key.is_empty())).then_some(slashes)
}

/// The segments that are not empty, with each `+` as a space.
fn segments(path: impl Iterator<Item = u8>) -> Vec<Vec<u8>> {
    let path: Vec<u8> = path.map(|byte| if byte == b'+' { b' ' } else { byte }).collect();
    path.split(|byte| *byte == b'/').filter(|segment| !segment.is_empty()).map(<[u8]>::to_vec).collect()
}

fn without_first_segment(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.find('/').map_or("", |end| &path[end..])
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
    use proptest::{collection::vec, prelude::*, sample::select};

    use super::*;

    /// Segments that repeat, and that API Gateway could show in another form.
    fn part() -> impl Strategy<Value = String> {
        let odd = ["v1", "v1", "prod", "data", "/", "//", "a+b", "%2F", "%", "%25", "..", " ", "é", "?"];
        prop_oneof![3 => vec(select(odd.to_vec()), 1..5).prop_map(|parts| parts.concat()), 1 => any::<String>()]
    }

    /// How API Gateway might show what matched.
    fn shown(raw: &str) -> [String; 5] {
        let decoded = percent_decode_str(raw).decode_utf8_lossy().into_owned();
        let folded = decoded.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/");
        [raw.to_owned(), decoded.replace('+', " "), decoded.trim_end_matches('/').to_owned(), decoded, folded]
    }

    proptest! {
        #[test]
        fn any_key_below_any_base_path_stays_byte_for_byte(
            base in vec(select(&["v1", "data", "prod", "a+b", "x.y", "$-_!*'()"][..]), 0..4),
            bucket in select(&["data", "v1", "prod", "my.data"][..]),
            keys in vec(part(), 0..4),
            plain in any::<bool>(),
            slashes in 1..4_usize,
        ) {
            let key = keys.join("/");
            // A client that encodes no more than it must, and one that encodes everything.
            let whole = utf8_percent_encode(&key, NON_ALPHANUMERIC).to_string();
            let raw = format!("{bucket}/{}", if plain { key.replace('%', "%25") } else { whole });
            let before = base.iter().fold(String::new(), |before, segment| before + "/" + segment);
            let decoded = percent_decode_str(&raw).decode_utf8_lossy();
            let shown = shown(&raw);
            // An HTTP API decodes the path as well.
            let pairs = shown.iter().map(|proxy| (&*raw, proxy));
            for (raw, proxy) in pairs.chain(shown[1..].iter().map(|proxy| (&*decoded, proxy))) {
                let path = format!("{before}/{raw}");
                prop_assert_eq!(matched_by_proxy(&path, proxy), Some(&path[before.len()..]), "{} of {}", proxy, path);
                let whole = before.clone() + &"/".repeat(slashes) + raw;
                for whole in [&whole, &format!("/stage{whole}")] {
                    let seen = slashes_before(raw, &path, whole, Some("stage"));
                    prop_assert_eq!(seen, Some(slashes), "{} and {}", path, whole);
                }
            }
        }
    }
}
