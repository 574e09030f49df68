//! Hash: the piece hashes of one span, as a fragment.

use super::{JobObject, TaskFailure};
use crate::{
    jobs::{Item, Job, manifest},
    s3::reading::ObjectHead,
    torrent::Pieces,
};

impl JobObject {
    /// Hashes the span of `item`, unless an earlier run has left its fragment.
    pub(in crate::jobs) async fn hash(&self, job: &Job, item: &Item) -> Result<(), TaskFailure> {
        let span = item.range;
        if !job.spans.are_whole_pieces(span) || item.members.is_some() != job.target.collection {
            return Err(TaskFailure::BadInput("the span is not whole pieces of what the job reads".to_owned()));
        }
        if self.fragments.span(span, job.spans.piece_length()).await?.is_some() {
            return Ok(());
        }
        let pieces = self.read(job, item).await?;
        Ok(self.fragments.put_span(span, &pieces).await?)
    }

    async fn read(&self, job: &Job, item: &Item) -> Result<Pieces, TaskFailure> {
        let (span, piece_length) = (item.range, job.spans.piece_length());
        let Some(lines) = item.members else {
            let head = ObjectHead::new(job.spans.length(), job.etag.clone());
            return Ok(self.operation.hash_span(head, span, piece_length).await?);
        };
        let bytes = self.fragments.manifest(lines.bytes).await?.unwrap_or_default();
        let members = manifest::read(&bytes, lines.offset, span)
            .ok_or_else(|| TaskFailure::BadInput("the manifest lacks the span's objects".to_owned()))?;
        Ok(self.operation.hash_members(&members, lines.offset, span, piece_length).await?)
    }
}
