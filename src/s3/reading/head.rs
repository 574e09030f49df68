//! An object as HEAD describes it.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

use aws_sdk_s3::{
    operation::{get_object::GetObjectOutput, head_object::HeadObjectOutput},
    types::{RequestCharged, StorageClass},
};

use super::CompositeSha1;
use crate::{
    object::ETag,
    s3::{Error, FORMAT_NAME},
};

/// One version of an object, as HEAD described it. Its key and `ETag` identify it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectHead {
    /// The object's size in bytes.
    pub length: u64,
    /// The object's `ETag`.
    pub etag: ETag,
    /// The version ID, if the bucket is versioned.
    pub version_id: Option<String>,
    /// The modification time in seconds since 1970.
    pub last_modified: Option<i64>,
    /// Whether the object is archived and not restored, so that it cannot be read.
    pub archived: bool,
    /// Whether this service wrote the object as a sidecar.
    pub is_sidecar: bool,
    /// What is known of the SHA-1s of its parts.
    pub part_sha1s: PartSha1s,
    /// Whether S3 charged the requester.
    pub request_charged: bool,
}

/// What is known of the SHA-1s of an object's parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartSha1s {
    /// The object was described by a GET, which does not report them.
    Unknown,
    /// S3 stores none.
    None,
    /// S3 stores them, and this is their composite.
    Composite(CompositeSha1),
}

impl ObjectHead {
    /// Describes an object as far as reads need it.
    pub fn new(length: u64, etag: ETag) -> Self {
        Self {
            length,
            etag,
            version_id: None,
            last_modified: None,
            archived: false,
            is_sidecar: false,
            part_sha1s: PartSha1s::None,
            request_charged: false,
        }
    }

    /// Reads the answer to a GET of the first byte, which has everything of HEAD's but checksums. It fails if the
    /// object is archived.
    pub(super) fn from_first_byte(output: &GetObjectOutput) -> Result<Self, Error> {
        let content_range = output.content_range().unwrap_or("none");
        let length = content_range.strip_prefix("bytes 0-0/").and_then(|length| length.parse().ok());
        let (Some(length @ 1..), Some(etag)) = (length, output.e_tag().and_then(ETag::new)) else {
            return Err(Error::Malformed(format!("Content-Range {content_range} for the first byte")));
        };
        Ok(Self {
            version_id: output.version_id().map(str::to_owned),
            last_modified: output.last_modified().map(aws_sdk_s3::primitives::DateTime::secs),
            is_sidecar: output.metadata().is_some_and(|metadata| metadata.contains_key(FORMAT_NAME)),
            request_charged: output.request_charged() == Some(&RequestCharged::Requester),
            part_sha1s: PartSha1s::Unknown,
            ..Self::new(length, etag)
        })
    }

    /// Returns whether the object was uploaded in parts: its `ETag` then ends in their number.
    pub fn is_multipart(&self) -> bool {
        matches!(self.part_sha1s, PartSha1s::Composite(_)) || self.etag.unquoted().contains('-')
    }
}

impl TryFrom<HeadObjectOutput> for ObjectHead {
    type Error = Error;

    fn try_from(output: HeadObjectOutput) -> Result<Self, Error> {
        let length = output.content_length().and_then(|length| u64::try_from(length).ok());
        let (Some(length), Some(etag)) = (length, output.e_tag().and_then(ETag::new)) else {
            return Err(Error::Malformed("HEAD without Content-Length or ETag".to_owned()));
        };
        Ok(Self {
            length,
            etag,
            version_id: output.version_id().map(str::to_owned),
            last_modified: output.last_modified().map(aws_sdk_s3::primitives::DateTime::secs),
            archived: is_archived(&output),
            is_sidecar: output.metadata().is_some_and(|metadata| metadata.contains_key(FORMAT_NAME)),
            part_sha1s: output
                .checksum_sha1()
                .and_then(CompositeSha1::parse)
                .map_or(PartSha1s::None, PartSha1s::Composite),
            request_charged: output.request_charged() == Some(&RequestCharged::Requester),
        })
    }
}

/// Returns whether the object must be restored first. `GLACIER_IR` can be read at once.
fn is_archived(output: &HeadObjectOutput) -> bool {
    let restored = output.restore().is_some_and(|restore| restore.contains("ongoing-request=\"false\""));
    let in_archive = matches!(output.storage_class(), Some(StorageClass::Glacier | StorageClass::DeepArchive));
    (in_archive && !restored) || output.archive_status().is_some()
}
