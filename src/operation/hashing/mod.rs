//! The piece hashes of an object, of a collection, or of a span of either. Ranged GETs run in parallel, and are hashed
//! as their bytes arrive. If a GET begins inside a piece, only the bytes up to the next piece wait for the GETs before
//! it, so many small objects do not wait for one another.

mod bytes;
mod fetch;
mod ranges;

use tokio::{sync::oneshot, task::JoinSet};
use tracing::Instrument;

pub(super) use self::bytes::Bytes;
use self::{
    fetch::{Fetch, Hashed, Limits},
    ranges::ObjectRange,
};
use super::Error;
use crate::{
    config::Config,
    object::ByteRange,
    torrent::{PieceLength, Pieces},
};

/// Reads and hashes `span` of `bytes`, which begins at a piece. The first error ends all reads.
pub(super) async fn hash_span(
    bytes: Bytes<'_>,
    span: ByteRange,
    piece_length: PieceLength,
    config: &Config,
) -> Result<Pieces, Error> {
    let step = config.range_size.next_multiple_of(piece_length.get());
    let limits = Limits::new(config.fetch_concurrency);
    let mut hashes = Hashes { pieces: Pieces::unknown(span.length(), piece_length), span, piece_length, count: 0 };
    let mut ranges = ranges::of(bytes, span, piece_length, step);
    let mut next = ranges.next();
    let mut begun = None;
    let mut reads = JoinSet::new();
    while let Some(range) = next {
        tokio::select! {
            biased;
            Some(read) = reads.join_next() => hashes.keep(read??)?,
            permits = limits.acquire(&range) => {
                let before = begun.take();
                let mut goes_on = None;
                if !range.ends_piece {
                    let (sender, receiver) = oneshot::channel();
                    (goes_on, begun) = (Some(sender), Some(receiver));
                }
                let reader = bytes.reader(range.object);
                let fetch = Fetch { range, reader, piece_length, before, goes_on, limits: limits.clone() };
                reads.spawn(fetch.hash(permits).in_current_span());
                next = ranges.next();
            }
        }
    }
    while let Some(read) = reads.join_next().await {
        hashes.keep(read??)?;
    }
    hashes.all()
}

/// The hashes of a span that have arrived so far.
struct Hashes {
    pieces: Pieces,
    span: ByteRange,
    piece_length: PieceLength,
    count: u64,
}

impl Hashes {
    /// Puts the hashes of a range in their place: those of the pieces that end in it.
    fn keep(&mut self, Hashed { range, hashes }: Hashed) -> Result<(), Error> {
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

    /// Returns the pieces, if all hashes have arrived.
    fn all(self) -> Result<Pieces, Error> {
        if self.count == self.pieces.count() { Ok(self.pieces) } else { Err(Error::MisplacedHashes) }
    }
}
