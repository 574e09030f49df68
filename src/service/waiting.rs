//! The caller of an object that is too large to be read in a request: a job is started, or found running, and the
//! caller waits for the sidecar that it makes for as long as a request may take.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    Error, GetObjectTorrent, Hashed, JobProgress, Origin, TorrentRequest,
    checks::piece_length,
    sidecar::{self, Slot},
};
use crate::{
    logging::causes,
    s3::{Fragments, Meter, ObjectHead},
    torrent::{PieceLength, torrent_name},
    workflow::{self, Begun, Executions, Input, Spans, State, job_id},
};

/// Between two looks at the sidecar.
const SIDECAR_EVERY: Duration = Duration::from_secs(1);
/// Between two looks at the execution: Step Functions describes some 15 a second for a whole account.
const EXECUTION_EVERY: Duration = Duration::from_secs(4);
/// At the end, to ask for the execution and to count the fragments.
const TO_COUNT: Duration = Duration::from_secs(2);
const TO_DESCRIBE: Duration = Duration::from_secs(1);
const TO_ANSWER: Duration = Duration::from_millis(100);

/// One object's job, as its caller sees it.
struct Job<'a> {
    operation: &'a GetObjectTorrent,
    executions: &'a Executions,
    request: &'a TorrentRequest,
    head: &'a ObjectHead,
    piece_length: PieceLength,
    id: String,
    meter: &'a Meter,
}

impl GetObjectTorrent {
    /// The job service, where `head`'s object is one for it.
    fn executions_for(&self, head: &ObjectHead) -> Option<&Executions> {
        self.executions.as_ref().filter(|_| head.length > self.config.inline_max_size)
    }

    /// The `info` that a job makes, by `until`; `None` where the object is read in the request.
    pub(super) async fn info_by_job(
        &self,
        request: &TorrentRequest,
        head: &ObjectHead,
        slot: &Slot,
        until: Instant,
        meter: &Meter,
    ) -> Result<Option<Hashed>, Error> {
        let Some(executions) = self.executions_for(head) else { return Ok(None) };
        if request.presigned.is_some() {
            return Err(Error::PresignedJob);
        }
        self.check_place(request, slot)?;
        if !request.may_start_job {
            return Err(Error::NotReady);
        }
        let piece_length = piece_length(head, &self.config)?;
        let id = job_id(&request.object, head.version_id.as_deref(), &head.etag, piece_length.get());
        let job = Job { operation: self, executions, request, head, piece_length, id, meter };
        job.info(until).await.map(Some)
    }
}

impl Job<'_> {
    async fn info(&self, until: Instant) -> Result<Hashed, Error> {
        let end = until.checked_sub(TO_COUNT).unwrap_or(until);
        let mut begun = self.begin().await?;
        let mut ask_at = Instant::now() + EXECUTION_EVERY;
        loop {
            if let Some(hashed) = self.made().await {
                return Ok(hashed);
            }
            let now = Instant::now();
            if now >= ask_at || now >= end {
                ask_at = now + EXECUTION_EVERY;
                match begun {
                    Ok((attempt, _)) => self.check(attempt, until).await?,
                    Err(_) => begun = self.begin().await?,
                }
            }
            if now >= end {
                let earlier = begun.map_err(Error::Workflow)?.1;
                return Err(Error::JobRuns { progress: self.progress(until).await, earlier });
            }
            sleep_until(end.min(now + SIDECAR_EVERY)).await;
        }
    }

    /// The attempt that runs, and how the one before it ended. Where Step Functions is busy the job may run all the
    /// same: that error is the inner one.
    async fn begin(&self) -> Result<Result<(u32, Option<State>), workflow::Error>, Error> {
        let input = Input::new(&self.request.object, &self.request.options, &self.head.etag);
        match self.executions.begin(&self.id, &input).await {
            Ok(Begun::Running { attempt, earlier }) => {
                tracing::info!(job = self.id, attempt, "a job reads the object");
                Ok(Ok((attempt, earlier)))
            }
            Ok(Begun::GivenUp(state)) => Err(Error::JobFailed { state, given_up: true }),
            Err(error @ workflow::Error::Unavailable(_)) => Ok(Err(error)),
            Err(error) => Err(Error::Workflow(error)),
        }
    }

    /// From the sidecar, once it is there. Whatever is wrong with that may have passed at the next look.
    async fn made(&self) -> Option<Hashed> {
        let name = torrent_name(&self.request.object.key);
        let slot = sidecar::look(self.operation.sidecars.as_ref()?, self.request, self.meter).await.ok()?;
        let (info, info_hash) = slot.info_of(self.head, &name, self.operation.config.piece_length)?;
        Some(Hashed { info, info_hash, origin: Origin::Job })
    }

    /// An execution that has ended is no longer waited for. One that cannot be seen is.
    async fn check(&self, attempt: u32, until: Instant) -> Result<(), Error> {
        let describe = self.executions.describe(&self.id, attempt);
        match timeout_at(until.min(Instant::now() + TO_DESCRIBE), describe).await {
            Ok(Ok(Some(execution))) if execution.state != State::Running => match self.made().await {
                // At the next turn.
                Some(_) => Ok(()),
                None => Err(Error::JobFailed { state: execution.state, given_up: false }),
            },
            Ok(Err(error)) => {
                tracing::warn!(cause = causes(&error), "the job's execution cannot be seen");
                Ok(())
            }
            Ok(Ok(_)) | Err(_) => Ok(()),
        }
    }

    /// Without a count where S3 does not tell in time.
    async fn progress(&self, until: Instant) -> JobProgress {
        let client = self.operation.clients.signed.clone();
        let location = &self.operation.config.sidecar;
        let TorrentRequest { object, options, .. } = self.request;
        let fragments = Fragments::new(client, location, object, options, &self.id, self.meter.clone());
        let spans = Spans::of(self.head.length, self.piece_length, self.operation.config.span_size).count();
        let hashed = match timeout_at(until - TO_ANSWER, fragments.count()).await {
            Ok(Ok(count)) => Some(count),
            Ok(Err(error)) => {
                tracing::warn!(cause = causes(&error), "the job's fragments cannot be counted");
                None
            }
            Err(_) => None,
        };
        JobProgress { size: self.head.length, hashed, spans }
    }
}
