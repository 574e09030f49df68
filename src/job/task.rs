//! What a state of the workflow asks of the function, and what it is told: JSON.

use serde::{Deserialize, Serialize};

use crate::{object::ByteRange, workflow::Input};

/// One state's task.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Task {
    /// What there is to do.
    Plan {
        /// The execution's input.
        input: Started,
        /// The ARN of the workflow that asks, where an event's job is started.
        #[serde(default, rename = "stateMachine")]
        state_machine: Option<String>,
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
    /// Why the job failed.
    Explain {
        /// As planned.
        job: Job,
        /// What the workflow caught.
        failure: Caught,
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
            Self::Explain { .. } => "explain",
        }
    }

    /// Of what it is, for the log.
    pub(super) fn about(&self) -> About {
        let input = match self {
            Self::Plan { input: Started::Asked(input), .. } => input.clone(),
            Self::Plan { input: Started::Created(created), .. } => created.detail.clone().into(),
            task => task.job().map(|job| job.input.clone()).unwrap_or_default(),
        };
        About {
            bucket: input.bucket,
            key: input.key,
            version_id: input.version_id.unwrap_or_default(),
            job: self.job().map(|job| job.id.clone()).unwrap_or_default(),
            span_start: if let Self::Hash { span, .. } = self { span.start } else { 0 },
        }
    }

    /// Whose it is; `None` while nothing is planned.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        match self {
            Self::Plan { .. } => None,
            Self::Hash { job, .. }
            | Self::Assemble { job }
            | Self::Clean { job }
            | Self::Explain { job, .. } => Some(job),
        }
    }
}

/// What a task is about: empty or 0 where it is about no such thing.
pub(super) struct About {
    pub(super) bucket: String,
    pub(super) key: String,
    pub(super) version_id: String,
    pub(super) job: String,
    pub(super) span_start: u64,
}

/// An execution's input: what the API function starts it with, or S3's own event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Started {
    /// From the API function, or from the Plan of an event.
    Asked(Input),
    /// By S3, as `Object Created` by way of `EventBridge`.
    Created(Created),
}

/// S3's event; all but its detail is passed over.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What it tells.
    pub detail: Detail,
    /// Smaller objects, in bytes, are left to requests. The template's rule adds this.
    #[serde(default)]
    pub min_size: u64,
}

/// `detail` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Detail {
    /// Where.
    pub bucket: EventBucket,
    /// What.
    pub object: EventObject,
}

/// `detail.bucket` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EventBucket {
    /// The bucket's name.
    pub name: String,
}

/// `detail.object` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EventObject {
    /// As it is: not percent-encoded, unlike in S3's older notifications.
    pub key: String,
    /// Without quotes.
    #[serde(default)]
    pub etag: Option<String>,
}

impl From<Detail> for Input {
    /// Of the latest version, as callers will ask for it: no version id.
    fn from(Detail { bucket, object }: Detail) -> Self {
        Self { bucket: bucket.name, key: object.key, etag: object.etag, quiet: true, ..Self::default() }
    }
}

/// A job, as Plan made it: one object version, and how it is split.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// The object.
    #[serde(flatten)]
    pub input: Input,
    /// In bytes.
    pub length: u64,
    /// In bytes.
    pub piece_length: u64,
    /// Of a span, in bytes: whole pieces.
    pub span_size: u64,
    /// Names the job's fragments: [`job_id`](crate::workflow::job_id).
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
        /// How many spans to hash side by side.
        concurrency: u64,
        /// Counts how often the spans were given out: those that were turned away come again.
        round: u64,
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

/// An error, as a state's `Catch` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Caught {
    /// Its name.
    #[serde(default)]
    pub error: String,
    /// What AWS says beside it.
    #[serde(default)]
    pub cause: String,
}

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The error's name.
    pub error: String,
    /// What happened, in words that callers may read.
    pub cause: String,
    /// Nobody waits for the torrent of an object that is gone: no failure.
    #[serde(default)]
    pub quiet: bool,
}
