//! Why there is no torrent. `lambda::error_document` gives each its status and code.

use crate::{
    s3,
    workflow::{self, State},
};

/// Why there is no torrent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `BUCKETS` does not list the bucket.
    #[error("the bucket is not served")]
    BucketNotServed,
    /// S3 said no.
    #[error("S3 gave no object")]
    S3(#[source] s3::Error),
    /// No client loads the torrent of an empty file.
    #[error("the object is empty")]
    EmptyObject,
    /// A torrent of a torrent that this service wrote.
    #[error("the object is a sidecar")]
    IsSidecar,
    /// Over `MAX_OBJECT_SIZE`.
    #[error("the object is larger than {limit} bytes")]
    TooLarge {
        /// `MAX_OBJECT_SIZE`, in bytes.
        limit: u64,
    },
    /// `PIECE_LENGTH` is too small for the object.
    #[error("pieces of {piece_length} bytes are too many")]
    TooManyPieces {
        /// `PIECE_LENGTH`, in bytes.
        piece_length: u64,
    },
    /// Replaced while it was read, and again while it was read anew.
    #[error("the object changed twice while it was read")]
    ChangedTwice,
    /// `TIME_BUDGET_MS` is over.
    #[error("the time budget is over")]
    OutOfTime {
        /// The object's size in bytes; 0 where S3 did not tell it in time.
        size: u64,
        /// Who was to read it.
        reader: Reader,
    },
    /// A job reads the object, and is not at its end.
    #[error("the job is not at its end")]
    JobRuns {
        /// How far it is.
        progress: JobProgress,
        /// How the attempt before this one ended, where there was one.
        earlier: Option<State>,
    },
    /// A job was to read the object, and failed.
    #[error("the job ended without a torrent: {state:?}")]
    JobFailed {
        /// How it ended.
        state: State,
        /// No other attempt is made within the hour.
        given_up: bool,
    },
    /// HEAD of an object whose torrent a job would have to make.
    #[error("the torrent is not ready")]
    NotReady,
    /// A job would have to keep the presigned URL.
    #[error("no job reads by a presigned URL")]
    PresignedJob,
    /// The job cannot be started or found.
    #[error("the job cannot be started")]
    Workflow(#[from] workflow::Error),
    /// Metainfo that cannot be encoded.
    #[error("the metainfo cannot be encoded")]
    Encoding(#[from] serde_bencode::Error),
    /// A read that ended in a panic.
    #[error("a read did not end")]
    Task(#[from] tokio::task::JoinError),
    /// An object of the user's lies at the sidecar's key, or the key would be too long: a job has nowhere to leave what
    /// it makes.
    #[error("the sidecar has no place")]
    NoPlace,
    /// The sidecar's bucket is in another region than the job.
    #[error("the sidecar's place is in another region")]
    PlaceElsewhere,
    /// Hashes that are not those of the range they were asked for.
    #[error("a range gave hashes that do not fit")]
    Misplaced,
}

/// Who reads an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// The request; there are no jobs.
    Request,
    /// The request; larger objects go to a job.
    RequestBesideJobs,
    /// A job.
    Job,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobProgress {
    /// The object's, in bytes.
    pub size: u64,
    /// Spans that have been hashed, where S3 told.
    pub hashed: Option<u64>,
    /// How many there are.
    pub spans: u64,
}

impl Error {
    /// The caller is only early: nothing is wrong.
    #[must_use]
    pub fn is_no_fault(&self) -> bool {
        matches!(self, Self::JobRuns { .. } | Self::NotReady)
    }

    /// Of the second attempt: a change is now one too many.
    pub(super) fn or_changed_twice(self) -> Self {
        match self {
            Self::S3(s3::Error::Changed) => Self::ChangedTwice,
            error => error,
        }
    }
}
