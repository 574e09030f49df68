//! Spans: the runs of whole pieces into which a job splits its object.

use crate::{object::ByteRange, torrent::PieceLength};

/// Fewer bytes are not worth the start of a function.
const SMALLEST: u64 = 64 * 1024 * 1024;
/// An Express execution ends after 5 minutes. At 75 MB/s, this many bytes take one.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// This is enough for any account's concurrency, and few enough to be listed at once.
const USUAL_COUNT: u64 = 1_000;
/// The map's output has 4 bytes for each child, and a state of the workflow is limited to 256 KiB.
const LARGEST_COUNT: u64 = 20_000;

/// How an object of a certain length is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spans {
    length: u64,
    size: u64,
}

impl Spans {
    /// Splits into about 1,000 spans of 64 MiB to 4 GiB, or into spans of `fixed` bytes where that is not 0. Spans are
    /// rounded up to whole pieces, and enlarged where there would be more than 20,000.
    #[must_use]
    pub fn of(length: u64, piece_length: PieceLength, fixed: u64) -> Self {
        let usual = length.div_ceil(USUAL_COUNT).clamp(SMALLEST, LARGEST);
        let size = if fixed == 0 { usual } else { fixed.max(length.div_ceil(LARGEST_COUNT)) };
        Self { length, size: size.next_multiple_of(piece_length.get()) }
    }

    /// Splits into spans of `size` bytes, as they were planned.
    #[must_use]
    pub fn of_size(length: u64, size: u64) -> Self {
        Self { length, size: size.max(1) }
    }

    /// Returns the size of each span but the last, in bytes.
    #[must_use]
    pub fn size(self) -> u64 {
        self.size
    }

    /// Returns the number of spans.
    #[must_use]
    pub fn count(self) -> u64 {
        self.length.div_ceil(self.size)
    }

    /// Returns the spans in the order of the object's bytes.
    pub fn ranges(self) -> impl Iterator<Item = ByteRange> {
        ByteRange::split(self.length, self.size)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::object::MAX_OBJECT_BYTES;

    const MIB: u64 = 1024 * 1024;
    const GIB: u64 = 1024 * MIB;

    fn spans(length: u64) -> Spans {
        Spans::of(length, PieceLength::for_object_of(length), 0)
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
        assert_eq!(Spans::of(GIB, piece_length, 3 * MIB + 1).size(), 4 * MIB);
    }

    #[test]
    fn a_fixed_size_makes_at_most_20000() {
        let piece_length = PieceLength::for_object_of(MAX_OBJECT_BYTES);
        assert_eq!(Spans::of(MAX_OBJECT_BYTES, piece_length, 1).count(), 20_000);
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
