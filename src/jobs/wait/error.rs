//! Why a caller gets no torrent from a job, or not yet.

use super::messages;
use crate::{
    jobs::{
        PlaceError,
        workflow::{ExecutionState, WorkflowError},
    },
    operation,
};

/// Why a caller gets no torrent from a job. The text is the message in the error document.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The job runs, and has not ended in time.
    #[error("{}", messages::running(progress, earlier.as_ref()))]
    Running {
        /// How far the job is.
        progress: JobProgress,
        /// How the attempt before this one ended, if there was one.
        earlier: Option<ExecutionState>,
    },
    /// The job ended without a torrent.
    #[error("{}", messages::failed(state, *exhausted))]
    Failed {
        /// How the job ended.
        state: ExecutionState,
        /// Whether no other attempt is made within the hour.
        exhausted: bool,
    },
    /// HEAD asks for a torrent that a job must make.
    #[error("The torrent is not ready. A GET starts the job that makes it.")]
    NotReady,
    /// The job would have to keep the caller's presigned URL.
    #[error(
        "The object is larger than this service's INLINE_MAX_SIZE, so a job must read it, and a job cannot use a \
         presigned URL: it would have to keep the URL. Upload the object with --checksum-algorithm SHA1, or ask this \
         service's operator to raise INLINE_MAX_SIZE."
    )]
    Presigned,
    /// The job could not leave its torrent.
    #[error("{}", messages::no_place(*.0))]
    Place(#[from] PlaceError),
    /// The job cannot be started or found.
    #[error(
        "The job that makes this object's torrent can be neither started nor found: AWS Step Functions is busy or \
         cannot be reached. Reduce your request rate."
    )]
    Workflow(#[from] WorkflowError),
    /// The job's torrent cannot be built from the sidecar.
    #[error(transparent)]
    Torrent(#[from] operation::Error),
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// The size of what is read, in bytes.
    pub size: u64,
    /// The number of objects in a collection, or 0 for one object.
    pub objects: usize,
    /// The number of spans that have been hashed, if S3 reported it.
    pub hashed: Option<u64>,
    /// The number of spans.
    pub spans: u64,
}

impl WaitError {
    /// Returns whether the caller is only early, and nothing is wrong.
    pub fn is_only_early(&self) -> bool {
        matches!(self, Self::Running { .. } | Self::NotReady)
    }
}
