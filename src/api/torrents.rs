//! A request for a torrent: *look up, read, store*. A job reads what is too large for a request.

use tokio::time::{Instant, timeout_at};

use crate::{
    jobs::{Jobs, WaitError},
    meter::Meter,
    operation::{
        self, BoundOperation, GetObjectTorrent, Lookup, SIDECAR_TIMEOUT, Torrent, TorrentRequest, Unread,
        UnstoredTorrent,
    },
    s3,
};

/// How often an object that changes is looked up and read.
const ATTEMPTS: u32 = 2;

/// Why a request gets no torrent.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The operation failed.
    #[error(transparent)]
    Torrent(#[from] operation::Error),
    /// The job failed, or has not ended.
    #[error(transparent)]
    Job(#[from] WaitError),
    /// The object changed while it was read, both times.
    #[error("the object changed twice while it was read")]
    ChangedTwice,
    /// `TIME_BUDGET_MS` is used up.
    #[error("the time budget is over")]
    OutOfTime {
        /// The size of what is read in bytes, or 0 if it is not known yet.
        size: u64,
        /// The number of objects in a collection, or 0 for one object.
        objects: usize,
        /// What was to read the object.
        read_by: ReadBy,
    },
}

/// What reads an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReadBy {
    /// The request, because there are no jobs.
    Request,
    /// The request, because a job reads only larger objects.
    RequestBesideJobs,
    /// A job.
    Job,
}

/// The deadlines of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    /// When there must be a torrent.
    pub(super) torrent: Instant,
    /// When the request must be answered.
    pub(super) answer: Instant,
}

/// The operation, and the jobs for objects that no request can read in time.
#[derive(Clone, Debug)]
pub(super) struct Torrents {
    operation: GetObjectTorrent,
    jobs: Option<Jobs>,
}

impl Error {
    /// Returns whether nothing is wrong, and the caller only has to wait.
    pub(super) fn is_only_early(&self) -> bool {
        matches!(self, Self::Job(error) if error.is_only_early())
    }
}

impl Torrents {
    pub(super) fn new(operation: GetObjectTorrent, jobs: Option<Jobs>) -> Self {
        Self { operation, jobs }
    }

    /// Returns the torrent by `deadlines.torrent`. Storing its sidecar may then take [`SIDECAR_TIMEOUT`] more, but only
    /// until `deadlines.answer`, and never fails the request.
    pub(super) async fn get(
        &self,
        request: TorrentRequest,
        may_start_job: bool,
        deadlines: Deadlines,
        meter: &Meter,
    ) -> Result<Torrent, Error> {
        let operation = self.operation.open(request, meter)?;
        let torrent = self.make(&operation, may_start_job, deadlines.torrent).await?;
        Ok(operation.store(torrent, deadlines.answer.min(Instant::now() + SIDECAR_TIMEOUT)).await)
    }

    /// Looks up and reads the object, and starts over once if it changes meanwhile.
    async fn make(
        &self,
        operation: &BoundOperation,
        may_start_job: bool,
        until: Instant,
    ) -> Result<UnstoredTorrent, Error> {
        for _ in 0..ATTEMPTS {
            let looked_up = timeout_at(until, operation.look_up()).await.map_err(|_| self.out_of_time(0, 0))?;
            let made = match looked_up {
                Ok(Lookup::Ready(torrent)) => return Ok(torrent),
                Ok(Lookup::Unread(unread)) => self.hash(operation, unread, may_start_job, until).await,
                Err(error) => Err(error.into()),
            };
            if !made.as_ref().is_err_and(is_change) {
                return made;
            }
            tracing::info!("the object or collection changed while it was read");
        }
        Err(Error::ChangedTwice)
    }

    async fn hash(
        &self,
        operation: &BoundOperation,
        unread: Unread,
        may_start_job: bool,
        until: Instant,
    ) -> Result<UnstoredTorrent, Error> {
        let (size, objects) = (unread.subject.head.length, unread.subject.objects());
        let hash = async {
            match &self.jobs {
                Some(jobs) if jobs.takes(size, objects) => {
                    Ok(jobs.torrent(operation, &unread, may_start_job, until).await?)
                }
                _ => Ok(operation.read(unread).await?),
            }
        };
        timeout_at(until, hash).await.map_err(|_| self.out_of_time(size, objects))?
    }

    fn out_of_time(&self, size: u64, objects: usize) -> Error {
        let read_by = match &self.jobs {
            None => ReadBy::Request,
            Some(jobs) if jobs.takes(size, objects) => ReadBy::Job,
            Some(_) => ReadBy::RequestBesideJobs,
        };
        Error::OutOfTime { size, objects, read_by }
    }
}

fn is_change(error: &Error) -> bool {
    matches!(error, Error::Torrent(operation::Error::S3(s3::Error::Changed)))
}
