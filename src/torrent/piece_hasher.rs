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
