//! A job: its object, its name, its spans, and whether there is a place for its torrent. It travels as JSON through the
//! workflow's states.

use std::ops::Not;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::Spans;
use crate::{
    config::Config,
    object::{CallOptions, ETag, ObjectId},
    operation::{BoundOperation, TorrentRequest, Unread},
    s3::reading::ObjectHead,
    torrent::PieceLength,
};

/// An object, as a job reads it. The expected bucket owner is left out: the caller's own HEAD has checked it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// The object, and the version that was asked for.
    #[serde(flatten)]
    pub object: ObjectId,
    /// Whether the caller sent `x-amz-request-payer: requester`.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub requester_pays: bool,
    /// Whether the key names a prefix, whose collection is meant.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub collection: bool,
    /// Whether nobody waits for the torrent, so that a replaced or deleted object is not a failure.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub quiet: bool,
}

impl Target {
    /// Returns the request to the operation.
    pub fn torrent_request(&self) -> TorrentRequest {
        let options = CallOptions { requester_pays: self.requester_pays, expected_bucket_owner: None };
        let object = self.object.clone();
        TorrentRequest { object, options, may_be_prefix: self.collection, always_web_seeds: true, presigned: None }
    }
}

/// A request for a job: the input of an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRequest {
    /// The object.
    #[serde(flatten)]
    pub target: Target,
    /// What the object must still be. Without it, any object is accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<ETag>,
}

/// A job: one object version, and how it is split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The object.
    #[serde(flatten)]
    pub target: Target,
    /// What every read must find.
    pub etag: ETag,
    /// How the object is split into spans of whole pieces.
    #[serde(flatten)]
    pub spans: Spans,
    /// The name of the job's fragments, from [`job_id`].
    pub id: String,
}

/// Why a job has no place for its torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// An object that this service did not write has the sidecar's key, or the key would be too long.
    #[error("the sidecar's key is taken by another object, or too long")]
    Taken,
    /// Without credentials, nothing can be stored.
    #[error("the function has no AWS credentials, and cannot store the torrent")]
    NoCredentials,
    /// The sidecar's bucket is not in the function's Region. A job keeps its list of spans beside the sidecar, and Step
    /// Functions reads lists only in its own Region.
    #[error("the sidecar's bucket is in another region")]
    OtherRegion,
}

impl Job {
    /// Returns the job that makes the torrent of what is `unread`, if it has a place for the torrent. It is the same
    /// for everyone who asks, apart from `quiet`.
    pub(super) fn new(
        operation: &BoundOperation,
        unread: &Unread,
        config: &Config,
        quiet: bool,
    ) -> Result<Self, PlaceError> {
        let sidecars = operation.sidecars.as_ref().ok_or(PlaceError::NoCredentials)?;
        if !unread.has_sidecar_place() {
            return Err(PlaceError::Taken);
        }
        if sidecars.bucket.region() != config.region {
            return Err(PlaceError::OtherRegion);
        }
        let TorrentRequest { object, options, .. } = operation.request.clone();
        let Unread { subject, piece_length, .. } = unread;
        let id = job_id(&object, &subject.head, *piece_length);
        let (requester_pays, collection) = (options.requester_pays, subject.members.is_some());
        Ok(Self {
            target: Target { object, requester_pays, collection, quiet },
            etag: subject.head.etag.clone(),
            spans: Spans::new(subject.head.length, *piece_length, config.span_size),
            id,
        })
    }

    /// Returns the name of the job's execution. Only one execution of a name can ever run, so callers who ask at the
    /// same time start one.
    pub fn execution_name(&self, attempt: u32) -> String {
        format!("{}-{attempt}", self.id)
    }
}

/// Returns the name of the job for what `head` describes at one piece length: 40 hex digits. They cover the version
/// that was asked for, on which the sidecar's key depends, and the version that S3 reported.
pub fn job_id(object: &ObjectId, head: &ObjectHead, piece_length: PieceLength) -> String {
    let mut hasher = Sha1::new();
    let asked = object.version_id.as_deref().unwrap_or_default();
    let version = head.version_id.as_deref().unwrap_or_default();
    let piece_length = piece_length.get().to_string();
    for field in [object.bucket.as_str(), object.key.as_str(), asked, version, head.etag.unquoted(), &piece_length] {
        // With its length before each field, two lists of fields are never the same bytes.
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{BucketName, MAX_OBJECT_BYTES, ObjectKey};

    fn id(
        bucket: &str,
        key: &str,
        asked: Option<&str>,
        version: Option<&str>,
        etag: &str,
        piece_length: u64,
    ) -> String {
        let bucket = BucketName::new(bucket).expect("a bucket");
        let key = ObjectKey::try_from(key.to_owned()).expect("a key");
        let object = ObjectId { bucket, key, version_id: asked.map(str::to_owned) };
        let etag = ETag::new(etag).expect("an ETag");
        let head = ObjectHead { version_id: version.map(str::to_owned), ..ObjectHead::new(1, etag) };
        job_id(&object, &head, PieceLength::new(piece_length).expect("a piece length"))
    }

    #[test]
    fn a_job_has_a_name_of_its_own_and_always_the_same() {
        let name = id("data", "key", None, None, "\"etag\"", 262_144);
        assert_eq!(name, id("data", "key", None, None, "etag", 262_144));
        assert_eq!(name.len(), 40);
        for other in [
            id("data2", "key", None, None, "etag", 262_144),
            id("data", "key2", None, None, "etag", 262_144),
            id("data", "ke", Some("y"), None, "etag", 262_144),
            id("data", "key", Some("etag"), None, "\"\"", 262_144),
            id("data", "key", None, Some("v"), "etag", 262_144),
            id("data", "key", None, None, "etag2", 262_144),
            id("data", "key", None, None, "etag", 524_288),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn a_job_that_plan_would_not_make_is_refused() {
        let is_accepted = |length: u64, piece_length: u64, span_size: u64, key: &str, etag: &str| {
            let job = serde_json::json!({
                "bucket": "data", "key": key, "etag": etag, "length": length, "pieceLength": piece_length,
                "spanSize": span_size, "id": "0a",
            });
            serde_json::from_value::<Job>(job).is_ok()
        };
        assert!(is_accepted(1, 262_144, 262_144, "k", "e"));
        for (length, piece_length, span_size, key, etag) in [
            (0, 262_144, 262_144, "k", "e"),
            (MAX_OBJECT_BYTES + 1, 1 << 28, 1 << 28, "k", "e"),
            (MAX_OBJECT_BYTES, 262_144, 262_144, "k", "e"),
            (1, 262_143, 262_144, "k", "e"),
            (1, 262_144, 0, "k", "e"),
            (1, 262_144, 262_145, "k", "e"),
            (1, 262_144, 262_144, " ", "e"),
            (1, 262_144, 262_144, "k", ""),
        ] {
            assert!(!is_accepted(length, piece_length, span_size, key, etag), "{length} {piece_length} {span_size}");
        }
    }
}
