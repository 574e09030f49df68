//! Waiting for a job: it is started, or found running, and its caller waits for the sidecar as long as a request may
//! take.

mod error;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until, timeout_at};

pub use self::error::{JobProgress, WaitError};
use super::{
    Job,
    fragments::Fragments,
    workflow::{ExecutionState, Executions, JobStatus, WorkflowError},
};
use crate::{
    config::Config,
    logging::causes,
    operation::{BoundOperation, Unread, UnstoredTorrent},
};

/// At the very end, this is left to answer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(100);

/// How long a caller waits for what.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// The time between two looks at the sidecar.
    pub sidecar: Duration,
    /// The time between two looks at the execution. Step Functions describes some 15 a second for a whole account.
    pub execution: Duration,
    /// The longest time that one look at the execution may take.
    pub describe: Duration,
    /// At the end, this is left to describe the execution and to count the fragments.
    pub count: Duration,
}

/// The jobs of one workflow, as the API function uses them.
#[derive(Clone, Debug)]
pub struct Jobs {
    config: Arc<Config>,
    executions: Executions,
    waits: Waits,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            sidecar: Duration::from_secs(1),
            execution: Duration::from_secs(4),
            describe: Duration::from_secs(1),
            count: Duration::from_secs(2),
        }
    }
}

impl Jobs {
    /// Uses the workflow of `executions`.
    pub fn new(config: Arc<Config>, executions: Executions, waits: Waits) -> Self {
        Self { config, executions, waits }
    }

    /// Returns whether `size` bytes in so many `objects` of a collection are left to a job.
    pub fn takes(&self, size: u64, objects: usize) -> bool {
        size > self.config.inline_max_size || objects > self.config.inline_max_objects
    }

    /// Returns the torrent that a job makes of what is `unread`, by `until`. The job is started only if the caller
    /// `may_start` it.
    pub async fn torrent(
        &self,
        operation: &BoundOperation,
        unread: &Unread,
        may_start: bool,
        until: Instant,
    ) -> Result<UnstoredTorrent, WaitError> {
        if operation.request.presigned.is_some() {
            return Err(WaitError::Presigned);
        }
        let job = Job::new(operation, unread, &self.config, false)?;
        if !may_start {
            return Err(WaitError::NotReady);
        }
        Wait { jobs: self, operation, unread, job }.torrent(until).await
    }
}

/// One caller's wait for one job.
struct Wait<'a> {
    jobs: &'a Jobs,
    operation: &'a BoundOperation,
    unread: &'a Unread,
    job: Job,
}

/// The number of the attempt that runs, and how the one before it ended, if there was one. If Step Functions does not
/// answer, the job may run all the same.
type Attempt = Result<(u32, Option<ExecutionState>), WorkflowError>;

impl Wait<'_> {
    async fn torrent(&self, until: Instant) -> Result<UnstoredTorrent, WaitError> {
        let Waits { sidecar, execution, count, .. } = self.jobs.waits;
        let end = until.checked_sub(count).unwrap_or(until);
        let mut attempt = self.start().await?;
        let mut describe_at = Instant::now() + execution;
        loop {
            if let Some(torrent) = self.stored().await? {
                return Ok(torrent);
            }
            let now = Instant::now();
            if now >= describe_at || now >= end {
                describe_at = now + execution;
                match attempt {
                    Ok((number, _)) => self.check(number, until).await?,
                    Err(_) => attempt = self.start().await?,
                }
            }
            if now >= end {
                let (_, earlier) = attempt?;
                return Err(WaitError::Running { progress: self.progress(until).await, earlier });
            }
            sleep_until(end.min(now + sidecar)).await;
        }
    }

    async fn stored(&self) -> Result<Option<UnstoredTorrent>, WaitError> {
        Ok(self.operation.job_torrent(&self.unread.subject).await?)
    }

    async fn start(&self) -> Result<Attempt, WaitError> {
        match self.jobs.executions.ensure_running(&self.job).await {
            Ok(JobStatus::Running { attempt, earlier }) => {
                tracing::info!(job = self.job.id, attempt, "a job reads the object");
                Ok(Ok((attempt, earlier)))
            }
            Ok(JobStatus::Exhausted(state)) => Err(WaitError::Failed { state, exhausted: true }),
            Err(error @ WorkflowError::Unavailable(_)) => Ok(Err(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// Ends the wait if the execution has ended without a torrent. If the execution cannot be described, the wait goes
    /// on.
    async fn check(&self, attempt: u32, until: Instant) -> Result<(), WaitError> {
        let describe = self.jobs.executions.describe(&self.job, attempt);
        match timeout_at(until.min(Instant::now() + self.jobs.waits.describe), describe).await {
            Ok(Ok(Some(execution))) if execution.state != ExecutionState::Running => {
                // A torrent that was stored just now is returned by the next look.
                match self.stored().await? {
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

    /// Returns the job's progress, without a count if S3 does not answer in time.
    async fn progress(&self, until: Instant) -> JobProgress {
        let Self { job, .. } = self;
        let subject = &self.unread.subject;
        let count = async {
            let bucket = self.operation.sidecars.as_ref()?.bucket.clone();
            let counted = Fragments::new(bucket, &self.jobs.config.sidecar, &job.id).count().await;
            counted.inspect_err(|error| warn("the job's fragments cannot be counted", error)).ok()
        };
        let hashed = timeout_at(until - TIME_TO_ANSWER, count).await.ok().flatten();
        let spans = job.spans.ranges(subject.members.as_deref()).len() as u64;
        JobProgress { size: job.spans.length(), objects: subject.objects(), hashed, spans }
    }
}

fn warn(message: &'static str, error: &dyn std::error::Error) {
    tracing::warn!(cause = causes(error), "{message}");
}
