//! The query of a request, as bytes: an info hash is not text.

use std::{borrow::Cow, str};

use percent_encoding::percent_decode_str;

/// A raw query string. It is split at `&`, and then each part is percent-decoded once. A `+` stays a `+`, since clients
/// escape a space as `%20`. A plain space is a `+` too: no request line has one, but Function URLs turn `+` into a
/// space.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Takes what follows the `?`.
    pub fn new(raw: &'a str) -> Self {
        Self(raw)
    }

    /// Returns every value of `name`, in order.
    pub fn all(self, name: &'a str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        let pairs = self.0.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let of_name = pairs.filter(move |(key, _)| percent_decode_str(key).eq(name.bytes()));
        of_name.map(|(_, value)| {
            if value.contains(' ') {
                percent_decode_str(&value.replace(' ', "+")).collect()
            } else {
                Cow::from(percent_decode_str(value))
            }
        })
    }

    /// Returns the first value of `name`.
    pub fn first(self, name: &'a str) -> Option<Cow<'a, [u8]>> {
        self.all(name).next()
    }

    /// Returns the first value of `name` if it is a whole number: digits and nothing else.
    pub fn number(self, name: &'a str) -> Option<u64> {
        let value = self.first(name)?;
        let digits = str::from_utf8(&value).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Each byte plain if possible, or escaped in lower or upper case, as `ways` say.
    fn escaped(bytes: &[u8], ways: &[u8]) -> String {
        let escape = |(byte, way): (&u8, &u8)| match way % 3 {
            0 if byte.is_ascii_graphic() && !b"&%#".contains(byte) => char::from(*byte).to_string(),
            1 => format!("%{byte:02x}"),
            _ => format!("%{byte:02X}"),
        };
        bytes.iter().zip(ways).map(escape).collect()
    }

    proptest! {
        #[test]
        fn every_hash_comes_through_however_it_is_escaped(hash: [u8; 20], ways: [u8; 20], before in "[a-z&=%+]{0,8}") {
            let raw = format!("{before}&info_hash={}&port=1", escaped(&hash, &ways));
            let query = Query::new(&raw);
            prop_assert!(query.first("info_hash").is_some_and(|value| *value == hash));
            prop_assert_eq!(query.number("port"), Some(1));
        }
    }

    #[test]
    fn a_plus_stays_a_plus_and_nothing_is_decoded_twice() {
        let query = Query::new("a=+ %2B%20%252B&b&c=&%61=2&d=x=y");
        assert_eq!(query.all("a").collect::<Vec<_>>(), [&b"+++ %2B"[..], b"2"]);
        assert_eq!((query.first("b").as_deref(), query.first("c").as_deref()), (Some(&b""[..]), Some(&b""[..])));
        assert_eq!(query.first("d").as_deref(), Some(&b"x=y"[..]));
        assert_eq!(query.first("e"), None);
    }

    #[test]
    fn a_number_is_whole_and_fits() {
        let cases = [("n=7", Some(7)), ("n=-1", None), ("n=+1", None), ("n=%2B1", None), ("n=", None), ("n=1e3", None)];
        for (raw, number) in [("n=%31", Some(1))].into_iter().chain(cases) {
            assert_eq!(Query::new(raw).number("n"), number, "{raw}");
        }
        assert_eq!(Query::new("n=18446744073709551616").number("n"), None);
    }
}
