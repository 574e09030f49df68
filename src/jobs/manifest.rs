//! The manifest of a job for a collection: a line for each object, in the order of their bytes. It lies beside the list of
//! spans, and a child reads only the lines of its own span.

use serde::{Deserialize, Serialize};

use super::Spans;
use crate::{
    object::{ByteRange, ETag},
    operation::Member,
};

/// One item of the list of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The span.
    #[serde(flatten)]
    pub range: ByteRange,
    /// The objects that the span reads, where the job is for a collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Lines>,
}

impl From<ByteRange> for Item {
    fn from(range: ByteRange) -> Self {
        Self { range, members: None }
    }
}

/// Where in the manifest the objects of a span stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The range in the manifest.
    #[serde(flatten)]
    pub bytes: ByteRange,
    /// The offset in the torrent at which the first of the objects begins.
    pub offset: u64,
}

/// A child reads at most so many objects, unless one piece has more of them: as many as a request does by default.
const MOST_OBJECTS: usize = 2_000;

/// A manifest, and where its objects stand.
pub struct Manifest {
    bytes: Vec<u8>,
    /// For each object, its line in the manifest and its bytes in the torrent.
    objects: Vec<(ByteRange, ByteRange)>,
}

/// Returns the spans that children hash: those of `spans`, of which the spans of a collection are cut further where they
/// have very many objects.
pub fn ranges(spans: Spans, members: Option<&[Member]>) -> Vec<ByteRange> {
    let Some(members) = members else { return spans.ranges().collect() };
    let mut offset = 0;
    let starts = members.iter().map(|member| {
        let start = offset;
        offset += member.size;
        start
    });
    let starts: Vec<u64> = starts.collect();
    spans.ranges().flat_map(|range| cut(range, spans, &starts)).collect()
}

/// Cuts `range` before the piece in which there would be too many objects, which begin at the sorted offsets `starts`.
fn cut(range: ByteRange, spans: Spans, starts: &[u64]) -> Vec<ByteRange> {
    let piece_length = spans.piece_length().get();
    let (mut ranges, mut start) = (Vec::new(), range.start);
    while start < range.end {
        let first = starts.partition_point(|offset| *offset < start);
        let full = starts.get(first + MOST_OBJECTS).map_or(range.end, |offset| offset / piece_length * piece_length);
        let end = full.max(start + piece_length).min(range.end);
        ranges.push(ByteRange { start, end });
        start = end;
    }
    ranges
}

impl Manifest {
    /// Writes the manifest of `members`.
    pub fn of(members: &[Member]) -> Self {
        let (mut bytes, mut offset) = (Vec::new(), 0);
        let objects = members.iter().map(|Member { key, etag, size }| {
            let start = bytes.len() as u64;
            bytes.extend(serde_json::json!([key, etag, size]).to_string().into_bytes());
            bytes.push(b'\n');
            let object = ByteRange { start: offset, end: offset + size };
            offset = object.end;
            (ByteRange { start, end: bytes.len() as u64 }, object)
        });
        let objects = objects.collect();
        Self { bytes, objects }
    }

    /// Returns the manifest as it is stored.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns an item for each of `ranges`.
    pub fn items(&self, ranges: Vec<ByteRange>) -> Vec<Item> {
        let item = |range: ByteRange| {
            let first = self.objects.partition_point(|(_, object)| object.end <= range.start);
            let after = self.objects.partition_point(|(_, object)| object.start < range.end);
            let members = self.objects.get(first..after).and_then(|objects| {
                let ((first, object), (last, _)) = (objects.first()?, objects.last()?);
                Some(Lines { bytes: ByteRange { start: first.start, end: last.end }, offset: object.start })
            });
            Item { range, members }
        };
        ranges.into_iter().map(item).collect()
    }
}

/// Reads lines of a manifest, of which the first object begins at `offset`. `None` means that they do not cover `span`.
pub(super) fn read(lines: &[u8], offset: u64, span: ByteRange) -> Option<Vec<Member>> {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    let member = |line| {
        serde_json::from_slice(line).ok().map(|(key, etag, size): (String, ETag, u64)| Member { key, etag, size })
    };
    let members: Vec<Member> = lines.map(member).collect::<Option<_>>()?;
    let end = members.iter().try_fold(offset, |end, member| end.checked_add(member.size))?;
    (offset <= span.start && span.end <= end).then_some(members)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prop_assert, prop_assert_eq, prop_oneof, proptest};

    use super::*;
    use crate::torrent::PieceLength;

    fn member((number, size): (usize, u64)) -> Member {
        Member { key: format!("{number:06}"), etag: ETag::new("e").unwrap(), size }
    }

    proptest! {
        #[test]
        fn each_span_s_lines_hold_its_bytes_and_few_objects(
            sizes in vec(prop_oneof![0_u64..9, 0_u64..300_000], 1..200),
            copies in 1_usize..60,
        ) {
            let sizes: Vec<u64> = sizes.repeat(copies).into_iter().chain([1]).collect();
            let members: Vec<_> = sizes.iter().copied().enumerate().map(member).collect();
            let length = sizes.iter().sum();
            let spans = Spans::new(length, PieceLength::new(16 * 1024).unwrap(), 512 * 1024);
            let manifest = Manifest::of(&members);
            let mut end = 0;
            for item in manifest.items(ranges(spans, Some(&members))) {
                let (range, lines) = (item.range, item.members.unwrap());
                prop_assert_eq!(range.start, end);
                prop_assert!(spans.are_whole_pieces(range));
                end = range.end;
                let bytes = usize::try_from(lines.bytes.start).unwrap()..usize::try_from(lines.bytes.end).unwrap();
                let read = read(&manifest.bytes()[bytes], lines.offset, range).unwrap();
                prop_assert!(read.len() <= MOST_OBJECTS + 1 || range.length() == 16 * 1024, "{}", read.len());
            }
            prop_assert_eq!(end, length);
        }
    }

    #[test]
    fn lines_that_do_not_cover_the_span_are_refused() {
        let manifest = Manifest::of(&[member((0, 5)), member((1, 7))]);
        let span = |start, end| ByteRange { start, end };
        assert!(read(manifest.bytes(), 0, span(0, 12)).is_some());
        for (offset, span) in [(0, span(0, 13)), (1, span(0, 12)), (u64::MAX, span(0, 12))] {
            assert_eq!(read(manifest.bytes(), offset, span), None);
        }
        assert_eq!(read(b"nonsense", 0, span(0, 1)), None);
    }
}
