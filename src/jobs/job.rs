//! A job: what it is asked for, how it is named, and how its object is split. All of it travels as JSON through the
//! workflow's states.

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use super::Spans;
use crate::{
    object::{BucketName, CallOptions, ETag, MAX_OBJECT_BYTES, ObjectId, ObjectKey},
    s3::object::ObjectHead,
    service::TorrentRequest,
    torrent::{MAX_PIECES, PieceLength},
};

/// An object that a job is asked for: the input of an execution.
///
/// It has no expected bucket owner: the caller's own HEAD has already checked that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequestFields", into = "RequestFields")]
pub struct JobRequest {
    /// The object, and the version that was asked for.
    pub object: ObjectId,
    /// What the object must still be.
    pub etag: Option<ETag>,
    /// Whether the caller sent `x-amz-request-payer: requester`.
    pub requester_pays: bool,
    /// Whether nobody waits for the torrent, so that a replaced or deleted object is not a failure.
    pub quiet: bool,
}

impl JobRequest {
    /// Asks for the torrent of what `head` describes.
    #[must_use]
    pub fn new(request: &TorrentRequest, head: &ObjectHead) -> Self {
        Self {
            object: request.object.clone(),
            etag: Some(head.etag.clone()),
            requester_pays: request.options.requester_pays,
            quiet: false,
        }
    }

    /// Returns the request to the operation.
    #[must_use]
    pub fn torrent_request(&self) -> TorrentRequest {
        let options = CallOptions { requester_pays: self.requester_pays, expected_bucket_owner: None };
        TorrentRequest { object: self.object.clone(), options, presigned: None }
    }

    /// Returns whether `etag` is that of the object that was asked for. Without one, any object is.
    #[must_use]
    pub fn accepts(&self, etag: &ETag) -> bool {
        self.etag.as_ref().is_none_or(|asked| asked == etag)
    }
}

/// The JSON of a [`JobRequest`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequestFields {
    bucket: String,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<ETag>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    requester_pays: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    quiet: bool,
}

impl TryFrom<RequestFields> for JobRequest {
    type Error = String;

    fn try_from(fields: RequestFields) -> Result<Self, String> {
        let RequestFields { bucket, key, version_id, etag, requester_pays, quiet } = fields;
        let bucket = BucketName::new(&bucket).map_err(|error| format!("the bucket '{bucket}' {error}"))?;
        let key = ObjectKey::new(key).map_err(|error| error.to_string())?;
        Ok(Self { object: ObjectId { bucket, key, version_id }, etag, requester_pays, quiet })
    }
}

impl From<JobRequest> for RequestFields {
    fn from(request: JobRequest) -> Self {
        let JobRequest { object: ObjectId { bucket, key, version_id }, etag, requester_pays, quiet } =
            request;
        let (bucket, key) = (bucket.to_string(), key.to_string());
        Self { bucket, key, version_id, etag, requester_pays, quiet }
    }
}

/// A job as Plan made it: one object version, and how it is split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "JobFields", into = "JobFields")]
pub struct Job {
    /// The object; its `ETag` is always there.
    pub request: JobRequest,
    /// The object's `ETag` and length, which every read must find.
    pub head: ObjectHead,
    /// The torrent's piece length.
    pub piece_length: PieceLength,
    /// How the object is split into spans of whole pieces.
    pub spans: Spans,
    /// The name of the job's fragments, from [`job_id`].
    pub id: String,
}

/// The JSON of a [`Job`]. Sizes are in bytes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct JobFields {
    #[serde(flatten)]
    request: RequestFields,
    length: u64,
    piece_length: u64,
    span_size: u64,
    id: String,
}

impl TryFrom<JobFields> for Job {
    type Error = String;

    /// Refuses what Plan makes no job of: the length decides how much memory is taken.
    fn try_from(fields: JobFields) -> Result<Self, String> {
        let JobFields { request, length, piece_length, span_size, id } = fields;
        let request = JobRequest::try_from(request)?;
        let etag = request.etag.clone().ok_or("the job has no ETag")?;
        let is_length = (1..=MAX_OBJECT_BYTES).contains(&length);
        let piece_length = PieceLength::new(piece_length)
            .filter(|piece_length| is_length && piece_length.piece_count(length) <= MAX_PIECES)
            .ok_or("no object has this length and piece length")?;
        if span_size == 0 || !span_size.is_multiple_of(piece_length.get()) {
            return Err("the spans are not whole pieces".to_owned());
        }
        let (head, spans) = (ObjectHead::new(length, etag), Spans::of_size(length, span_size));
        Ok(Self { request, head, piece_length, spans, id })
    }
}

impl From<Job> for JobFields {
    fn from(job: Job) -> Self {
        let Job { request, head, piece_length, spans, id } = job;
        let (piece_length, span_size) = (piece_length.get(), spans.size());
        Self { request: request.into(), length: head.length, piece_length, span_size, id }
    }
}

/// Returns the name of the job for what `head` describes at one piece length: 40 hex digits that are the same for every
/// caller. It has the version that was asked for, which decides on the sidecar's key, and the one that S3 told.
#[must_use]
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
#[must_use]
pub fn execution_name(job_id: &str, attempt: u32) -> String {
    format!("{job_id}-{attempt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(bucket: &str, key: &str, version_id: Option<&str>) -> ObjectId {
        let bucket = BucketName::new(bucket).expect("a bucket");
        let key = ObjectKey::new(key.to_owned()).expect("a key");
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
        let request = TorrentRequest { object, options, presigned: None };
        let head = ObjectHead::new(1, ETag::new("\"e\"").expect("an ETag"));
        let json = serde_json::to_string(&JobRequest::new(&request, &head)).expect("JSON");
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
