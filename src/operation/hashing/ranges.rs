//! How bytes are split into ranges, each of which is one GET.

use super::{Bytes, fetch::MOST_BUFFERED};
use crate::{object::ByteRange, torrent::PieceLength};

/// A range of one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ObjectRange {
    /// The object's number among those that are read.
    pub(super) object: usize,
    /// The bytes in the object.
    pub(super) bytes: ByteRange,
    /// The offset of the first byte in the torrent.
    pub(super) start: u64,
    /// How many bytes belong to a piece that began in an earlier object.
    pub(super) begun: u64,
    /// Whether the range ends where a piece does.
    pub(super) ends_piece: bool,
}

impl ObjectRange {
    /// Returns whether too many bytes would have to wait in memory, so that the GET itself must wait for its turn.
    pub(super) fn waits_first(&self) -> bool {
        self.begun > MOST_BUFFERED
    }
}

/// Splits `span` of `bytes` into ranges of `step` bytes, which are whole pieces. A range is shorter where an object
/// begins or ends.
pub(super) fn of(
    bytes: Bytes<'_>,
    span: ByteRange,
    piece_length: PieceLength,
    step: u64,
) -> impl Iterator<Item = ObjectRange> {
    let piece_length = piece_length.get();
    bytes.objects().enumerate().flat_map(move |(number, object)| {
        let wanted = ByteRange { start: object.start.max(span.start), end: object.end.min(span.end) };
        split(wanted, piece_length, step).map(move |part| ObjectRange {
            object: number,
            bytes: ByteRange { start: part.start - object.start, end: part.end - object.start },
            start: part.start,
            begun: (part.start.next_multiple_of(piece_length) - part.start).min(part.length()),
            ends_piece: part.end == span.end || part.end.is_multiple_of(piece_length),
        })
    })
}

/// Splits `part` of an object. The rest of a piece that has begun is read together with what follows, if it is short
/// enough to wait in memory.
fn split(part: ByteRange, piece_length: u64, step: u64) -> impl Iterator<Item = ByteRange> {
    let end_of = move |start: u64| {
        let piece = start.next_multiple_of(piece_length);
        let end = if piece - start <= MOST_BUFFERED { piece + step } else { piece };
        end.min(part.end)
    };
    let first = (part.start < part.end).then_some(part.start);
    let starts = std::iter::successors(first, move |start| Some(end_of(*start)).filter(|end| *end < part.end));
    starts.map(move |start| ByteRange { start, end: end_of(start) })
}
