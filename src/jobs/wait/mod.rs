//! Waiting for a job: it is started, or found running, and its caller waits for the sidecar for as long as a request may
//! take.

mod error;
mod messages;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

pub use self::error::{JobProgress, WaitError};
use super::{
    JobRequest, Spans,
    fragments::Fragments,
    job_id,
    place::check_place,
    ranges,
    workflow::{ExecutionState, Executions, JobStatus, WorkflowError},
};
use crate::{
    config::Config,
    logging::causes,
    operation::{BoundOperation, Unread, UnstoredTorrent},
};

/// The time between two looks at the sidecar.
const SIDECAR_INTERVAL: Duration = Duration::from_secs(1);
/// The time between two looks at the execution. Step Functions describes some 15 a second for a whole account.
const EXECUTION_INTERVAL: Duration = Duration::from_secs(4);
/// At the end, this is left to describe the execution and to count the fragments.
const TIME_TO_COUNT: Duration = Duration::from_secs(2);
const TIME_TO_DESCRIBE: Duration = Duration::from_secs(1);
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// The jobs of one workflow, as the API function uses them.
#[derive(Clone, Debug)]
pub struct Jobs {
    config: Arc<Config>,
    executions: Executions,
}

impl Jobs {
    /// Uses the workflow of `executions`.
    pub fn new(config: Arc<Config>, executions: Executions) -> Self {
        Self { config, executions }
    }

    /// Returns whether `size` bytes of as many `objects` of a collection are left to a job.
    pub fn takes(&self, size: u64, objects: usize) -> bool {
        size > self.config.inline_max_size || objects > self.config.inline_max_objects
    }

    /// Returns the torrent that a job makes of what is `unread`, by `until`. The job is started only where the caller `may_start` it.
    pub async fn torrent(
        &self,
        torrent: &BoundOperation,
        unread: &Unread,
        may_start: bool,
        until: Instant,
    ) -> Result<UnstoredTorrent, WaitError> {
        if torrent.request().presigned.is_some() {
            return Err(WaitError::Presigned);
        }
        check_place(torrent, unread, &self.config.region)?;
        if !may_start {
            return Err(WaitError::NotReady);
        }
        let id = job_id(&torrent.request().object, &unread.subject.head, unread.piece_length);
        Wait { jobs: self, torrent, unread, id }.torrent(until).await
    }
}

/// One caller's wait for one job.
struct Wait<'a> {
    jobs: &'a Jobs,
    torrent: &'a BoundOperation,
    unread: &'a Unread,
    id: String,
}

/// What the caller knows of the job's execution.
enum Attempt {
    /// This attempt runs. The attempt before it ended as `earlier` says, where it led to this one.
    Running { number: u32, earlier: Option<ExecutionState> },
    /// Step Functions does not answer, and the job may run all the same.
    Unknown(WorkflowError),
}

impl Wait<'_> {
    async fn torrent(&self, until: Instant) -> Result<UnstoredTorrent, WaitError> {
        let end = until.checked_sub(TIME_TO_COUNT).unwrap_or(until);
        let mut attempt = self.start().await?;
        let mut describe_at = Instant::now() + EXECUTION_INTERVAL;
        loop {
            if let Some(torrent) = self.torrent.job_torrent(&self.unread.subject).await? {
                return Ok(torrent);
            }
            let now = Instant::now();
            if now >= describe_at || now >= end {
                describe_at = now + EXECUTION_INTERVAL;
                match attempt {
                    Attempt::Running { number, .. } => self.check(number, until).await?,
                    Attempt::Unknown(_) => attempt = self.start().await?,
                }
            }
            if now >= end {
                return Err(match attempt {
                    Attempt::Running { earlier, .. } => {
                        WaitError::Running { progress: self.progress(until).await, earlier }
                    }
                    Attempt::Unknown(error) => error.into(),
                });
            }
            sleep_until(end.min(now + SIDECAR_INTERVAL)).await;
        }
    }

    async fn start(&self) -> Result<Attempt, WaitError> {
        let input = JobRequest::new(self.torrent.request(), &self.unread.subject);
        match self.jobs.executions.ensure_running(&self.id, &input).await {
            Ok(JobStatus::Running { attempt, earlier }) => {
                tracing::info!(job = self.id, attempt, "a job reads the object");
                Ok(Attempt::Running { number: attempt, earlier })
            }
            Ok(JobStatus::Exhausted(state)) => Err(WaitError::Failed { state, exhausted: true }),
            Err(error @ WorkflowError::Unavailable(_)) => Ok(Attempt::Unknown(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the wait where the execution has ended without a torrent. An execution that cannot be described is waited for.
    async fn check(&self, attempt: u32, until: Instant) -> Result<(), WaitError> {
        let describe = self.jobs.executions.describe(&self.id, attempt);
        match timeout_at(until.min(Instant::now() + TIME_TO_DESCRIBE), describe).await {
            Ok(Ok(Some(execution))) if execution.state != ExecutionState::Running => {
                // The next turn returns a torrent that has just come.
                match self.torrent.job_torrent(&self.unread.subject).await? {
                    Some(_) => Ok(()),
                    None => Err(WaitError::Failed { state: execution.state, exhausted: false }),
                }
            }
            Ok(Err(error)) => {
                warn("the job's execution cannot be described", &error);
                Ok(())
            }
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Returns the job's progress: without a count where S3 does not tell in time.
    async fn progress(&self, until: Instant) -> JobProgress {
        let Unread { subject, piece_length, .. } = self.unread;
        let head = &subject.head;
        let spans = Spans::new(head.length, *piece_length, self.jobs.config.span_size);
        let spans = ranges(spans, subject.members()).len() as u64;
        let count = async {
            let bucket = self.torrent.sidecars()?.bucket().clone();
            let counted = Fragments::new(bucket, &self.jobs.config.sidecar, &self.id).count().await;
            counted.inspect_err(|error| warn("the job's fragments cannot be counted", error)).ok()
        };
        let hashed = timeout_at(until - TIME_TO_ANSWER, count).await.ok().flatten();
        JobProgress { size: head.length, objects: subject.objects(), hashed, spans }
    }
}

fn warn(message: &'static str, error: &dyn std::error::Error) {
    tracing::warn!(cause = causes(error), "{message}");
}
