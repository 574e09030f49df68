//! What HEAD, GET and `GetObjectAttributes` say of an object that was found.

use std::ops::Range;

use futures::stream;
use s3s::dto::{
    ArchiveStatus, Checksum as ChecksumOutput, GetObjectAttributesInput, GetObjectAttributesOutput,
    GetObjectAttributesParts, GetObjectOutput, HeadObjectOutput, ObjectAttributes, ObjectPart, RequestCharged,
    StorageClass, StreamingBlob, Timestamp,
};

use crate::{
    checksum::{Algorithm, checksum_field},
    etag,
    object::Object,
    reading::Found,
};

/// The most parts that are listed at once.
const MOST_PARTS: i32 = 1_000;

/// The fields that HEAD and GET have in common.
macro_rules! shown {
    ($output:ident, $found:expr, $with_checksum:expr) => {{
        let object = &*$found.object;
        let mut output = $output {
            accept_ranges: Some("bytes".into()),
            content_disposition: object.content_disposition.clone(),
            content_length: Some(signed(object.content.length())),
            content_type: Some(object.content_type.clone().unwrap_or_else(|| "binary/octet-stream".into())),
            e_tag: Some(etag::parse(&object.etag)),
            last_modified: Some(Timestamp::from(object.last_modified)),
            metadata: Some(object.metadata.clone().into_iter().collect()),
            request_charged: charge($found.charged),
            restore: object.restore.clone(),
            storage_class: object.storage_class.clone().map(StorageClass::from),
            version_id: $found.version_id.clone(),
            ..$output::default()
        };
        if let Some(checksum) = object.checksum.as_ref().filter(|_| $with_checksum) {
            *checksum_field!(output, checksum.algorithm) = Some(checksum.numbered());
            output.checksum_type = Some(checksum.kind());
        }
        output
    }};
}

pub(super) fn head(found: &Found, with_checksum: bool) -> HeadObjectOutput {
    let archive_status = found.object.archive_status.clone().map(ArchiveStatus::from);
    HeadObjectOutput { archive_status, ..shown!(HeadObjectOutput, found, with_checksum) }
}

/// A range has no checksum: they are of the whole object.
pub(super) fn get(found: &Found, range: Option<Range<u64>>, with_checksum: bool) -> GetObjectOutput {
    let content = &found.object.content;
    let length = content.length();
    let content_range = range.as_ref().map(|range| format!("bytes {}-{}/{length}", range.start, range.end - 1));
    let with_checksum = with_checksum && range.is_none();
    let range = range.unwrap_or(0..length);
    GetObjectOutput {
        content_length: Some(signed(range.end - range.start)),
        content_range,
        body: Some(StreamingBlob::wrap(stream::iter(content.chunks(range).map(Ok::<_, std::io::Error>)))),
        ..shown!(GetObjectOutput, found, with_checksum)
    }
}

/// Only what was asked for, of what the function asks for. s3s writes quotes around the `ETag`, where S3 has none.
pub(super) fn attributes(found: &Found, input: &GetObjectAttributesInput) -> GetObjectAttributesOutput {
    let object = &*found.object;
    // s3s leaves the list as it is in the header.
    let lists = || input.object_attributes.iter().flat_map(|list| list.as_str().split(','));
    let asks = |name| lists().any(|attribute| attribute.trim() == name);
    GetObjectAttributesOutput {
        checksum: asks(ObjectAttributes::CHECKSUM).then(|| checksum(object)).flatten(),
        e_tag: asks(ObjectAttributes::ETAG).then(|| etag::parse(&object.etag)),
        last_modified: Some(Timestamp::from(object.last_modified)),
        object_parts: asks(ObjectAttributes::OBJECT_PARTS).then(|| parts(object, input)).flatten(),
        version_id: found.version_id.clone(),
        ..GetObjectAttributesOutput::default()
    }
}

fn checksum(object: &Object) -> Option<ChecksumOutput> {
    let checksum = object.checksum.as_ref()?;
    let mut output = ChecksumOutput { checksum_type: Some(checksum.kind()), ..ChecksumOutput::default() };
    // Unlike HEAD, without the number of parts.
    *checksum_field!(output, checksum.algorithm) = Some(checksum.value.clone());
    Some(output)
}

/// A page of parts, where they have checksums of their own; else how many there are.
fn parts(object: &Object, input: &GetObjectAttributesInput) -> Option<GetObjectAttributesParts> {
    let parts = &object.parts;
    if parts.total == 0 {
        return None;
    }
    let total_parts_count = Some(i32::try_from(parts.total).expect("S3's parts fit"));
    let composite = object.checksum.as_ref().filter(|checksum| checksum.composite_of.is_some());
    let Some(checksum) = composite else {
        return Some(GetObjectAttributesParts { total_parts_count, ..GetObjectAttributesParts::default() });
    };
    let most = input.max_parts.unwrap_or(MOST_PARTS).clamp(0, MOST_PARTS);
    let marker = input.part_number_marker.unwrap_or_default();
    let mut rest = parts.list.iter().filter(|part| part.number > marker).peekable();
    let mut page = Vec::new();
    while page.len() < usize::try_from(most).expect("not negative")
        && let Some(part) = rest.next()
    {
        let mut listed =
            ObjectPart { part_number: Some(part.number), size: Some(signed(part.size)), ..ObjectPart::default() };
        checksum_field!(listed, checksum.algorithm).clone_from(&part.checksum);
        page.push(listed);
    }
    Some(GetObjectAttributesParts {
        is_truncated: Some(rest.peek().is_some()),
        max_parts: Some(most),
        next_part_number_marker: Some(page.last().and_then(|part| part.part_number).unwrap_or(marker)),
        part_number_marker: Some(marker),
        parts: Some(page),
        total_parts_count,
    })
}

pub(super) fn charge(charged: bool) -> Option<RequestCharged> {
    charged.then(|| RequestCharged::from_static(RequestCharged::REQUESTER))
}

/// Lengths are signed in s3s.
fn signed(length: u64) -> i64 {
    i64::try_from(length).expect("S3's lengths fit")
}
