//! The function's input: a task of the workflow, or an event of S3 Batch Operations.

use serde::Deserialize;
use serde_json::Value;

use super::batch::BatchEvent;
use crate::{
    jobs::{Item, Job, Reason, tasks::PlanInput},
    object::ObjectId,
};

/// What the function is to do.
#[derive(Debug, Deserialize)]
#[serde(tag = "task", rename_all = "lowercase")]
pub(super) enum Task {
    /// Find out what there is to do.
    Plan {
        input: PlanInput,
        /// The workflow's ARN, with which an event's job is started.
        #[serde(default, rename = "stateMachine")]
        state_machine: Option<String>,
    },
    /// Hash the pieces of one span, and store them as a fragment.
    Hash { job: Job, span: Item },
    /// Put all fragments together, and store the sidecar.
    Assemble { job: Job },
    /// Remove the fragments.
    Clean { job: Job },
    /// Find out why the job failed.
    Explain {
        job: Job,
        /// The error that the workflow caught.
        failure: Reason,
    },
    /// Start the jobs of existing objects. This is no state of the workflow: S3 Batch Operations invokes the function.
    #[serde(skip)]
    Batch(BatchEvent),
}

/// What the log says about a task.
#[derive(Debug, Default)]
pub(super) struct TaskFields {
    /// The task's name in the workflow's definition.
    pub(super) task: &'static str,
    pub(super) object: Option<ObjectId>,
    /// The job's ID. Before Plan has made the job, this is empty.
    pub(super) job: String,
    /// The offset of the span, or 0.
    pub(super) span_start: u64,
}

impl Task {
    pub(super) fn from_input(input: Value) -> serde_json::Result<Self> {
        if input.get("invocationSchemaVersion").is_none() {
            return serde_json::from_value(input);
        }
        serde_json::from_value(input).map(Self::Batch)
    }

    pub(super) fn fields(&self) -> TaskFields {
        let of_job = |task, job: &Job, span_start| TaskFields {
            task,
            object: Some(job.target.object.clone()),
            job: job.id.clone(),
            span_start,
        };
        let of_object = |task, object| TaskFields { task, object, ..TaskFields::default() };
        match self {
            Self::Plan { input, .. } => of_object("plan", Some(input.request.target.object.clone())),
            Self::Hash { job, span } => of_job("hash", job, span.range.start),
            Self::Assemble { job } => of_job("assemble", job, 0),
            Self::Clean { job } => of_job("clean", job, 0),
            Self::Explain { job, .. } => of_job("explain", job, 0),
            Self::Batch(event) => match &event.tasks[..] {
                [task] => of_object("batch", task.object().ok()),
                _ => of_object("batch", None),
            },
        }
    }
}
