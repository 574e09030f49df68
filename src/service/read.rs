//! The piece hashes of an object that must be read, or of a span of it. Ranged GETs run side by side, each over whole
//! pieces, and are hashed as their bytes arrive. That takes the memory of one network chunk for each connection and 20
//! bytes for each piece.

use std::sync::Arc;

use tokio::task::JoinSet;
use tracing::Instrument;

use super::Error;
use crate::{
    config::Config,
    object::ByteRange,
    s3::object::{ObjectHead, Source},
    torrent::{PieceHash, PieceHasher, PieceLength, Pieces},
};

/// Reads and hashes `span`, which begins at a piece. The first error ends all reads.
pub(super) async fn hash_span(
    source: &Source,
    head: &ObjectHead,
    span: ByteRange,
    piece_length: PieceLength,
    config: &Config,
) -> Result<Pieces, Error> {
    let step = config.range_size.next_multiple_of(piece_length.get());
    let mut ranges = ByteRange::split(span.length(), step);
    let mut pieces = Pieces::unknown(span.length(), piece_length);
    let head = Arc::new(head.clone());
    let mut reads = JoinSet::new();
    loop {
        while reads.len() < config.fetch_concurrency
            && let Some(range) = ranges.next()
        {
            let read = hash_range(source.clone(), Arc::clone(&head), range, span.start, piece_length);
            reads.spawn(read.in_current_span());
        }
        let Some(read) = reads.join_next().await else { return Ok(pieces) };
        let (range, hashes) = read??;
        let expected = piece_length.piece_count(range.length());
        if hashes.len() as u64 != expected || !pieces.fill(range.start / piece_length.get(), &hashes) {
            return Err(Error::MisplacedHashes);
        }
    }
}

/// Reads and hashes `range`, which counts from `offset` in the object.
async fn hash_range(
    source: Source,
    head: Arc<ObjectHead>,
    range: ByteRange,
    offset: u64,
    piece_length: PieceLength,
) -> Result<(ByteRange, Vec<PieceHash>), Error> {
    let mut hasher = PieceHasher::new(piece_length);
    let bytes = ByteRange { start: offset + range.start, end: offset + range.end };
    source.read_range(&head, bytes, |bytes| hasher.update(bytes)).await?;
    Ok((range, hasher.finish()))
}
