//! A job: what it is asked for, how it is named, and how its object is split. All of it travels as JSON through the
//! workflow's states.

use std::ops::Not;

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::Spans;
use crate::{
    object::{CallOptions, ETag, ObjectId},
    operation::{Subject, TorrentRequest},
    s3::reading::ObjectHead,
    torrent::PieceLength,
};

/// An object, as a job reads it.
///
/// It has no expected bucket owner: the caller's own HEAD has already checked that.
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
        TorrentRequest { object: self.object.clone(), options, may_be_prefix: self.collection, presigned: None }
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

impl JobRequest {
    /// Asks for the torrent of `subject`.
    pub fn new(request: &TorrentRequest, subject: &Subject) -> Self {
        let (object, requester_pays) = (request.object.clone(), request.options.requester_pays);
        let collection = subject.collection.is_some();
        let target = Target { object, requester_pays, collection, quiet: false };
        Self { target, etag: Some(subject.head.etag.clone()) }
    }
}

/// A job as Plan made it: one object version, and how it is split.
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

impl Job {
    /// Returns what every read must find.
    pub fn head(&self) -> ObjectHead {
        ObjectHead::new(self.spans.length(), self.etag.clone())
    }
}

/// Returns the name of the job for what `head` describes at one piece length: 40 hex digits that are the same for every
/// caller. It has the version that was asked for, which decides on the sidecar's key, and the one that S3 told.
pub fn job_id(object: &ObjectId, head: &ObjectHead, piece_length: PieceLength) -> String {
    let mut hasher = Sha1::new();
    let asked = object.version_id.as_deref().unwrap_or_default();
    let version = head.version_id.as_deref().unwrap_or_default();
    let piece_length = piece_length.get().to_string();
    let (bucket, key) = (object.bucket.as_str(), object.key.as_str());
    for field in [bucket, key, asked, version, head.etag.unquoted(), &piece_length] {
        // The length before each field keeps two lists of fields from being the same bytes.
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(hasher.finalize())
}

/// Returns the name of the job's execution. Only one execution of a name can ever run, so callers who ask at the same
/// time start one.
pub fn execution_name(job_id: &str, attempt: u32) -> String {
    format!("{job_id}-{attempt}")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::object::{BucketName, MAX_OBJECT_BYTES, ObjectKey};

    fn object(bucket: &str, key: &str, version_id: Option<&str>) -> ObjectId {
        let bucket = BucketName::new(bucket).expect("a bucket");
        let key = ObjectKey::try_from(key.to_owned()).expect("a key");
        ObjectId { bucket, key, version_id: version_id.map(str::to_owned) }
    }

    fn id(object: &ObjectId, version: Option<&str>, etag: &str, piece_length: u64) -> String {
        let etag = ETag::new(etag).expect("an ETag");
        let head = ObjectHead { version_id: version.map(str::to_owned), ..ObjectHead::new(1, etag) };
        job_id(object, &head, PieceLength::new(piece_length).expect("a piece length"))
    }

    #[test]
    fn a_job_has_a_name_of_its_own_and_always_the_same() {
        let name = id(&object("data", "key", None), None, "\"etag\"", 262_144);
        assert_eq!(name, id(&object("data", "key", None), None, "etag", 262_144));
        assert_eq!(name.len(), 40);
        for other in [
            id(&object("data2", "key", None), None, "etag", 262_144),
            id(&object("data", "key2", None), None, "etag", 262_144),
            id(&object("data", "ke", Some("y")), None, "etag", 262_144),
            id(&object("data", "key", Some("etag")), None, "\"\"", 262_144),
            id(&object("data", "key", None), Some("v"), "etag", 262_144),
            id(&object("data", "key", Some("v")), Some("v"), "etag", 262_144),
            id(&object("data", "key", None), None, "etag2", 262_144),
            id(&object("data", "key", None), None, "etag", 524_288),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn what_is_not_asked_is_not_in_the_input() {
        let (object, options) = (object("data", "a \"b\"", None), CallOptions::default());
        let request = TorrentRequest { object, options, may_be_prefix: true, presigned: None };
        let head = Arc::new(ObjectHead::new(1, ETag::new("\"e\"").expect("an ETag")));
        let subject = Subject { head, collection: None };
        let json = serde_json::to_string(&JobRequest::new(&request, &subject)).expect("JSON");
        assert_eq!(json, r#"{"bucket":"data","key":"a \"b\"","etag":"\"e\""}"#);
    }

    #[test]
    fn a_job_that_plan_would_not_make_is_refused() {
        let job = |length: u64, piece_length: u64, span_size: u64, key: &str, etag: &str| {
            serde_json::from_value::<Job>(serde_json::json!({
                "bucket": "data", "key": key, "etag": etag, "length": length, "pieceLength": piece_length,
                "spanSize": span_size, "id": "0a",
            }))
        };
        assert!(job(1, 262_144, 262_144, "k", "e").is_ok());
        assert!(job(0, 262_144, 262_144, "k", "e").is_err());
        assert!(job(MAX_OBJECT_BYTES + 1, 262_144, 262_144, "k", "e").is_err());
        assert!(job(MAX_OBJECT_BYTES, 262_144, 262_144, "k", "e").is_err());
        assert!(job(1, 262_143, 262_144, "k", "e").is_err());
        assert!(job(1, 262_144, 0, "k", "e").is_err());
        assert!(job(1, 262_144, 262_145, "k", "e").is_err());
        assert!(job(1, 262_144, 262_144, " ", "e").is_err());
        assert!(job(1, 262_144, 262_144, "k", "").is_err());
    }
}
