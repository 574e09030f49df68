//! Assemble: the sidecar, made of all fragments.

use tokio::task::JoinSet;
use tracing::Instrument;

use super::{JobObject, TaskFailure};
use crate::{
    jobs::{Job, PlaceError},
    object::ByteRange,
    operation::{Error, Torrent},
    s3::{
        self,
        reading::ObjectHead,
        sidecar::{Slot, Write},
    },
    torrent::Pieces,
};

/// Fragments are small, so reading them costs only latency, and `FETCH_CONCURRENCY` would be too few.
const READS_AT_A_TIME: usize = 64;
/// Others may write to the sidecar's key at the same time, but not for ever.
const RACES: u32 = 3;

impl JobObject {
    /// Stores the sidecar of the job's object, if that is still what Plan saw.
    pub(in crate::jobs) async fn assemble(&self, job: &Job) -> Result<(), TaskFailure> {
        let subject = self.operation.find().await?;
        let head = &subject.head;
        // The hashes belong to these bytes, and must not get a torrent of another length.
        if (&head.etag, head.length) != (&job.etag, job.spans.length()) {
            return Err(TaskFailure::ObjectChanged);
        }
        let pieces = self.collect(job, job.spans.ranges(subject.members.as_deref())).await?;
        let torrent = self.operation.assemble(&subject, job.spans.piece_length(), pieces)?;
        tokio::join!(self.store(&torrent, head), self.operation.register(&torrent)).0
    }

    /// Reads the fragments of `spans` in parallel, and puts each in its place.
    async fn collect(&self, job: &Job, spans: Vec<ByteRange>) -> Result<Pieces, TaskFailure> {
        let mut spans = spans.into_iter();
        let piece_length = job.spans.piece_length();
        let mut pieces = Pieces::unknown(job.spans.length(), piece_length);
        let mut reads = JoinSet::new();
        loop {
            while reads.len() < READS_AT_A_TIME
                && let Some(span) = spans.next()
            {
                let fragments = self.fragments.clone();
                let read = async move { (span, fragments.span(span, piece_length).await) };
                reads.spawn(read.in_current_span());
            }
            let Some(read) = reads.join_next().await else { return Ok(pieces) };
            let (span, hashes) = read.map_err(Error::from)?;
            let hashes = hashes?.ok_or(TaskFailure::Incomplete)?;
            if !pieces.fill(span.start / piece_length.get(), hashes.hashes()) {
                return Err(Error::MisplacedHashes.into());
            }
        }
    }

    /// Stores the sidecar. Unlike in a request, that must succeed: the sidecar is all that a job makes.
    async fn store(&self, torrent: &Torrent, head: &ObjectHead) -> Result<(), TaskFailure> {
        for _ in 0..RACES {
            let replaced = match self.sidecars.read().await? {
                Slot::Free => None,
                Slot::Closed => return Err(PlaceError::Taken.into()),
                // An earlier try of this task may have stored it.
                Slot::Taken(sidecar) if torrent.is_stored_in(&sidecar, head) => return Ok(()),
                Slot::Taken(sidecar) => Some(sidecar),
            };
            if self.sidecars.write(head, &torrent.sidecar_content(), replaced.as_ref()).await? == Write::Done {
                return Ok(());
            }
        }
        Err(s3::Error::Unavailable("the object at the sidecar's key keeps changing".into()).into())
    }
}
