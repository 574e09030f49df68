//! Plan: HEAD, sidecar and part checksums first; then how the object is split.

use std::ops::ControlFlow;

use tokio::time::Instant;

use super::{
    TaskFailure, Worker,
    task::{Items, ObjectCreated, Plan, PlanInput},
    worker::to_json,
};
use crate::{
    jobs::{
        Item, Job, JobRequest, Manifest, Spans, Target, execution_name, job_id,
        place::check_place,
        ranges,
        workflow::{Executions, JobStatus},
    },
    meter::Meter,
    operation::{BoundOperation, Error, Lookup, SIDECAR_TIMEOUT, Unread},
    s3,
};

impl Worker {
    pub(super) async fn plan(
        &self,
        input: PlanInput,
        state_machine: Option<String>,
        meter: &Meter,
    ) -> Result<Plan, TaskFailure> {
        match input {
            PlanInput::Request(request) => self.plan_request(request, meter).await,
            PlanInput::Event(event) => self.plan_event(&event, state_machine, meter).await,
        }
    }

    async fn plan_request(&self, request: JobRequest, meter: &Meter) -> Result<Plan, TaskFailure> {
        let torrent = self.open(&request.target, meter)?;
        let unread = match self.look_up(&request, &torrent).await {
            Ok(ControlFlow::Continue(unread)) => unread,
            Ok(ControlFlow::Break(reason)) => return Ok(Plan::Done { reason }),
            Err(failure) if request.target.quiet => return nothing_to_do(failure),
            Err(failure) => return Err(failure),
        };
        self.split(request.target, &torrent, &unread).await
    }

    /// `EventBridge` names executions by itself. So the job is started under the name that requests give it too, and
    /// there is one job.
    async fn plan_event(
        &self,
        event: &ObjectCreated,
        state_machine: Option<String>,
        meter: &Meter,
    ) -> Result<Plan, TaskFailure> {
        let arn = state_machine.ok_or_else(|| {
            TaskFailure::BadInput("an event comes without the state machine that starts its job".to_owned())
        })?;
        let executions = Executions::new(&self.sdk, arn);
        match self.start_job(event.job_request(), event.min_size, &executions, meter).await {
            Ok(reason) => Ok(Plan::Done { reason }),
            Err(failure) => nothing_to_do(failure),
        }
    }

    /// Starts the job that a request would start, or finds it, unless the object need not be read or has less than
    /// `min_size` bytes. Returns what was done, in words.
    pub(super) async fn start_job(
        &self,
        request: JobRequest,
        min_size: u64,
        executions: &Executions,
        meter: &Meter,
    ) -> Result<String, TaskFailure> {
        let torrent = self.open(&request.target, meter)?;
        let Unread { subject, piece_length, .. } = match self.look_up(&request, &torrent).await? {
            ControlFlow::Continue(unread) => unread,
            ControlFlow::Break(reason) => return Ok(reason),
        };
        if subject.head.length < min_size {
            return Ok("the object is small, and is left to requests".to_owned());
        }
        let id = job_id(&request.target.object, &subject.head, piece_length);
        let request = JobRequest { etag: Some(subject.head.etag.clone()), ..request };
        match executions.ensure_running(&id, &request).await? {
            JobStatus::Running { attempt, .. } => Ok(format!("its job runs: {}", execution_name(&id, attempt))),
            JobStatus::Exhausted(_) => Err(TaskFailure::Exhausted),
        }
    }

    /// Returns the object that must be read, or why it need not be. Where the object need not be read, this stores the
    /// torrent.
    async fn look_up(
        &self,
        request: &JobRequest,
        torrent: &BoundOperation,
    ) -> Result<ControlFlow<String, Unread>, TaskFailure> {
        match torrent.look_up().await? {
            Lookup::Ready(ready) => {
                let origin = ready.origin();
                torrent.store(ready, Instant::now() + SIDECAR_TIMEOUT).await;
                Ok(ControlFlow::Break(origin.as_str().to_owned()))
            }
            Lookup::Unread(unread) => {
                check_place(torrent, &unread, &self.config.region)?;
                if request.etag.as_ref().is_none_or(|etag| *etag == unread.subject.head.etag) {
                    Ok(ControlFlow::Continue(unread))
                } else {
                    Ok(ControlFlow::Break("the object was replaced meanwhile".to_owned()))
                }
            }
        }
    }

    async fn split(&self, target: Target, torrent: &BoundOperation, unread: &Unread) -> Result<Plan, TaskFailure> {
        let Unread { subject, piece_length, .. } = unread;
        let head = &subject.head;
        let id = job_id(&target.object, head, *piece_length);
        let fragments = self.fragments(torrent, &id)?;
        let spans = Spans::new(head.length, *piece_length, self.config.span_size);
        let cut = ranges(spans, subject.members());
        let items = match subject.members() {
            None => cut.into_iter().map(Item::from).collect(),
            Some(members) => {
                let manifest = Manifest::of(members);
                fragments.put_manifest(manifest.bytes()).await?;
                manifest.items(cut)
            }
        };
        // An earlier attempt's reason would be taken for this one's.
        fragments.delete_failure().await?;
        let (bucket, key) = fragments.put_items(to_json(&items).to_string().as_bytes()).await?;
        Ok(Plan::Read {
            job: Box::new(Job { target, etag: head.etag.clone(), spans, id }),
            items: Items { bucket, key },
            concurrency: self.config.job_concurrency,
            round: 0,
        })
    }
}

/// Ends quietly where the object is gone or gets no torrent: S3's events tell of many such objects, and nobody waits.
fn nothing_to_do(failure: TaskFailure) -> Result<Plan, TaskFailure> {
    match failure {
        TaskFailure::ObjectChanged
        | TaskFailure::Exhausted
        | TaskFailure::Place(_)
        | TaskFailure::Failed(
            Error::EmptyObject
            | Error::IsSidecar
            | Error::TooLarge { .. }
            | Error::TooManyPieces { .. }
            | Error::BucketNotServed
            | Error::Collection(_)
            | Error::S3(s3::Error::DeleteMarker | s3::Error::Archived | s3::Error::AccessDenied),
        ) => Ok(Plan::Done { reason: failure.to_string() }),
        failure => Err(failure),
    }
}
