//! Why a caller gets no torrent from a job, or not yet, in the words that the caller reads.

use crate::{
    jobs::{
        FailureKind, PlaceError,
        workflow::{ExecutionState, WorkflowError},
    },
    operation,
};

/// Why a caller gets no torrent from a job. The text is the message in the error document.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The job runs, and has not ended in time.
    #[error("{}", running(progress, earlier.as_ref()))]
    Running {
        /// How far the job is.
        progress: JobProgress,
        /// How the attempt before this one ended, if there was one.
        earlier: Option<ExecutionState>,
    },
    /// The job ended without a torrent.
    #[error("{}", failed(state, *exhausted))]
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
    #[error("{}", no_place(*.0))]
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

/// Says why the job has no place for the torrent, and what to do.
fn no_place(error: PlaceError) -> &'static str {
    match error {
        PlaceError::Taken => {
            "A job makes the torrent of an object this large, and stores it as the object's sidecar. Another object \
             has the sidecar's key, or the key would be longer than 1024 bytes. Move that object, or ask this \
             service's operator to set SIDECAR_PREFIX or SIDECAR_BUCKET."
        }
        PlaceError::NoCredentials => {
            "A job makes the torrent of an object this large, and this service has no AWS credentials to store it. Ask \
             this service's operator for credentials."
        }
        PlaceError::OtherRegion => {
            "A job makes the torrent of an object this large, and keeps its work beside the sidecar. The sidecar's \
             bucket is in another AWS Region than this service. Ask this service's operator to set SIDECAR_BUCKET to a \
             bucket in the service's own Region, or to serve the bucket by a stack in its Region."
        }
    }
}

/// Says how far the job is. `earlier` is how the attempt before this one ended.
fn running(progress: &JobProgress, earlier: Option<&ExecutionState>) -> String {
    let JobProgress { size, objects, hashed, spans } = progress;
    let done = match hashed {
        Some(hashed) if hashed < spans => format!("{hashed} of {spans} spans are hashed"),
        Some(_) => format!("all {spans} spans are hashed"),
        None => format!("there are {spans} spans to hash"),
    };
    let before = earlier.map(|state| format!(" The previous attempt {}.", ending(state))).unwrap_or_default();
    let subject = if *objects > 0 { format!("these {objects} objects") } else { "this object".to_owned() };
    format!("A job is making the torrent of {subject} of {size} bytes: {done}.{before} Try again.")
}

/// Says how the job failed, and whether to ask again.
fn failed(state: &ExecutionState, exhausted: bool) -> String {
    let is_change = |error: &str| FailureKind::from_name(error) == Some(FailureKind::ObjectChanged);
    let then = match state {
        _ if exhausted => "It has been tried several times within the hour. Try again later.",
        ExecutionState::Failed { error, .. } if !is_change(error) => {
            "Try again: the job then restarts, and keeps what it has hashed."
        }
        _ => "Try again.",
    };
    format!("The job that makes the torrent {}. {then}", ending(state))
}

/// Callers read only the job's own causes. Other causes are AWS's, and name its resources.
fn ending(state: &ExecutionState) -> String {
    match state {
        ExecutionState::Failed { error, cause } if FailureKind::from_name(error).is_some() => {
            format!("failed ({error}: {})", cause.trim_end_matches('.'))
        }
        ExecutionState::Failed { error, .. } => format!("failed ({error})"),
        ExecutionState::Running | ExecutionState::Succeeded => "ended without storing the torrent".to_owned(),
    }
}
