//! Why there is no torrent. `lambda::error_document` gives each its status and code.

use crate::s3;

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
    },
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
    /// Hashes that are not those of the range they were asked for.
    #[error("a range gave hashes that do not fit")]
    Misplaced,
}

impl Error {
    /// Of the second attempt: a change is now one too many.
    pub(super) fn or_changed_twice(self) -> Self {
        match self {
            Self::S3(s3::Error::Changed) => Self::ChangedTwice,
            error => error,
        }
    }
}
