//! The input of a task and the output of Plan, as JSON.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::batch::BatchEvent;
use crate::{
    jobs::{Item, Job, JobRequest, Target},
    object::{BucketName, ETag, ObjectId, ObjectKey},
};

/// The task of one state of the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub enum Task {
    /// Find out what there is to do.
    Plan {
        /// The execution's input.
        input: PlanInput,
        /// The workflow's ARN, with which an event's job is started.
        #[serde(default, rename = "stateMachine")]
        state_machine: Option<String>,
    },
    /// Hash the pieces of one span, and store them as a fragment.
    Hash {
        /// The job, as Plan made it.
        job: Job,
        /// The span.
        span: Item,
    },
    /// Put all fragments together, and store the sidecar.
    Assemble {
        /// The job, as Plan made it.
        job: Job,
    },
    /// Remove the fragments.
    Clean {
        /// The job, as Plan made it.
        job: Job,
    },
    /// Tell why the job failed.
    Explain {
        /// The job, as Plan made it.
        job: Job,
        /// The error that the workflow caught.
        failure: StateError,
    },
    /// Start the jobs of existing objects. This is no state of the workflow: S3 Batch Operations invokes the function.
    #[serde(skip)]
    Batch {
        /// The event.
        event: BatchEvent,
        /// By then, Lambda ends the function.
        deadline: SystemTime,
    },
}

impl Task {
    /// Reads the function's input, of an invocation that Lambda ends at `deadline`.
    pub fn from_input(input: Value, deadline: SystemTime) -> serde_json::Result<Self> {
        if input.get("invocationSchemaVersion").is_none() {
            return serde_json::from_value(input);
        }
        Ok(Self::Batch { event: serde_json::from_value(input)?, deadline })
    }

    /// Returns the task's name in the workflow's definition.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Plan { .. } => "plan",
            Self::Hash { .. } => "hash",
            Self::Assemble { .. } => "assemble",
            Self::Clean { .. } => "clean",
            Self::Explain { .. } => "explain",
            Self::Batch { .. } => "batch",
        }
    }

    /// Returns the object that the task is about, where it is about one.
    pub(super) fn object(&self) -> Option<ObjectId> {
        match self {
            Self::Plan { input: PlanInput::Event(event), .. } => Some(event.job_request().target.object),
            Self::Plan { input: PlanInput::Request(request), .. } => Some(request.target.object.clone()),
            Self::Batch { event, .. } => match &event.tasks[..] {
                [task] => task.object().ok(),
                _ => None,
            },
            _ => self.job().map(|job| job.target.object.clone()),
        }
    }

    /// Returns the task's job, which a Plan has still to make.
    pub(super) fn job(&self) -> Option<&Job> {
        match self {
            Self::Plan { .. } | Self::Batch { .. } => None,
            Self::Hash { job, .. } | Self::Assemble { job } | Self::Clean { job } | Self::Explain { job, .. } => {
                Some(job)
            }
        }
    }

    /// Returns the offset of the task's span, for the log. It is 0 where there is no span.
    pub(super) fn span_start(&self) -> u64 {
        if let Self::Hash { span, .. } = self { span.range.start } else { 0 }
    }
}

/// An execution's input.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum PlanInput {
    /// S3's own event.
    Event(ObjectCreated),
    /// A request of the API function, or of an event's Plan.
    Request(JobRequest),
}

/// S3's event `Object Created`, which arrives through `EventBridge`. Only its detail is read.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectCreated {
    /// The event's detail.
    pub detail: Detail,
    /// The size in bytes below which objects are left to requests. The template's rule adds this.
    #[serde(default)]
    pub min_size: u64,
}

impl ObjectCreated {
    /// Asks for the latest version, as callers will: without a version ID.
    pub(super) fn job_request(&self) -> JobRequest {
        let Detail { bucket, object } = self.detail.clone();
        let object_id = ObjectId { bucket: bucket.name, key: object.key, version_id: None };
        let target = Target { object: object_id, requester_pays: false, collection: false, quiet: true };
        JobRequest { target, etag: object.etag }
    }
}

/// The `detail` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Detail {
    /// The object's bucket.
    pub bucket: EventBucket,
    /// The object.
    pub object: EventObject,
}

/// The `detail.bucket` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EventBucket {
    /// The bucket's name.
    pub name: BucketName,
}

/// The `detail.object` of S3's event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EventObject {
    /// The key. Unlike in S3's older notifications, it is not percent-encoded.
    pub key: ObjectKey,
    /// The `ETag`, without quotes.
    #[serde(default)]
    pub etag: Option<ETag>,
}

/// The output of Plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum Plan {
    /// Nothing is left to do.
    Done {
        /// The reason, for people.
        reason: String,
    },
    /// The object must be read.
    Read {
        /// What to pass on to the other states.
        job: Box<Job>,
        /// Where the list of spans is.
        items: Items,
        /// How many spans to hash side by side.
        concurrency: u64,
        /// How often the spans were given out. Spans that were turned away come again in the next round.
        round: u64,
    },
}

/// The place of the list of spans: a JSON array that is too long for a state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Items {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// An error, as a state's `Catch` gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StateError {
    /// The error's name.
    #[serde(default)]
    pub error: String,
    /// What AWS says about it.
    #[serde(default)]
    pub cause: String,
}
