//! Plan: HEAD, sidecar and part checksums first; then how the object is split.

use super::{
    Failure, Items, Job, Plan, Span, Started, Worker,
    worker::{request, to_json},
};
use crate::{
    s3::{self, Meter, ObjectHead},
    service::{Error, Known, TorrentRequest},
    torrent::PieceLength,
    workflow::{Begun, Executions, Input, Spans, execution_name, job_id},
};

impl Worker {
    pub(super) async fn plan(
        &self,
        started: Started,
        state_machine: Option<String>,
        meter: &Meter,
    ) -> Result<Plan, Failure> {
        let (input, event) = match started {
            Started::Asked(input) => (input, None),
            Started::Created(created) => (created.detail.into(), Some(created.min_size)),
        };
        let request = request(&input)?;
        let (head, piece_length) = match self.operation.known(&request, meter).await {
            Ok(Known::Unread { head, piece_length }) => (head, piece_length),
            Ok(Known::Ready(origin)) => return Ok(done(origin.as_str())),
            Err(error) if input.quiet => return nothing_to_do(error),
            Err(error) => return Err(error.into()),
        };
        if !input.is_of(&head.etag) {
            return Ok(done("the object was replaced meanwhile"));
        }
        let input = Input { etag: Some(head.etag.clone()), ..input };
        let id = job_id(&request.object, head.version_id.as_deref(), &head.etag, piece_length.get());
        match event {
            Some(min_size) if head.length < min_size => {
                Ok(done("the object is small: it is left to requests"))
            }
            // Boxed: the compiler follows futures only so deep.
            Some(_) => Box::pin(self.begin(&id, &input, state_machine)).await,
            None => self.read(&request, input, id, &head, piece_length, meter).await,
        }
    }

    /// `EventBridge` names executions by itself. The job runs under the name that requests give it too, so that there
    /// is one.
    async fn begin(&self, id: &str, input: &Input, state_machine: Option<String>) -> Result<Plan, Failure> {
        let arn =
            state_machine.ok_or(Failure::BadInput("an event without a state machine to start its job"))?;
        let begun = Executions::new(&self.sdk, arn).begin(id, input).await.map_err(Error::Workflow)?;
        Ok(match begun {
            Begun::Running { attempt, .. } => done(&format!("its job runs: {}", execution_name(id, attempt))),
            Begun::GivenUp(_) => done("its job has failed several times within the hour"),
        })
    }

    async fn read(
        &self,
        request: &TorrentRequest,
        input: Input,
        id: String,
        head: &ObjectHead,
        piece_length: PieceLength,
        meter: &Meter,
    ) -> Result<Plan, Failure> {
        let spans = Spans::of(head.length, piece_length, self.config.span_size);
        let job =
            Job { id, input, length: head.length, piece_length: piece_length.get(), span_size: spans.size() };
        let fragments = self.fragments(request, &job, meter);
        let items: Vec<Span> = spans.ranges().map(Span::from).collect();
        // An earlier attempt's words would be taken for this one's.
        fragments.delete_failure().await?;
        fragments.put_items(to_json(&items).to_string().into_bytes()).await?;
        let (bucket, key) = fragments.items();
        Ok(Plan::Read {
            job,
            items: Items { bucket, key },
            concurrency: self.config.job_concurrency,
            round: 0,
        })
    }
}

fn done(reason: &str) -> Plan {
    Plan::Done { reason: reason.to_owned() }
}

/// An object that is gone, or that gets no torrent at all: S3's own events tell of many such, and nobody waits.
fn nothing_to_do(error: Error) -> Result<Plan, Failure> {
    match error {
        Error::EmptyObject
        | Error::IsSidecar
        | Error::TooLarge { .. }
        | Error::TooManyPieces { .. }
        | Error::BucketNotServed
        | Error::NoPlace
        | Error::PlaceElsewhere
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
