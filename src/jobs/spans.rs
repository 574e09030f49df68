//! Spans: the runs of whole pieces into which a job splits its object.

use serde::{Deserialize, Serialize};

use crate::{
    object::{ByteRange, MAX_OBJECT_BYTES},
    operation::Member,
    torrent::{MAX_PIECES, PieceLength},
};

/// Fewer bytes are not worth the start of a function.
const SMALLEST: u64 = 64 * 1024 * 1024;
/// An Express execution ends after 5 minutes. At 75 MB/s, this many bytes take one minute.
const LARGEST: u64 = 4 * 1024 * 1024 * 1024;
/// Enough for any account's concurrency, and few enough to be listed at once.
const USUAL_COUNT: u64 = 1_000;
/// The map's output has 4 bytes for each child, and a state of the workflow is limited to 256 KiB.
const LARGEST_COUNT: u64 = 20_000;
/// As many objects as a request reads by default. A child reads more of them only where they are in one piece.
const MOST_OBJECTS: usize = 2_000;

/// How what a job reads is split. JSON that Plan would not write is refused, because the length decides how much memory
/// is taken.
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
    /// Splits `length` bytes into about 1,000 spans of 64 MiB to 4 GiB, or into spans of `fixed` bytes unless that is
    /// 0. Spans are rounded up to whole pieces, and enlarged if there would be more than 20,000.
    pub fn new(length: u64, piece_length: PieceLength, fixed: u64) -> Self {
        let usual = length.div_ceil(USUAL_COUNT).clamp(SMALLEST, LARGEST);
        let size = if fixed == 0 { usual } else { fixed.max(length.div_ceil(LARGEST_COUNT)) };
        Self { length, piece_length, span_size: size.next_multiple_of(piece_length.get()) }
    }

    /// Returns the size of what is read, in bytes.
    pub fn length(self) -> u64 {
        self.length
    }

    /// Returns the torrent's piece length.
    pub fn piece_length(self) -> PieceLength {
        self.piece_length
    }

    /// Returns the size of a span that is not cut, in bytes.
    pub fn size(self) -> u64 {
        self.span_size
    }

    /// Returns the spans, in the order of their bytes. `members` are the objects of a collection: a span with very many
    /// of them is cut.
    pub fn ranges(self, members: Option<&[Member]>) -> Vec<ByteRange> {
        let mut offset = 0;
        let starts = members.unwrap_or_default().iter().map(|member| {
            offset += member.size;
            offset - member.size
        });
        let starts: Vec<u64> = starts.collect();
        ByteRange::split(self.length, self.span_size).flat_map(|range| self.cut(range, &starts)).collect()
    }

    /// Cuts `range` before each piece in which there would be too many objects, which begin at the sorted `starts`.
    fn cut(self, range: ByteRange, starts: &[u64]) -> Vec<ByteRange> {
        let piece_length = self.piece_length.get();
        let (mut ranges, mut start) = (Vec::new(), range.start);
        while start < range.end {
            let first = starts.partition_point(|offset| *offset < start);
            let full =
                starts.get(first + MOST_OBJECTS).map_or(range.end, |offset| offset / piece_length * piece_length);
            let end = full.max(start + piece_length).min(range.end);
            ranges.push(ByteRange { start, end });
            start = end;
        }
        ranges
    }

    /// Returns whether `range` is whole pieces of what is read.
    pub fn are_whole_pieces(self, range: ByteRange) -> bool {
        let begins_piece = |offset: u64| offset.is_multiple_of(self.piece_length.get());
        let is_whole = begins_piece(range.start) && (range.end == self.length || begins_piece(range.end));
        is_whole && range.start < range.end && range.end <= self.length
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::ProptestConfig, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::{jobs::Manifest, jobs::manifest::read, object::ETag};

    const MIB: u64 = 1024 * 1024;
    const GIB: u64 = 1024 * MIB;

    #[test]
    fn spans_grow_with_the_object_up_to_4_gib_and_a_fixed_size_is_rounded_up() {
        for (length, fixed, size, count) in [
            (1, 0, 64 * MIB, 1),
            (3 * GIB, 0, 64 * MIB, 48),
            (64 * 1000 * MIB, 0, 64 * MIB, 1_000),
            (300 * GIB, 0, 320 * MIB, 960),
            (5 * 1024 * GIB, 0, 4 * GIB, 1_280),
            (MAX_OBJECT_BYTES, 0, 4 * GIB, 12_500),
            (GIB, 3 * MIB + 1, 7 * MIB / 2, 293),
            (MAX_OBJECT_BYTES, 1, 2_560 * MIB, 20_000),
        ] {
            let spans = Spans::new(length, PieceLength::for_object_of(length), fixed);
            assert_eq!((spans.size(), spans.ranges(None).len()), (size, count), "{length} {fixed}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn spans_cover_every_piece_once_and_their_manifests_lines_hold_few_objects(
            sizes in vec(prop_oneof![0_u64..9, 0_u64..300_000], 1..200),
            copies in 1_usize..60,
        ) {
            let sizes = sizes.repeat(copies).into_iter().chain([1]);
            let member = |(number, size)| Member { key: format!("{number:06}"), etag: ETag::new("e").unwrap(), size };
            let members: Vec<_> = sizes.enumerate().map(member).collect();
            let length = members.iter().map(|member| member.size).sum();
            let spans = Spans::new(length, PieceLength::new(16 * 1024).unwrap(), 512 * 1024);
            let manifest = Manifest::of(&members);
            let mut end = 0;
            for item in manifest.items(spans.ranges(Some(&members))) {
                let (range, lines) = (item.range, item.members.unwrap());
                prop_assert_eq!(range.start, end);
                prop_assert!(spans.are_whole_pieces(range));
                end = range.end;
                let bytes = usize::try_from(lines.bytes.start).unwrap()..usize::try_from(lines.bytes.end).unwrap();
                let read = read(&manifest.bytes[bytes], lines.offset, range).unwrap();
                prop_assert!(read.len() <= MOST_OBJECTS + 1 || range.length() == 16 * 1024, "{}", read.len());
            }
            prop_assert_eq!(end, length);
        }
    }
}
