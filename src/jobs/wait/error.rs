//! Why a caller gets no torrent from a job, or not yet.

use crate::{
    jobs::{ExecutionState, PlaceError, WorkflowError},
    service,
};

/// This says why a job has not given a caller the torrent.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The job runs, and has not ended in time.
    #[error("the job has not ended")]
    Running {
        /// How far the job is.
        progress: JobProgress,
        /// How the attempt before this one ended, where there was one.
        earlier: Option<ExecutionState>,
    },
    /// The job ended without a torrent.
    #[error("the job ended without a torrent: {state:?}")]
    Failed {
        /// How the job ended.
        state: ExecutionState,
        /// Whether no other attempt is made within the hour.
        exhausted: bool,
    },
    /// HEAD was asked for an object whose torrent a job must make.
    #[error("the torrent is not ready")]
    NotReady,
    /// The job would have to keep the caller's presigned URL.
    #[error("a job cannot read by a presigned URL")]
    Presigned,
    /// The job could not leave its torrent.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// The job cannot be started or found.
    #[error("the job cannot be started")]
    Workflow(#[from] WorkflowError),
    /// The job's torrent cannot be built from the sidecar.
    #[error(transparent)]
    Torrent(#[from] service::Error),
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// The object's size in bytes.
    pub size: u64,
    /// The number of spans that have been hashed, where S3 told.
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
