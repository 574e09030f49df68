//! The `info` dictionary of a single-file torrent (BEP 3).

use serde::{Deserialize, Serialize};

use super::{InfoHash, PieceLength, Pieces};

/// Exactly the four keys a single-file torrent needs, so that the info hash equals the one any
/// torrent creator gives for the same bytes, name and piece length.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// Of the file, in bytes.
    pub length: u64,
    /// The file name that clients suggest.
    pub name: String,
    /// In bytes.
    #[serde(rename = "piece length")]
    pub piece_length: u64,
    /// The piece hashes.
    pub pieces: Pieces,
}

impl Info {
    /// The v1 info hash.
    ///
    /// # Errors
    /// Never for this type; the encoder's signature has one.
    pub fn info_hash(&self) -> Result<InfoHash, serde_bencode::Error> {
        serde_bencode::to_bytes(self).map(|bytes| InfoHash::of(&bytes))
    }

    /// Whether the piece length is one this service makes and the pieces are as many as the length
    /// asks for.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        PieceLength::new(self.piece_length)
            .is_some_and(|piece_length| self.pieces.count() == Some(piece_length.piece_count(self.length)))
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
