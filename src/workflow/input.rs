//! What an execution is started with, and its name.

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::object::{BucketName, CallOptions, ObjectId};

/// The object of a job, as it was asked for: an execution's input.
///
/// The owner that a caller expects is not in it: that caller's own HEAD has been held to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Its bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
    /// The version that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    /// What the object must still be, with or without quotes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `x-amz-request-payer: requester`.
    #[serde(default, skip_serializing_if = "is_false")]
    pub requester_pays: bool,
    /// Nobody waits for it: an object that is replaced or deleted meanwhile is no failure.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quiet: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Input {
    /// For the job of `object` with `etag`.
    #[must_use]
    pub fn new(object: &ObjectId, options: &CallOptions, etag: &str) -> Self {
        Self {
            bucket: object.bucket.to_string(),
            key: object.key.clone(),
            version_id: object.version_id.clone(),
            etag: Some(etag.to_owned()),
            requester_pays: options.requester_pays,
            quiet: false,
        }
    }

    /// The object, if its bucket's name can be one.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        let bucket = BucketName::new(&self.bucket).ok()?;
        Some(ObjectId { bucket, key: self.key.clone(), version_id: self.version_id.clone() })
    }

    /// What to pass on to S3.
    #[must_use]
    pub fn options(&self) -> CallOptions {
        CallOptions { requester_pays: self.requester_pays, expected_bucket_owner: None }
    }

    /// Whether `etag` is that of the object that was asked for; any is where none was given.
    #[must_use]
    pub fn is_of(&self, etag: &str) -> bool {
        self.etag.as_deref().is_none_or(|asked| unquoted(asked) == unquoted(etag))
    }
}

/// S3's events give it without quotes.
fn unquoted(etag: &str) -> &str {
    etag.trim_matches('"')
}

/// The name of the job of one object version at one piece length: the same for whoever asks, 40 hex digits.
/// `version` is what S3 told; the sidecar's place depends on the one that was asked for, too.
#[must_use]
pub fn job_id(object: &ObjectId, version: Option<&str>, etag: &str, piece_length: u64) -> String {
    let mut hasher = Sha1::new();
    let asked = object.version_id.as_deref().unwrap_or_default();
    let (version, piece_length) = (version.unwrap_or_default(), piece_length.to_string());
    for field in [object.bucket.as_str(), &object.key, asked, version, unquoted(etag), &piece_length] {
        // With its length, so that no two lists of fields are the same bytes.
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(hasher.finalize())
}

/// The name of the job's execution: one of a name can ever run, so that all who ask at once start one.
#[must_use]
pub fn execution_name(job_id: &str, attempt: u32) -> String {
    format!("{job_id}-{attempt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(bucket: &str, key: &str, version_id: Option<&str>) -> ObjectId {
        let bucket = BucketName::new(bucket).expect("a bucket");
        ObjectId { bucket, key: key.to_owned(), version_id: version_id.map(str::to_owned) }
    }

    #[test]
    fn a_job_has_a_name_of_its_own_and_always_the_same() {
        let id = job_id(&object("data", "key", None), None, "\"etag\"", 262_144);
        assert_eq!(id, job_id(&object("data", "key", None), None, "etag", 262_144));
        assert_eq!(id.len(), 40);
        for other in [
            job_id(&object("data2", "key", None), None, "etag", 262_144),
            job_id(&object("data", "key2", None), None, "etag", 262_144),
            job_id(&object("data", "ke", Some("y")), None, "etag", 262_144),
            job_id(&object("data", "key", Some("etag")), None, "", 262_144),
            job_id(&object("data", "key", None), Some("v"), "etag", 262_144),
            job_id(&object("data", "key", Some("v")), Some("v"), "etag", 262_144),
            job_id(&object("data", "key", None), None, "etag2", 262_144),
            job_id(&object("data", "key", None), None, "etag", 524_288),
        ] {
            assert_ne!(id, other);
        }
    }

    #[test]
    fn what_is_not_asked_is_not_in_the_input() {
        let input = Input::new(&object("data", "a \"b\"", None), &CallOptions::default(), "\"e\"");
        let json = serde_json::to_string(&input).expect("JSON");
        assert_eq!(json, r#"{"bucket":"data","key":"a \"b\"","etag":"\"e\""}"#);
    }
}
