//! `pieces`: the concatenated SHA-1 digests of all pieces (BEP 3).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_bytes::ByteBuf;

use super::{PieceHash, PieceLength};

/// The piece hashes of a torrent or of a part of one. They can be filled in in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces(Vec<PieceHash>);

const HASH_LENGTH: usize = size_of::<PieceHash>();

impl Pieces {
    /// Makes the pieces of `length` bytes, with unknown hashes (zero).
    pub fn unknown(length: u64, piece_length: PieceLength) -> Self {
        let count = usize::try_from(piece_length.piece_count(length)).unwrap_or(usize::MAX);
        Self(vec![[0; HASH_LENGTH]; count])
    }

    /// Reads concatenated hashes, or returns `None` if the last one is incomplete.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks();
        rest.is_empty().then(|| Self(hashes.to_vec()))
    }

    /// Returns the size of the hashes of `length` bytes.
    pub fn byte_length(length: u64, piece_length: PieceLength) -> u64 {
        piece_length.piece_count(length).saturating_mul(HASH_LENGTH as u64)
    }

    /// Sets the hashes from piece number `first` on. If they do not fit, this returns `false` and changes nothing.
    #[must_use]
    pub fn fill(&mut self, first: u64, hashes: &[PieceHash]) -> bool {
        let range = usize::try_from(first).ok().and_then(|first| Some(first..first.checked_add(hashes.len())?));
        let slot = range.and_then(|range| self.0.get_mut(range));
        slot.map(|slot| slot.copy_from_slice(hashes)).is_some()
    }

    /// Returns the hashes in order.
    pub fn hashes(&self) -> &[PieceHash] {
        &self.0
    }

    /// Returns the number of pieces.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Returns the concatenated hashes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_flattened()
    }
}

impl From<Vec<PieceHash>> for Pieces {
    fn from(hashes: Vec<PieceHash>) -> Self {
        Self(hashes)
    }
}

impl Serialize for Pieces {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

impl<'de> Deserialize<'de> for Pieces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = ByteBuf::deserialize(deserializer)?;
        Self::from_bytes(&bytes).ok_or_else(|| D::Error::custom("pieces are not a whole number of hashes"))
    }
}
