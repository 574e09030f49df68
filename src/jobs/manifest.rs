//! The manifest of a job for a collection: a line for each object, in the order of their bytes. It is stored beside the
//! list of spans, and a child reads only the lines of its own span.

use serde::{Deserialize, Serialize};

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

/// Which lines of the manifest name the objects of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The range in the manifest.
    #[serde(flatten)]
    pub bytes: ByteRange,
    /// The offset in the torrent at which the first of the objects begins.
    pub offset: u64,
}

/// A manifest, and which of its lines belong to which bytes.
pub struct Manifest {
    /// The manifest as it is stored.
    pub bytes: Vec<u8>,
    /// For each object, its line in the manifest and its bytes in the torrent.
    objects: Vec<(ByteRange, ByteRange)>,
}

impl Manifest {
    /// Writes the manifest of `members`. Without members, items have no lines.
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

    /// Returns the list of spans: an item for each of `ranges`, from [`Spans::ranges`](super::Spans::ranges).
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

/// Reads lines of a manifest. Their first object begins at `offset`. `None` means that they do not cover `span`.
pub(super) fn read(lines: &[u8], offset: u64, span: ByteRange) -> Option<Vec<Member>> {
    let lines = lines.split_inclusive(|byte| *byte == b'\n');
    let member = |line| {
        serde_json::from_slice(line).ok().map(|(key, etag, size): (String, ETag, u64)| Member { key, etag, size })
    };
    let members: Vec<Member> = lines.map(member).collect::<Option<_>>()?;
    let end = members.iter().try_fold(offset, |end, member| end.checked_add(member.size))?;
    (offset <= span.start && span.end <= end).then_some(members)
}
