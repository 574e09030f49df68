//! Hash: the piece hashes of one span, as a fragment.

use super::{TaskFailure, worker::JobObject};
use crate::{jobs::Job, object::ByteRange};

impl JobObject {
    /// Hashes `span`, unless an earlier run has left its fragment.
    pub(super) async fn hash(&self, job: &Job, span: ByteRange) -> Result<(), TaskFailure> {
        if !job.spans.are_whole_pieces(span) {
            return Err(TaskFailure::BadInput("the span is not whole pieces of the object".to_owned()));
        }
        let piece_length = job.spans.piece_length();
        if self.fragments.span(span, piece_length).await?.is_some() {
            return Ok(());
        }
        let pieces = self.torrent.hash_span(&job.head(), span, piece_length).await?;
        Ok(self.fragments.put_span(span, &pieces).await?)
    }
}
