//! The manifest of a job for a collection: a line for each object, in the order of their bytes. It lies beside the list of
//! spans, and a child reads only the lines of its own span.

use serde::{Deserialize, Serialize};

use super::Spans;
use crate::{
    object::{ByteRange, ETag},
    service::Member,
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

/// A manifest, and where its objects stand.
pub(super) struct Manifest {
    bytes: Vec<u8>,
    /// For each object, its line in the manifest and its bytes in the torrent.
    objects: Vec<(ByteRange, ByteRange)>,
}

impl Manifest {
    /// Writes the manifest of `members`.
    pub(super) fn of(members: &[Member]) -> Self {
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
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns an item for each of `spans`.
    pub(super) fn items(&self, spans: Spans) -> Vec<Item> {
        let item = |range: ByteRange| {
            let first = self.objects.partition_point(|(_, object)| object.end <= range.start);
            let after = self.objects.partition_point(|(_, object)| object.start < range.end);
            let members = self.objects.get(first..after).and_then(|objects| {
                let ((first, object), (last, _)) = (objects.first()?, objects.last()?);
                Some(Lines { bytes: ByteRange { start: first.start, end: last.end }, offset: object.start })
            });
            Item { range, members }
        };
        spans.ranges().map(item).collect()
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
