//! The hashes of a span, as its ranges bring them.

use super::fetch::Hashed;
use crate::{
    object::ByteRange,
    operation::Error,
    torrent::{PieceLength, Pieces},
};

/// The hashes that have come so far.
pub(super) struct Hashes {
    pieces: Pieces,
    span: ByteRange,
    piece_length: PieceLength,
    count: u64,
}

impl Hashes {
    pub(super) fn new(span: ByteRange, piece_length: PieceLength) -> Self {
        Self { pieces: Pieces::unknown(span.length(), piece_length), span, piece_length, count: 0 }
    }

    /// Puts the hashes of a range in their place: those of the pieces that end in it.
    pub(super) fn keep(&mut self, Hashed { range, hashes }: Hashed) -> Result<(), Error> {
        let piece_length = self.piece_length.get();
        let start = range.start - self.span.start;
        let end = start + range.bytes.length();
        let first = start / piece_length;
        let after = if end == self.span.length() { end.div_ceil(piece_length) } else { end / piece_length };
        if hashes.len() as u64 != after - first || !self.pieces.fill(first, &hashes) {
            return Err(Error::MisplacedHashes);
        }
        self.count += after - first;
        Ok(())
    }

    /// Returns the pieces, all of which must have come.
    pub(super) fn all(self) -> Result<Pieces, Error> {
        if self.count == self.pieces.count() { Ok(self.pieces) } else { Err(Error::MisplacedHashes) }
    }
}
