//! Failures of the operation. `api::error_document` gives each its status and code.

use super::CollectionError;
use crate::s3;

/// Why there is no torrent.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `BUCKETS` does not list the bucket.
    #[error("the bucket is not served")]
    BucketNotServed,
    /// S3 refused or failed.
    #[error("S3 did not return the object")]
    S3(#[source] s3::Error),
    /// The object is empty. Clients do not load the torrent of an empty file.
    #[error("the object is empty")]
    EmptyObject,
    /// The object is a sidecar that this service wrote.
    #[error("the object is a sidecar")]
    IsSidecar,
    /// The object is larger than `MAX_OBJECT_SIZE`, which has this many bytes.
    #[error("the object is larger than {0} bytes")]
    TooLarge(u64),
    /// `PIECE_LENGTH`, which has this many bytes, is too small for the object.
    #[error("pieces of {0} bytes would be too many")]
    TooManyPieces(u64),
    /// The objects below a prefix cannot be one torrent.
    #[error(transparent)]
    Collection(#[from] CollectionError),
    /// S3 does not let the service list the prefix.
    #[error("the prefix may not be listed")]
    NotListed,
    /// An object of a collection cannot be read.
    #[error("the object '{key}' cannot be read")]
    Member {
        /// The object's key.
        key: String,
        /// S3's error.
        #[source]
        error: s3::Error,
    },
    /// The metainfo cannot be encoded.
    #[error("the metainfo cannot be encoded")]
    Encoding(#[from] serde_bencode::Error),
    /// A read ended in a panic.
    #[error("a read ended in a panic")]
    ReadPanicked(#[from] tokio::task::JoinError),
    /// A read returned too few or too many hashes for its range.
    #[error("a range has the wrong number of hashes")]
    MisplacedHashes,
}

impl From<s3::Error> for Error {
    fn from(error: s3::Error) -> Self {
        match error {
            s3::Error::Empty => Self::EmptyObject,
            error => Self::S3(error),
        }
    }
}
