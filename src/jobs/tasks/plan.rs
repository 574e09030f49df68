//! Plan: HEAD, sidecar and part checksums first; then how the object is split.

use std::ops::ControlFlow;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{TaskFailure, Worker, to_json};
use crate::{
    jobs::{
        Job, JobRequest, Manifest,
        workflow::{Executions, JobStatus},
    },
    meter::Meter,
    operation::{BoundOperation, Error, Lookup, SIDECAR_TIMEOUT, Subject},
    s3,
};

/// An execution's input.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(in crate::jobs) struct PlanInput {
    pub(in crate::jobs) request: JobRequest,
    /// The input is S3's event `Object Created`, as `EventBridge` delivers it. Objects of fewer bytes are left to
    /// requests: the template's rule adds this as `minSize`.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>
    event_min_size: Option<u64>,
}

/// What must be read, and the job that reads it.
struct Unmade {
    operation: BoundOperation,
    subject: Subject,
    job: Job,
}

impl TryFrom<Value> for PlanInput {
    type Error = serde_json::Error;

    /// An event asks for the latest version, as callers will: without a version ID. Unlike in S3's older notifications,
    /// its key is not percent-encoded.
    fn try_from(input: Value) -> serde_json::Result<Self> {
        let Some(detail) = input.get("detail") else {
            return Ok(Self { request: serde_json::from_value(input)?, event_min_size: None });
        };
        let (bucket, object) = (&detail["bucket"], &detail["object"]);
        let request = json!({"bucket": bucket["name"], "key": object["key"], "etag": object["etag"], "quiet": true});
        let min_size = input.get("minSize").map_or(Ok(0), u64::deserialize)?;
        Ok(Self { request: serde_json::from_value(request)?, event_min_size: Some(min_size) })
    }
}

impl Worker {
    /// Plans the job of a request. An event's job is started in `state_machine` under the name that requests give it
    /// too, so there is one job: `EventBridge` chooses the names of its own executions.
    pub(in crate::jobs) async fn plan(
        &self,
        input: PlanInput,
        state_machine: Option<String>,
        meter: &Meter,
    ) -> Result<Value, TaskFailure> {
        let PlanInput { request, event_min_size } = input;
        let planned = match event_min_size {
            None => self.split(&request, meter).await,
            Some(min_size) => {
                let arn = state_machine.ok_or_else(|| {
                    TaskFailure::BadInput("the event comes without the state machine that makes its job".to_owned())
                })?;
                let executions = Executions::new(&self.sdk, arn);
                self.start_job(&request, min_size, &executions, meter).await.map(|reason| done(&reason))
            }
        };
        match planned {
            Err(failure) if request.target.quiet && gets_no_torrent(&failure) => Ok(done(&failure.to_string())),
            planned => planned,
        }
    }

    /// Starts or finds the job of an object that must be read and has at least `min_size` bytes. Returns what was done,
    /// in words.
    pub(in crate::jobs) async fn start_job(
        &self,
        request: &JobRequest,
        min_size: u64,
        executions: &Executions,
        meter: &Meter,
    ) -> Result<String, TaskFailure> {
        let job = match self.look_up(request, meter).await? {
            ControlFlow::Continue(Unmade { job, .. }) => job,
            ControlFlow::Break(reason) => return Ok(reason),
        };
        if job.spans.length() < min_size {
            return Ok("the object is small, and is left to requests".to_owned());
        }
        match executions.ensure_running(&job).await? {
            JobStatus::Running { attempt, .. } => Ok(format!("its job runs: {}", job.execution_name(attempt))),
            JobStatus::Exhausted(_) => Err(TaskFailure::Exhausted),
        }
    }

    /// Returns what must be read, or why nothing must be. A torrent that is known without reading is stored.
    async fn look_up(&self, request: &JobRequest, meter: &Meter) -> Result<ControlFlow<String, Unmade>, TaskFailure> {
        let operation = self.open(&request.target, meter)?;
        match operation.look_up().await? {
            Lookup::Ready(ready) => {
                let torrent = operation.store(ready, Instant::now() + SIDECAR_TIMEOUT).await;
                Ok(ControlFlow::Break(torrent.origin.as_str().to_owned()))
            }
            Lookup::Unread(unread) => {
                let job = Job::new(&operation, &unread, &self.config, request.target.quiet)?;
                if request.etag.as_ref().is_none_or(|etag| *etag == job.etag) {
                    Ok(ControlFlow::Continue(Unmade { operation, subject: unread.subject, job }))
                } else {
                    Ok(ControlFlow::Break("the object was replaced meanwhile".to_owned()))
                }
            }
        }
    }

    async fn split(&self, request: &JobRequest, meter: &Meter) -> Result<Value, TaskFailure> {
        let Unmade { operation, subject, job } = match self.look_up(request, meter).await? {
            ControlFlow::Continue(unmade) => unmade,
            ControlFlow::Break(reason) => return Ok(done(&reason)),
        };
        let fragments = self.job_object(operation, &job)?.fragments;
        let manifest = Manifest::of(subject.members.as_deref().unwrap_or_default());
        if job.target.collection {
            fragments.put_manifest(&manifest.bytes).await?;
        }
        // An earlier attempt's reason would be taken for this one's.
        fragments.delete_failure().await?;
        // The list is in S3, because it may be too long for a state.
        let items = to_json(&manifest.items(job.spans.ranges(subject.members.as_deref())));
        let (bucket, key) = fragments.put_items(items.to_string().as_bytes()).await?;
        Ok(json!({
            "status": "read",
            "job": job,
            "items": {"bucket": bucket, "key": key},
            "concurrency": self.config.job_concurrency,
            // How many times the map has run again, because no function was free for some spans.
            "round": 0,
        }))
    }
}

/// Returns the output of Plan if nothing is left to do.
fn done(reason: &str) -> Value {
    json!({"status": "done", "reason": reason})
}

/// Returns whether the object is gone or gets no torrent. S3's events are about many such objects, and nobody waits.
fn gets_no_torrent(failure: &TaskFailure) -> bool {
    matches!(
        failure,
        TaskFailure::ObjectChanged
            | TaskFailure::Exhausted
            | TaskFailure::Place(_)
            | TaskFailure::Operation(
                Error::EmptyObject
                    | Error::IsSidecar
                    | Error::TooLarge(_)
                    | Error::TooManyPieces(_)
                    | Error::BucketNotServed
                    | Error::Collection(_)
                    | Error::S3(s3::Error::DeleteMarker | s3::Error::Archived | s3::Error::AccessDenied),
            )
    )
}
