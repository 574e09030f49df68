//! The `info` dictionary of a torrent (BEP 3): of one file, or of many.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use sha1::{Digest, Sha1};

use super::{PieceLength, Pieces};

/// Only the keys that a torrent needs, so that any torrent creator gives the same info hash for the same bytes, names
/// and piece length. A torrent of one file has `length`, and a torrent of many has `files`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Info {
    /// The total size in bytes.
    pub length: u64,
    /// The files in the order of their bytes. It is empty for a torrent of one file.
    pub files: Vec<File>,
    /// The name of the file or of the files' folder, as clients suggest it.
    pub name: String,
    /// The piece length in bytes.
    pub piece_length: u64,
    /// The piece hashes.
    pub pieces: Pieces,
}

/// One file of many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The file's size in bytes, which may be 0.
    pub length: u64,
    /// The folders below the torrent's own, and the file's name.
    pub path: Vec<String>,
}

/// The keys as a torrent has them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys<Files = Vec<File>, Name = String, Hashes = Pieces> {
    #[serde(default = "Option::default", skip_serializing_if = "Option::is_none")]
    files: Option<Files>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<u64>,
    name: Name,
    #[serde(rename = "piece length")]
    piece_length: u64,
    pieces: Hashes,
}

impl Serialize for Info {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let is_one_file = self.files.is_empty();
        let keys = Keys {
            files: (!is_one_file).then_some(&self.files),
            length: is_one_file.then_some(self.length),
            name: &self.name,
            piece_length: self.piece_length,
            pieces: &self.pieces,
        };
        keys.serialize(serializer)
    }
}

impl TryFrom<Keys> for Info {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let Keys { files, length, name, piece_length, pieces } = keys;
        let (length, files) = match (length, files) {
            (Some(length), None) => (length, Vec::new()),
            (None, Some(files)) if !files.is_empty() => {
                let add = |sum: u64, file: &File| sum.checked_add(file.length);
                (files.iter().try_fold(0, add).ok_or("the files are too long")?, files)
            }
            _ => return Err("a torrent has either a length or files"),
        };
        Ok(Self { length, files, name, piece_length, pieces })
    }
}

impl Info {
    /// Returns the v1 info hash. The encoder never fails for this type.
    pub fn info_hash(&self) -> Result<InfoHash, serde_bencode::Error> {
        serde_bencode::to_bytes(self).map(|bytes| InfoHash::of(&bytes))
    }

    /// Returns whether the piece length is valid, and the number of pieces fits the length.
    pub fn is_consistent(&self) -> bool {
        PieceLength::new(self.piece_length)
            .is_some_and(|piece_length| self.pieces.count() == piece_length.piece_count(self.length))
    }
}

/// A v1 info hash, the torrent's identity: the SHA-1 of the bencoded `info`. It is shown as 40 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InfoHash([u8; 20]);

impl InfoHash {
    /// Hashes the bencoded bytes of an `info` dictionary.
    pub fn of(bencoded_info: &[u8]) -> Self {
        Self(Sha1::digest(bencoded_info).into())
    }

    /// Returns the 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl From<[u8; 20]> for InfoHash {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Info {
        let pieces = Pieces::from(vec![*b"aaaaaaaaaaaaaaaaaaaa"]);
        Info { length: 3, files: Vec::new(), name: "é.txt".to_owned(), piece_length: 262_144, pieces }
    }

    #[test]
    fn a_wrong_count_of_pieces_or_an_odd_piece_length_is_inconsistent() {
        assert!(info().is_consistent());
        assert!(!Info { length: 262_145, ..info() }.is_consistent());
        assert!(!Info { length: 0, ..info() }.is_consistent());
        assert!(!Info { piece_length: 262_143, ..info() }.is_consistent());
    }

    #[test]
    fn a_torrent_of_neither_a_file_nor_files_or_of_both_is_refused() {
        let rest = "4:name1:a12:piece lengthi262144e6:pieces0:e";
        let one = "d6:lengthi1e4:pathl1:aee";
        for keys in [String::new(), "5:filesle".to_owned(), format!("5:filesl{one}e6:lengthi1e")] {
            assert!(serde_bencode::from_str::<Info>(&format!("d{keys}{rest}")).is_err(), "{keys}");
        }
        let huge = "d6:lengthi18446744073709551615e4:pathl1:aee";
        assert!(serde_bencode::from_str::<Info>(&format!("d5:filesl{huge}{one}e{rest}")).is_err());
    }
}
