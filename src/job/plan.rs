//! Plan: HEAD, sidecar and part checksums first; then how the object is split.

use super::{
    Failure, Items, Job, Plan, Span, Started, Worker,
    worker::{request, to_json},
};
use crate::{
    object::ObjectId,
    s3::{self, Meter, ObjectHead},
    service::{Error, Known, TorrentRequest},
    torrent::PieceLength,
    workflow::{Input, Spans, execution_name, job_id},
};

impl Worker {
    pub(super) async fn plan(&self, started: Started, meter: &Meter) -> Result<Plan, Failure> {
        let (input, min_size) = match started {
            Started::Asked(input) => (input, None),
            Started::Created(created) => (created.detail.into(), Some(created.min_size)),
        };
        let request = request(&input)?;
        let (head, piece_length) = match self.operation.known(&request, meter).await {
            Ok(Known::Unread { head, piece_length }) => (head, piece_length),
            Ok(Known::Ready(origin)) => return Ok(done(origin.as_str())),
            Err(error) => return nothing_to_do(error),
        };
        if !input.is_of(&head.etag) {
            return Ok(done("the object was replaced meanwhile"));
        }
        let input = Input { etag: Some(head.etag.clone()), ..input };
        match min_size {
            Some(size) if head.length < size => Ok(done("the object is left to requests: it is small")),
            Some(_) => Ok(start(&request.object, input, piece_length)),
            None => self.read(&request, input, &head, piece_length, meter).await,
        }
    }

    async fn read(
        &self,
        request: &TorrentRequest,
        input: Input,
        head: &ObjectHead,
        piece_length: PieceLength,
        meter: &Meter,
    ) -> Result<Plan, Failure> {
        let spans = Spans::of(head.length, piece_length, self.config.span_size);
        let job = Job {
            id: job_id(&request.object, &head.etag, piece_length.get()),
            input,
            length: head.length,
            piece_length: piece_length.get(),
            span_size: spans.size(),
        };
        let fragments = self.fragments(request, &job, meter);
        let items: Vec<Span> = spans.ranges().map(Span::from).collect();
        // An earlier attempt's words would be taken for this one's.
        fragments.delete_failure().await?;
        fragments.put_items(to_json(&items).to_string().into_bytes()).await?;
        let (bucket, key) = fragments.items();
        Ok(Plan::Read { job, items: Items { bucket, key }, concurrency: self.config.job_concurrency })
    }
}

fn start(object: &ObjectId, input: Input, piece_length: PieceLength) -> Plan {
    let id = job_id(object, input.etag.as_deref().unwrap_or_default(), piece_length.get());
    Plan::Start { name: execution_name(&id, 1), input }
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
        | Error::NoPlace
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
