//! Hash: the piece hashes of one span, as a fragment.

use super::{TaskFailure, task::Span, worker::JobObject};
use crate::{jobs::Job, object::ByteRange};

impl JobObject {
    /// Hashes `span`, unless an earlier run has left its fragment.
    pub(super) async fn hash(&self, job: &Job, span: Span) -> Result<(), TaskFailure> {
        let range = span_of(job, span)
            .ok_or_else(|| TaskFailure::BadInput("the span is not whole pieces of the object".to_owned()))?;
        if self.fragments.span(range, job.piece_length).await?.is_some() {
            return Ok(());
        }
        let pieces = self.torrent.hash_span(&job.head, range, job.piece_length).await?;
        Ok(self.fragments.put_span(range, &pieces).await?)
    }
}

fn span_of(job: &Job, Span { start, end }: Span) -> Option<ByteRange> {
    let begins_piece = |offset: u64| offset.is_multiple_of(job.piece_length.get());
    let is_whole = begins_piece(start) && (end == job.head.length || begins_piece(end));
    (is_whole && start < end && end <= job.head.length).then_some(ByteRange { start, end })
}
