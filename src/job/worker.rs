//! The function behind the workflow's states.

use std::sync::Arc;

use aws_sdk_s3::Client;
use serde_json::Value;
use tokio::task::JoinSet;
use tracing::Instrument;

use super::{Asked, Items, Job, Plan, Spans, Task, job_id, task::Span};
use crate::{
    config::Config,
    object::{ByteRange, ObjectId},
    s3::{self, Clients, Fragments, Meter, ObjectHead},
    service::{Error, GetObjectTorrent, Known, TorrentRequest},
    torrent::{PieceLength, Pieces},
};

/// Fragments are small, and it is latency that reading them costs: `FETCH_CONCURRENCY` would be too few.
const FRAGMENTS_AT_A_TIME: usize = 64;

/// One function for all states, with all that outlives a task.
#[derive(Clone, Debug)]
pub struct Worker {
    config: Arc<Config>,
    operation: Arc<GetObjectTorrent>,
    client: Client,
}

/// Why a task failed, by the name that the workflow's retriers and catchers know.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The object was replaced or deleted meanwhile: the job ends.
    #[error("the object changed while it was read")]
    ObjectChanged,
    /// S3 throttles or fails: the task is worth another try.
    #[error("S3 is unavailable")]
    Unavailable(#[source] Error),
    /// No other try helps.
    #[error("the task failed")]
    Failed(#[source] Error),
    /// An input that is no job of this function's.
    #[error("the input is no job: {0}")]
    BadInput(&'static str),
}

impl Failure {
    /// As the workflow names it: `errorType` of the function's answer.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ObjectChanged => "ObjectChanged",
            Self::Unavailable(_) => "Unavailable",
            Self::Failed(_) => "Failed",
            Self::BadInput(_) => "BadInput",
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::S3(s3::Error::Changed | s3::Error::NoSuchKey { .. } | s3::Error::NoSuchVersion)
            | Error::ChangedTwice => Self::ObjectChanged,
            Error::S3(s3::Error::Unavailable(_) | s3::Error::Interrupted(_) | s3::Error::Malformed(_))
            | Error::OutOfTime { .. }
            | Error::Task(_) => Self::Unavailable(error),
            error => Self::Failed(error),
        }
    }
}

impl From<s3::Error> for Failure {
    fn from(error: s3::Error) -> Self {
        Self::from(Error::S3(error))
    }
}

impl Worker {
    /// The worker of `config`, with the same clients as the API function's.
    #[must_use]
    pub fn new(config: Arc<Config>, clients: Clients) -> Self {
        let client = clients.signed.clone();
        let operation = Arc::new(GetObjectTorrent::new(Arc::clone(&config), clients));
        Self { config, operation, client }
    }

    /// Does `task`; what it tells the workflow.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn run(&self, task: Task) -> Result<Value, Failure> {
        let meter = Meter::default();
        match task {
            Task::Plan { input } => self.plan(input.into(), &meter).await.map(|plan| to_json(&plan)),
            Task::Hash { job, span } => self.hash(&job, span, &meter).await.map(|()| Value::Null),
            Task::Assemble { job } => self.assemble(&job, &meter).await.map(|()| Value::Null),
            Task::Clean { job } => self.clean(&job, &meter).await.map(|()| Value::Null),
        }
    }

    async fn plan(&self, asked: Asked, meter: &Meter) -> Result<Plan, Failure> {
        let request = request(&asked)?;
        let (head, piece_length) = match self.operation.known(&request, meter).await {
            Ok(Known::Unread { head, piece_length }) => (head, piece_length),
            Ok(Known::Ready(origin)) => return Ok(done(origin.as_str())),
            Err(error) => return nothing_to_do(error),
        };
        if asked.etag.as_deref().is_some_and(|etag| etag.trim_matches('"') != head.etag.trim_matches('"')) {
            return Ok(done("the object was replaced meanwhile"));
        }
        let spans = Spans::of(head.length, piece_length, self.config.span_size);
        let job = Job {
            id: job_id(&request.object, &head.etag, piece_length.get()),
            asked: Asked { etag: Some(head.etag), ..asked },
            length: head.length,
            piece_length: piece_length.get(),
            span_size: spans.size(),
        };
        let fragments = self.fragments(&request.object, &job, meter);
        let items: Vec<Span> = spans.ranges().map(Span::from).collect();
        fragments.put_items(to_json(&items).to_string().into_bytes()).await?;
        let (bucket, key) = fragments.items();
        Ok(Plan::Read { job, items: Items { bucket, key } })
    }

    /// A span whose fragment is there already, from an earlier run, is not read again.
    async fn hash(&self, job: &Job, span: Span, meter: &Meter) -> Result<(), Failure> {
        let request = request(&job.asked)?;
        let (piece_length, head) = (piece_length(job)?, head_of(job)?);
        let range = ByteRange { start: span.start, end: span.end };
        let whole = span.start < span.end && span.end <= job.length && span.start.is_multiple_of(job.piece_length);
        if !whole {
            return Err(Failure::BadInput("the span is none of the object's"));
        }
        let fragments = self.fragments(&request.object, job, meter);
        let length = digests_length(range, piece_length);
        if fragments.span(range, length).await?.is_some() {
            return Ok(());
        }
        let pieces = self.operation.hash_span(&request, &head, range, piece_length, meter).await?;
        Ok(fragments.put_span(range, pieces.into_bytes()).await?)
    }

    async fn assemble(&self, job: &Job, meter: &Meter) -> Result<(), Failure> {
        let request = request(&job.asked)?;
        let (piece_length, head) = (piece_length(job)?, head_of(job)?);
        let fragments = self.fragments(&request.object, job, meter);
        let pieces = self.collect(&fragments, job, piece_length).await?;
        Ok(self.operation.assemble(&request, &head.etag, piece_length, pieces, meter).await?)
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
                let length = digests_length(span, piece_length);
                let read = async move { (span, fragments.span(span, length).await) };
                reads.spawn(read.in_current_span());
            }
            let Some(read) = reads.join_next().await else { return Ok(pieces) };
            let (span, digests) = read.map_err(Error::Task)?;
            let digests = digests?.ok_or(Failure::Failed(Error::Misplaced))?;
            if !pieces.fill_bytes(span.start / piece_length.get(), &digests) {
                return Err(Failure::Failed(Error::Misplaced));
            }
        }
    }

    async fn clean(&self, job: &Job, meter: &Meter) -> Result<(), Failure> {
        let request = request(&job.asked)?;
        Ok(self.fragments(&request.object, job, meter).delete().await?)
    }

    fn fragments(&self, object: &ObjectId, job: &Job, meter: &Meter) -> Fragments {
        Fragments::new(self.client.clone(), &self.config.sidecar, object, &job.id, meter.clone())
    }
}

fn request(asked: &Asked) -> Result<TorrentRequest, Failure> {
    let object = asked.object().ok_or(Failure::BadInput("no bucket can have this name"))?;
    Ok(TorrentRequest { object, options: asked.options() })
}

fn piece_length(job: &Job) -> Result<PieceLength, Failure> {
    PieceLength::new(job.piece_length).ok_or(Failure::BadInput("the piece length is none"))
}

/// What reads are held to.
fn head_of(job: &Job) -> Result<ObjectHead, Failure> {
    let etag = job.asked.etag.clone().ok_or(Failure::BadInput("no ETag"))?;
    Ok(ObjectHead::of(job.length, etag))
}

fn digests_length(span: ByteRange, piece_length: PieceLength) -> usize {
    usize::try_from(piece_length.piece_count(span.length()) * 20).unwrap_or(usize::MAX)
}

fn done(reason: &str) -> Plan {
    Plan::Done { reason: reason.to_owned() }
}

/// An object that is gone, or that gets no torrent at all, is no failure of the workflow's: S3's own events tell of
/// many such.
fn nothing_to_do(error: Error) -> Result<Plan, Failure> {
    match error {
        Error::EmptyObject
        | Error::IsSidecar
        | Error::TooLarge { .. }
        | Error::TooManyPieces { .. }
        | Error::BucketNotServed
        | Error::S3(
            s3::Error::NoSuchKey { .. }
            | s3::Error::NoSuchVersion
            | s3::Error::DeleteMarker
            | s3::Error::Archived
            | s3::Error::AccessDenied,
        ) => Ok(done(&error.to_string())),
        error => Err(error.into()),
    }
}

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
