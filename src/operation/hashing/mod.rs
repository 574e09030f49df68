//! The piece hashes of an object or a collection that must be read, or of a span of it. Ranged GETs run side by side,
//! and are hashed as their bytes arrive. Where a GET begins amid a piece, only the bytes up to the next piece wait for
//! those before them, so many small objects do not wait for one another.

mod bytes;
mod fetch;
mod hashes;
mod limits;
mod ranges;

use tokio::{sync::oneshot, task::JoinSet};
use tracing::Instrument;

pub(super) use self::bytes::Bytes;
use self::{fetch::Fetch, hashes::Hashes, limits::Limits, ranges::ObjectRange};
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
    let mut hashes = Hashes::new(span, piece_length);
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
