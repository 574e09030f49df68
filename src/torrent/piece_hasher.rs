//! Incremental piece hashing: bytes go in in order, and one SHA-1 for each piece comes out. It needs memory for one
//! hasher and 20 bytes for each piece, whatever the piece length.

use sha1::{Digest, Sha1};

use super::PieceLength;

/// The SHA-1 of one piece.
pub type PieceHash = [u8; 20];

/// Hashes the pieces of a run of bytes that starts at a piece boundary.
pub struct PieceHasher {
    piece_length: u64,
    piece: Sha1,
    left_in_piece: u64,
    hashes: Vec<PieceHash>,
}

impl PieceHasher {
    /// Makes a hasher that has seen no bytes.
    pub fn new(piece_length: PieceLength) -> Self {
        let piece_length = piece_length.get();
        Self { piece_length, piece: Sha1::new(), left_in_piece: piece_length, hashes: Vec::new() }
    }

    /// Hashes the next bytes, in chunks of any size.
    pub fn update(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let left = usize::try_from(self.left_in_piece).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(left.min(bytes.len()));
            self.piece.update(now);
            self.left_in_piece -= now.len() as u64;
            if self.left_in_piece == 0 {
                self.end_piece();
            }
            bytes = later;
        }
    }

    /// Removes and returns the hashes of the complete pieces. The unfinished piece continues.
    pub fn take_complete(&mut self) -> Vec<PieceHash> {
        std::mem::take(&mut self.hashes)
    }

    /// Returns the remaining hashes, including a short last piece's.
    pub fn finish(mut self) -> Vec<PieceHash> {
        if self.left_in_piece < self.piece_length {
            self.end_piece();
        }
        self.hashes
    }

    fn end_piece(&mut self) {
        self.hashes.push(self.piece.finalize_reset().into());
        self.left_in_piece = self.piece_length;
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::any, prop_assert_eq, prop_oneof, proptest, strategy::Just};

    use super::*;

    fn naive(content: &[u8], piece_length: usize) -> Vec<PieceHash> {
        content.chunks(piece_length).map(|piece| Sha1::digest(piece).into()).collect()
    }

    /// Looks random, and is the same for the same seed.
    fn bytes(seed: u64, length: usize) -> Vec<u8> {
        let step = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
        std::iter::successors(Some(seed), step).map(|state| state.to_be_bytes()[0]).take(length).collect()
    }

    fn hashed(content: &[u8], piece_length: u64, cuts: &[usize]) -> Vec<PieceHash> {
        let mut hasher = PieceHasher::new(PieceLength::new(piece_length).unwrap());
        let mut rest = content;
        for cut in cuts {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            hasher.update(now);
            rest = later;
        }
        hasher.update(rest);
        hasher.finish()
    }

    #[test]
    fn exact_multiple_adds_no_empty_piece() {
        for (length, count) in [(0, 0), (1, 1), (16 * 1024, 1), (16 * 1024 + 1, 2), (32 * 1024, 2)] {
            let content = bytes(7, length);
            let hashes = hashed(&content, PieceLength::MIN, &[]);
            assert_eq!((hashes.len(), &hashes), (count, &naive(&content, 16 * 1024)), "{length}");
        }
    }

    proptest! {
        #[test]
        fn any_content_in_any_chunking_equals_the_naive_model(
            seed in any::<u64>(),
            length in 0_usize..200_000,
            cuts in vec(0_usize..50_000, 0..12),
            piece_length in prop_oneof![Just(16 * 1024_u64), Just(32 * 1024), Just(64 * 1024), Just(1024 * 1024)],
        ) {
            let content = bytes(seed, length);
            let model = naive(&content, usize::try_from(piece_length).unwrap());
            prop_assert_eq!(hashed(&content, piece_length, &cuts), model);
        }
    }
}
