//! `pieces`: the SHA-1 digests of all pieces, one after the other (BEP 3).

use serde::{Deserialize, Serialize};

use super::{PieceHash, PieceLength};

/// The concatenated piece hashes, 20 bytes each, filled in any order of ranges.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pieces(#[serde(with = "serde_bytes")] Vec<u8>);

const HASH_LENGTH: usize = size_of::<PieceHash>();

impl Pieces {
    /// The pieces of an object of `length` bytes, all still unknown (zero).
    #[must_use]
    pub fn unknown(length: u64, piece_length: PieceLength) -> Self {
        Self(vec![0; Self::byte_length(length, piece_length)])
    }

    /// Of the pieces of `length` bytes, in bytes.
    #[must_use]
    pub fn byte_length(length: u64, piece_length: PieceLength) -> usize {
        let count = usize::try_from(piece_length.piece_count(length)).unwrap_or(usize::MAX);
        count.saturating_mul(HASH_LENGTH)
    }

    /// Puts `hashes` in from piece number `first` on. `false`, and nothing is changed, when they
    /// do not fit there.
    #[must_use]
    pub fn fill(&mut self, first: u64, hashes: &[PieceHash]) -> bool {
        self.fill_bytes(first, hashes.as_flattened())
    }

    /// The same with the hashes one after the other.
    #[must_use]
    pub fn fill_bytes(&mut self, first: u64, flat: &[u8]) -> bool {
        let slot = usize::try_from(first)
            .ok()
            .and_then(|first| first.checked_mul(HASH_LENGTH))
            .and_then(|start| self.0.get_mut(start..start.checked_add(flat.len())?));
        slot.map(|slot| slot.copy_from_slice(flat)).is_some()
    }

    /// The hashes, one after the other.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// How many pieces there are; `None` when the bytes are no whole number of hashes.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        let whole = self.0.len().is_multiple_of(HASH_LENGTH);
        whole.then_some((self.0.len() / HASH_LENGTH) as u64)
    }
}

impl From<Vec<PieceHash>> for Pieces {
    fn from(hashes: Vec<PieceHash>) -> Self {
        Self(hashes.into_flattened())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_may_arrive_in_any_order() {
        let piece_length = PieceLength::new(PieceLength::MIN).unwrap();
        let mut pieces = Pieces::unknown(PieceLength::MIN * 2 + 1, piece_length);
        assert!(pieces.fill(2, &[[3; 20]]));
        assert!(pieces.fill(0, &[[1; 20], [2; 20]]));
        assert_eq!(pieces, Pieces::from(vec![[1; 20], [2; 20], [3; 20]]));
        assert_eq!(pieces.count(), Some(3));
    }

    #[test]
    fn hashes_past_the_end_are_refused() {
        let piece_length = PieceLength::new(PieceLength::MIN).unwrap();
        let mut pieces = Pieces::unknown(1, piece_length);
        assert!(!pieces.fill(0, &[[1; 20], [2; 20]]));
        assert!(!pieces.fill(u64::MAX, &[[1; 20]]));
    }
}
