//! The function behind the workflow's states.

use std::sync::Arc;

use aws_config::SdkConfig;
use serde_json::Value;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{Caught, Failure, Job, Reason, Span, Task};
use crate::{
    config::Config,
    logging::causes,
    metrics::Metrics,
    object::{ByteRange, MAX_OBJECT_BYTES},
    s3::{self, Clients, Fragments, Meter, ObjectHead, RegionalClient},
    service::{Error, GetObjectTorrent, TorrentRequest},
    torrent::{MAX_PIECES, PieceLength, Pieces},
    workflow::{Input, Spans},
};

/// All that a map says of its children's failures.
const CHILD_FAILED: &str = "States.ExceedToleratedFailureThreshold";

/// Fragments are small, and it is latency that reading them costs: `FETCH_CONCURRENCY` would be too few.
const FRAGMENTS_AT_A_TIME: usize = 64;

/// One function for all states, with all that outlives a task.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(super) config: Arc<Config>,
    pub(super) operation: Arc<GetObjectTorrent>,
    client: RegionalClient,
    /// For jobs that events start.
    pub(super) sdk: SdkConfig,
    pub(super) metrics: Metrics,
}

impl Worker {
    /// The worker of `config`, with the same clients as the API function's.
    #[must_use]
    pub fn new(config: Arc<Config>, clients: Clients, sdk: SdkConfig) -> Self {
        let client = clients.signed.clone();
        let operation = Arc::new(GetObjectTorrent::new(Arc::clone(&config), clients, None));
        Self { config, operation, client, sdk, metrics: Metrics::default() }
    }

    /// The same, with its metrics written elsewhere.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Does `task`; what it tells the workflow. `meter` counts what that took.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn run(&self, task: Task, meter: &Meter) -> Result<Value, Failure> {
        let job = task.job().cloned();
        job.as_ref().map_or(Ok(()), check)?;
        let done = match task {
            Task::Plan { input, state_machine } => {
                self.plan(input, state_machine, meter).await.map(|plan| to_json(&plan))
            }
            Task::Hash { job, span } => self.hash(&job, span, meter).await.map(|()| Value::Null),
            Task::Assemble { job } => self.assemble(&job, meter).await.map(|()| Value::Null),
            Task::Clean { job } => return self.clean(&job, meter).await.map(|()| Value::Null),
            Task::Explain { job, failure } => {
                return self.explain(&job, &failure, meter).await.map(|reason| to_json(&reason));
            }
        };
        match (&done, job) {
            // The word of the task that did not hash its span says more.
            (Err(Failure::Incomplete), _) => {}
            (Err(failure), Some(job)) => self.leave(failure, &job, meter).await,
            _ => {}
        }
        done
    }

    /// A span whose fragment is there already, from an earlier run, is not read again.
    async fn hash(&self, job: &Job, span: Span, meter: &Meter) -> Result<(), Failure> {
        let request = self.request(&job.input)?;
        let (piece_length, head) = (piece_length(job)?, head_of(job)?);
        let range = ByteRange { start: span.start, end: span.end };
        let ends_a_piece = |offset: u64| offset == job.length || offset.is_multiple_of(job.piece_length);
        let whole = span.start.is_multiple_of(job.piece_length) && ends_a_piece(span.end);
        if !whole || span.start >= span.end || span.end > job.length {
            return Err(Failure::BadInput("the span is none of the object's"));
        }
        let fragments = self.fragments(&request, job, meter);
        let length = Pieces::byte_length(range.length(), piece_length);
        if fragments.span(range, length).await?.is_some() {
            return Ok(());
        }
        let pieces = self.operation.hash_span(&request, &head, range, piece_length, meter).await?;
        Ok(fragments.put_span(range, pieces.into_bytes()).await?)
    }

    async fn assemble(&self, job: &Job, meter: &Meter) -> Result<(), Failure> {
        let request = self.request(&job.input)?;
        let (piece_length, head) = (piece_length(job)?, head_of(job)?);
        let fragments = self.fragments(&request, job, meter);
        let pieces = self.collect(&fragments, job, piece_length).await?;
        Ok(self.operation.assemble(&request, &head, piece_length, pieces, meter).await?)
    }

    /// All fragments, side by side; each has its place.
    async fn collect(
        &self,
        fragments: &Fragments,
        job: &Job,
        piece_length: PieceLength,
    ) -> Result<Pieces, Failure> {
        let mut spans = Spans::of_size(job.length, job.span_size).ranges();
        let mut pieces = Pieces::unknown(job.length, piece_length);
        let mut reads = JoinSet::new();
        loop {
            while reads.len() < FRAGMENTS_AT_A_TIME
                && let Some(span) = spans.next()
            {
                let fragments = fragments.clone();
                let length = Pieces::byte_length(span.length(), piece_length);
                let read = async move { (span, fragments.span(span, length).await) };
                reads.spawn(read.in_current_span());
            }
            let Some(read) = reads.join_next().await else { return Ok(pieces) };
            let (span, digests) = read.map_err(Error::Task)?;
            let digests = digests?.ok_or(Failure::Incomplete)?;
            if !pieces.fill_bytes(span.start / piece_length.get(), &digests) {
                return Err(Failure::Failed(Error::Misplaced));
            }
        }
    }

    /// A task names its object by itself: it is held to `BUCKETS` like any request.
    fn request(&self, input: &Input) -> Result<TorrentRequest, Failure> {
        let request = request(input)?;
        self.operation.check_served(&request)?;
        Ok(request)
    }

    async fn clean(&self, job: &Job, meter: &Meter) -> Result<(), Failure> {
        let request = self.request(&job.input)?;
        Ok(self.fragments(&request, job, meter).delete().await?)
    }

    /// A map tells only that a child failed: the reason is left for Explain.
    async fn leave(&self, failure: &Failure, job: &Job, meter: &Meter) {
        let Ok(request) = self.request(&job.input) else { return };
        let reason = to_json(&failure.reason()).to_string().into_bytes();
        if let Err(error) = self.fragments(&request, job, meter).put_failure(reason).await {
            tracing::warn!(cause = causes(&error), "the task's failure cannot be left");
        }
    }

    /// An object that changed ends its job by that name, whatever the map says, and what was hashed of it is of no more
    /// use. Otherwise fragments stay: the next attempt uses them.
    async fn explain(&self, job: &Job, caught: &Caught, meter: &Meter) -> Result<Reason, Failure> {
        let request = self.request(&job.input)?;
        let fragments = self.fragments(&request, job, meter);
        match self.operation.head(&request, meter).await {
            Ok(head) if job.input.is_of(&head.etag) => {}
            Ok(_) | Err(s3::Error::NoSuchKey { .. } | s3::Error::NoSuchVersion | s3::Error::DeleteMarker) => {
                fragments.delete().await?;
                return Ok(Reason { quiet: job.input.quiet, ..Failure::ObjectChanged.reason() });
            }
            // Deleted, where S3 does not tell; or no longer public.
            Err(error @ s3::Error::AccessDenied) => {
                return Ok(Reason { quiet: job.input.quiet, ..Failure::from(error).reason() });
            }
            Err(error) => return Err(error.into()),
        }
        let left = fragments.failure().await?.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        // Of another failure than the one that was caught it is no longer true: that one passed.
        let left = left.filter(|left: &Reason| tells_nothing(caught) || left.error == caught.error);
        Ok(left.unwrap_or_else(|| without_a_word(caught)))
    }

    pub(super) fn fragments(&self, request: &TorrentRequest, job: &Job, meter: &Meter) -> Fragments {
        let TorrentRequest { object, options, .. } = request;
        Fragments::new(self.client.clone(), &self.config.sidecar, object, options, &job.id, meter.clone())
    }
}

/// What a map says of its children, and Assemble of spans that are not hashed.
fn tells_nothing(caught: &Caught) -> bool {
    [CHILD_FAILED, Failure::Incomplete.name()].contains(&caught.error.as_str())
}

/// Of functions that were killed, or ran out of time; or AWS's own words, which callers are not told.
fn without_a_word(caught: &Caught) -> Reason {
    let (error, cause) = match caught.error.as_str() {
        CHILD_FAILED => ("HashFailed", "a function ended without a word, or not in time".to_owned()),
        "Incomplete" => ("Incomplete", "no function was free for some spans, round after round".to_owned()),
        error => (error, caught.cause.clone()),
    };
    Reason { error: error.to_owned(), cause, quiet: false }
}

pub(super) fn request(input: &Input) -> Result<TorrentRequest, Failure> {
    let object = input.object().ok_or(Failure::BadInput("no bucket can have this name"))?;
    Ok(TorrentRequest { object, options: input.options(), presigned: None, may_start_job: false })
}

/// What Plan makes no job of: a length decides how much memory is taken.
fn check(job: &Job) -> Result<(), Failure> {
    let piece_length = piece_length(job)?;
    let is_length = (1..=MAX_OBJECT_BYTES).contains(&job.length);
    if !is_length || piece_length.piece_count(job.length) > MAX_PIECES {
        return Err(Failure::BadInput("no object has this length and piece length"));
    }
    let is_split = job.span_size > 0 && job.span_size.is_multiple_of(job.piece_length);
    is_split.then_some(()).ok_or(Failure::BadInput("the spans are no whole pieces"))
}

fn piece_length(job: &Job) -> Result<PieceLength, Failure> {
    PieceLength::new(job.piece_length).ok_or(Failure::BadInput("the piece length is none"))
}

/// What reads are held to.
fn head_of(job: &Job) -> Result<ObjectHead, Failure> {
    let etag = job.input.etag.clone().ok_or(Failure::BadInput("no ETag"))?;
    Ok(ObjectHead::of(job.length, etag))
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
