//! The metainfo file: the content of a `.torrent` (BEP 3, 12, 19), in canonical bencode.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Info;

/// The value of `created by`.
pub const CREATED_BY: &str = "get-object-torrent";

/// The content of a `.torrent` file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metainfo {
    /// The first tracker. A trackerless torrent has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announce: Option<String>,
    /// One tier for each tracker (BEP 12), if there are at least two.
    #[serde(rename = "announce-list", skip_serializing_if = "Option::is_none")]
    pub announce_list: Option<Vec<Vec<String>>>,
    /// The program that made it.
    #[serde(rename = "created by", skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
    /// The creation date in seconds since 1970.
    #[serde(rename = "creation date", skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<i64>,
    /// The dictionary that the info hash is computed from.
    pub info: Info,
    /// The web seeds (BEP 19).
    #[serde(rename = "url-list", default, skip_serializing_if = "Vec::is_empty")]
    pub web_seeds: Vec<String>,
}

impl Metainfo {
    /// Puts `trackers` and `web_seeds` around `info`. `creation_date` is in seconds since 1970.
    pub fn new(info: Info, creation_date: Option<i64>, trackers: &[String], web_seeds: Vec<String>) -> Self {
        let tiers = || trackers.iter().map(|tracker| vec![tracker.clone()]).collect();
        Self {
            announce: trackers.first().cloned(),
            announce_list: (trackers.len() > 1).then(tiers),
            created_by: Some(CREATED_BY.to_owned()),
            creation_date,
            info,
            web_seeds,
        }
    }

    /// Encodes the file as canonical bencode, with keys sorted as raw bytes. The encoder never fails for this type.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_bencode::Error> {
        serde_bencode::to_bytes(self)
    }

    /// Removes `web_seeds` from the encoded file that names them. They come last, since keys are sorted. Returns whether
    /// they were there.
    pub fn remove_web_seeds(bytes: &mut Vec<u8>, web_seeds: &[String]) -> bool {
        let last = serde_bencode::to_bytes(&BTreeMap::from([("url-list", web_seeds)])).unwrap_or_default();
        let rest = last.get(1..).and_then(|last| bytes.strip_suffix(last)).map(<[u8]>::len);
        if let Some(length) = rest {
            bytes.truncate(length);
            bytes.push(b'e');
        }
        rest.is_some()
    }

    /// Reads a `.torrent` that this service wrote. Any other key is an error: to skip a value is to walk through it,
    /// and a deeply nested value would end the process.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, serde_bencode::Error> {
        serde_bencode::from_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Pieces, *};

    const INFO: &str = "d6:lengthi3e4:name1:a12:piece lengthi262144e6:pieces20:aaaaaaaaaaaaaaaaaaaae";

    fn metainfo(trackers: &[&str], web_seeds: &[&str]) -> Metainfo {
        let pieces = Pieces::from(vec![*b"aaaaaaaaaaaaaaaaaaaa"]);
        let info = Info { length: 3, files: Vec::new(), name: "a".to_owned(), piece_length: 262_144, pieces };
        let owned = |strings: &[&str]| strings.iter().map(ToString::to_string).collect::<Vec<_>>();
        Metainfo::new(info, Some(1_700_000_000), &owned(trackers), owned(web_seeds))
    }

    #[test]
    fn trackers_and_web_seeds_are_keys_only_if_there_are_some() {
        let rest = format!("10:created by18:get-object-torrent13:creation datei1700000000e4:info{INFO}");
        for (trackers, web_seeds, before, after) in [
            (&[][..], &["http://a/"][..], "", "8:url-listl9:http://a/e"),
            (&["udp://t1"], &[], "8:announce8:udp://t1", ""),
            (&["udp://t1", "udp://t2"], &[], "8:announce8:udp://t113:announce-listll8:udp://t1el8:udp://t2ee", ""),
        ] {
            let metainfo = metainfo(trackers, web_seeds);
            let bytes = metainfo.to_bytes().unwrap();
            assert_eq!(String::from_utf8(bytes.clone()).unwrap(), format!("d{before}{rest}{after}e"));
            assert_eq!(Metainfo::from_bytes(&bytes).unwrap(), metainfo);
            let mut without = bytes.clone();
            assert_eq!(Metainfo::remove_web_seeds(&mut without, &metainfo.web_seeds), !web_seeds.is_empty());
            assert_eq!(String::from_utf8(without).unwrap(), format!("d{before}{rest}e"));
            for cut in 0..bytes.len() {
                assert!(Metainfo::from_bytes(&bytes[..cut]).is_err(), "{cut}");
            }
        }
    }
}
