//! The reasons why a prefix gets no torrent.

use super::names::BadName;

/// Why a prefix gets no torrent. The text is the message in the error document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectionError {
    /// The request names one object's version, or proves READ access to one object.
    #[error(
        "There is no object of this key with content, so the key names a prefix. Ask for the torrent of a prefix \
         without versionId and presigned: both are for a single object."
    )]
    OneObject,
    /// Clients would ask S3 for another key, or could not store the file.
    #[error("The object '{key}' keeps the prefix from getting a torrent: {name}. Rename or move it.")]
    Name {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        name: BadName,
    },
    /// Clients do not load a torrent without bytes.
    #[error("All {0} objects below the prefix are empty. No client loads a torrent of 0 bytes.")]
    OnlyEmpty(usize),
    /// There are more objects than `MAX_COLLECTION_OBJECTS`.
    #[error(
        "There are at least {count} objects below the prefix, and MAX_COLLECTION_OBJECTS of this service is {limit}. \
         Ask for a longer prefix, or ask this service's operator to raise it."
    )]
    TooMany {
        /// How many were listed.
        count: usize,
        /// The value of `MAX_COLLECTION_OBJECTS`.
        limit: usize,
    },
    /// The torrent would not fit a Lambda response.
    #[error(
        "The torrent of the {files} objects below the prefix would have {bytes} bytes of names and hashes, and at most \
         {limit} fit a response. Ask for a longer prefix."
    )]
    DoesNotFit {
        /// How many files the torrent would have.
        files: usize,
        /// The size of the info dictionary in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// The sum of the sizes exceeds 64 bits.
    #[error("The sizes of the objects below the prefix cannot be added up.")]
    Endless,
}
