//! Why a request is refused before S3 is asked.

use crate::s3::access::PresignedUrlError;

/// This says why a request is refused before S3 is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the method is not GET, HEAD or OPTIONS")]
    MethodNotAllowed,
    #[error("the path is not percent-encoded UTF-8")]
    InvalidUri,
    #[error("the request is for another operation of S3")]
    NotImplemented,
    #[error("the request is for the torrent of a bucket")]
    TorrentOfBucket,
    #[error("the bucket name breaks S3's rules")]
    InvalidBucketName,
    #[error("the bucket is a directory bucket")]
    DirectoryBucket,
    #[error("the key is only white space, which the SDK cannot send")]
    BlankKey,
    #[error("the key is too long")]
    KeyTooLong,
    #[error("x-amz-request-payer is not 'requester'")]
    InvalidRequestPayer,
    #[error("x-amz-expected-bucket-owner is not 12 digits")]
    InvalidBucketOwner,
    #[error("the version ID is malformed")]
    InvalidVersionId,
    #[error("the presigned URL {0}")]
    PresignedUrl(PresignedUrlError),
}
