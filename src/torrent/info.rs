//! The `info` dictionary of a single-file torrent (BEP 3).

use serde::{Deserialize, Serialize};

use super::{InfoHash, PieceLength, Pieces};

/// The four keys that a single-file torrent needs, and no others: so the info hash is the one that any torrent creator
/// gives for the same bytes, name and piece length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// The file's size in bytes.
    pub length: u64,
    /// The file name that clients suggest.
    pub name: String,
    /// The piece length in bytes.
    #[serde(rename = "piece length")]
    pub piece_length: u64,
    /// The piece hashes.
    pub pieces: Pieces,
}

impl Info {
    /// Returns the v1 info hash.
    ///
    /// # Errors
    /// This type never fails, but the encoder's signature has an error.
    pub fn info_hash(&self) -> Result<InfoHash, serde_bencode::Error> {
        serde_bencode::to_bytes(self).map(|bytes| InfoHash::of(&bytes))
    }

    /// Returns whether the piece length is valid here, and whether there are as many pieces as the length needs.
    pub fn is_consistent(&self) -> bool {
        PieceLength::new(self.piece_length)
            .is_some_and(|piece_length| self.pieces.count() == piece_length.piece_count(self.length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info() -> Info {
        let pieces = Pieces::from(vec![*b"aaaaaaaaaaaaaaaaaaaa"]);
        Info { length: 3, name: "é.txt".to_owned(), piece_length: 262_144, pieces }
    }

    #[test]
    fn is_canonical_bencode_of_four_keys() {
        let bytes = serde_bencode::to_bytes(&info()).unwrap();
        let literal = "d6:lengthi3e4:name6:é.txt12:piece lengthi262144e6:pieces20:aaaaaaaaaaaaaaaaaaaae";
        assert_eq!(String::from_utf8(bytes).unwrap(), literal);
    }

    #[test]
    fn a_wrong_count_of_pieces_or_an_odd_piece_length_is_inconsistent() {
        assert!(info().is_consistent());
        assert!(!Info { length: 262_145, ..info() }.is_consistent());
        assert!(!Info { length: 0, ..info() }.is_consistent());
        assert!(!Info { piece_length: 262_143, ..info() }.is_consistent());
    }
}
