//! Spans: the runs of whole pieces into which a job splits its object.

use serde::{Deserialize, Serialize};

use crate::{
    object::{ByteRange, MAX_OBJECT_BYTES},
    torrent::{MAX_PIECES, PieceLength},
};

/// Fewer bytes are not worth the start of a function.
const SMALLEST: u64 = 64 * 1024 * 1024;
/// An Express execution ends after 5 minutes. At 75 MB/s, this many bytes take one.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// This is enough for any account's concurrency, and few enough to be listed at once.
const USUAL_COUNT: u64 = 1_000;
/// The map's output has 4 bytes for each child, and a state of the workflow is limited to 256 KiB.
const LARGEST_COUNT: u64 = 20_000;

/// How an object of `length` bytes is split. Every value is one that Plan makes, since the length decides how much
/// memory is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", try_from = "Unchecked")]
pub struct Spans {
    length: u64,
    piece_length: PieceLength,
    span_size: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unchecked {
    length: u64,
    piece_length: PieceLength,
    span_size: u64,
}

impl TryFrom<Unchecked> for Spans {
    type Error = &'static str;

    fn try_from(unchecked: Unchecked) -> Result<Self, &'static str> {
        let Unchecked { length, piece_length, span_size } = unchecked;
        if !(1..=MAX_OBJECT_BYTES).contains(&length) || piece_length.piece_count(length) > MAX_PIECES {
            Err("no object has this length and piece length")
        } else if span_size == 0 || !span_size.is_multiple_of(piece_length.get()) {
            Err("the spans are not whole pieces")
        } else {
            Ok(Self { length, piece_length, span_size })
        }
    }
}

impl Spans {
    /// Splits into about 1,000 spans of 64 MiB to 4 GiB, or into spans of `fixed` bytes where that is not 0. Spans are
    /// rounded up to whole pieces, and enlarged where there would be more than 20,000.
    pub fn new(length: u64, piece_length: PieceLength, fixed: u64) -> Self {
        let usual = length.div_ceil(USUAL_COUNT).clamp(SMALLEST, LARGEST);
        let size = if fixed == 0 { usual } else { fixed.max(length.div_ceil(LARGEST_COUNT)) };
        Self { length, piece_length, span_size: size.next_multiple_of(piece_length.get()) }
    }

    /// Returns the object's size in bytes.
    pub fn length(self) -> u64 {
        self.length
    }

    /// Returns the torrent's piece length.
    pub fn piece_length(self) -> PieceLength {
        self.piece_length
    }

    /// Returns the size of each span but the last, in bytes.
    pub fn size(self) -> u64 {
        self.span_size
    }

    /// Returns the number of spans.
    pub fn count(self) -> u64 {
        self.length.div_ceil(self.span_size)
    }

    /// Returns the spans in the order of the object's bytes.
    pub fn ranges(self) -> impl Iterator<Item = ByteRange> {
        ByteRange::split(self.length, self.span_size)
    }

    /// Returns whether `range` is whole pieces of the object.
    pub fn are_whole_pieces(self, range: ByteRange) -> bool {
        let begins_piece = |offset: u64| offset.is_multiple_of(self.piece_length.get());
        let is_whole = begins_piece(range.start) && (range.end == self.length || begins_piece(range.end));
        is_whole && range.start < range.end && range.end <= self.length
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;

    const MIB: u64 = 1024 * 1024;
    const GIB: u64 = 1024 * MIB;

    fn spans(length: u64) -> Spans {
        Spans::new(length, PieceLength::for_object_of(length), 0)
    }

    #[test]
    fn grow_with_the_object_up_to_4_gib() {
        for (length, size, count) in [
            (1, 64 * MIB, 1),
            (3 * GIB, 64 * MIB, 48),
            (64 * 1000 * MIB, 64 * MIB, 1_000),
            (300 * GIB, 320 * MIB, 960),
            (5 * 1024 * GIB, 4 * GIB, 1_280),
            (MAX_OBJECT_BYTES, 4 * GIB, 12_500),
        ] {
            assert_eq!((spans(length).size(), spans(length).count()), (size, count), "{length}");
        }
    }

    #[test]
    fn a_fixed_size_is_rounded_up_to_whole_pieces() {
        let piece_length = PieceLength::new(MIB).unwrap();
        assert_eq!(Spans::new(GIB, piece_length, 3 * MIB + 1).size(), 4 * MIB);
    }

    #[test]
    fn a_fixed_size_makes_at_most_20000() {
        let piece_length = PieceLength::for_object_of(MAX_OBJECT_BYTES);
        assert_eq!(Spans::new(MAX_OBJECT_BYTES, piece_length, 1).count(), 20_000);
    }

    proptest! {
        #[test]
        fn cover_every_piece_once_and_whole(length in 1..=MAX_OBJECT_BYTES) {
            let piece_length = PieceLength::for_object_of(length);
            let spans = spans(length);
            let mut end = 0;
            for range in spans.ranges() {
                prop_assert_eq!(range.start, end);
                prop_assert_eq!(range.start % piece_length.get(), 0);
                end = range.end;
            }
            prop_assert_eq!(end, length);
            prop_assert!(spans.count() <= 12_500 && spans.size() <= LARGEST);
        }
    }
}
