//! What a state of the workflow asks of the function, and what it is told: JSON.

use serde::{Deserialize, Serialize};
use sha1::{Digest, Sha1};

use crate::object::{BucketName, ByteRange, CallOptions, ObjectId};

/// One state's task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Task {
    /// What there is to do.
    Plan {
        /// The execution's input.
        input: Input,
    },
    /// The piece hashes of one span, into a fragment.
    Hash {
        /// As planned.
        job: Job,
        /// Of the object's bytes.
        span: Span,
    },
    /// All fragments into the sidecar.
    Assemble {
        /// As planned.
        job: Job,
    },
    /// The fragments are removed.
    Clean {
        /// As planned.
        job: Job,
    },
}

impl Task {
    /// As the workflow names it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Hash { .. } => "hash",
            Self::Assemble { .. } => "assemble",
            Self::Clean { .. } => "clean",
        }
    }
}

/// An execution's input: what the API function starts it with, or S3's own event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Input {
    /// From the API function.
    Asked(Asked),
    /// `Object Created`, by way of EventBridge.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    Created {
        /// What is told of the event.
        detail: Detail,
    },
}

/// The object of a job, as a caller asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
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
    #[serde(default)]
    pub requester_pays: bool,
    /// `x-amz-expected-bucket-owner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_bucket_owner: Option<String>,
}

/// What S3's event tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Where.
    pub bucket: EventBucket,
    /// What.
    pub object: EventObject,
}

/// `detail.bucket` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventBucket {
    /// The bucket's name.
    pub name: String,
}

/// `detail.object` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventObject {
    /// As it is: not percent-encoded, unlike in S3's older notifications.
    pub key: String,
    /// Without quotes.
    #[serde(default)]
    pub etag: Option<String>,
}

impl From<Input> for Asked {
    fn from(input: Input) -> Self {
        match input {
            Input::Asked(asked) => asked,
            // The latest version, as callers will ask for it: no version id.
            Input::Created { detail: Detail { bucket, object } } => {
                Self { bucket: bucket.name, key: object.key, etag: object.etag, ..Self::default() }
            }
        }
    }
}

/// A job, as Plan made it: one object version, and how it is split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The object.
    #[serde(flatten)]
    pub asked: Asked,
    /// In bytes.
    pub length: u64,
    /// In bytes.
    pub piece_length: u64,
    /// Of a span, in bytes: whole pieces.
    pub span_size: u64,
    /// Names the job's fragments: [`job_id`].
    pub id: String,
}

/// A run of the object's bytes; `end` lies after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The first byte's offset.
    pub start: u64,
    /// The offset after the last byte.
    pub end: u64,
}

impl From<ByteRange> for Span {
    fn from(ByteRange { start, end }: ByteRange) -> Self {
        Self { start, end }
    }
}

/// What Plan found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Plan {
    /// Nothing is left to do, and why.
    Done {
        /// For people.
        reason: String,
    },
    /// The object has to be read.
    Read {
        /// What to pass on to the other states.
        job: Job,
        /// Where the list of spans lies.
        items: Items,
    },
}

/// The list of spans: a JSON array, too long for a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Items {
    /// Its bucket.
    pub bucket: String,
    /// Its key.
    pub key: String,
}

impl Asked {
    /// The object, if its bucket's name can be one.
    #[must_use]
    pub fn object(&self) -> Option<ObjectId> {
        let bucket = BucketName::new(&self.bucket).ok()?;
        Some(ObjectId { bucket, key: self.key.clone(), version_id: self.version_id.clone() })
    }

    /// What to pass on to S3.
    #[must_use]
    pub fn options(&self) -> CallOptions {
        CallOptions {
            requester_pays: self.requester_pays,
            expected_bucket_owner: self.expected_bucket_owner.clone(),
        }
    }
}

/// The name of the job of one object version at one piece length: the same for whoever asks, 40 hex digits.
#[must_use]
pub fn job_id(object: &ObjectId, etag: &str, piece_length: u64) -> String {
    let mut hasher = Sha1::new();
    let version = object.version_id.as_deref().unwrap_or_default();
    let piece_length = piece_length.to_string();
    for field in [object.bucket.as_str(), &object.key, version, etag.trim_matches('"'), &piece_length] {
        // With its length, so that no two lists of fields are the same bytes.
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field);
    }
    hex::encode(hasher.finalize())
}
