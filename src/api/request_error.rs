//! The reasons to refuse a request before any call to S3.

use crate::s3::access::PresignedUrlError;

/// Why a request is refused before any call to S3. The text is the message in the error document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RequestError {
    #[error("The specified method is not allowed here. Use GET, HEAD or OPTIONS.")]
    MethodNotAllowed,
    #[error("Couldn't parse the specified URI: the path must be percent-encoded UTF-8.")]
    InvalidUri,
    #[error(
        "The path arrived in two forms that name different keys. Repeat no slash in it, and write %2F for a slash at \
         the start of the key."
    )]
    TwoPaths,
    #[error(
        "This service answers only GetObjectTorrent. Ask for /bucket/key?torrent, and send other requests to Amazon \
         S3."
    )]
    NotImplemented,
    #[error("Requesting the torrent file of a bucket is not permitted. Name an object: /bucket/key?torrent.")]
    TorrentOfBucket,
    #[error("The specified bucket is not valid. Give a bucket's name, not an ARN or alias.")]
    InvalidBucketName,
    #[error("Torrents of objects in directory buckets are not supported.")]
    DirectoryBucket,
    #[error("Torrents of objects whose key is only white space are not supported.")]
    BlankKey,
    #[error("Your key is too long: at most 1024 bytes of UTF-8.")]
    KeyTooLong,
    #[error("The value of x-amz-request-payer must be 'requester'.")]
    InvalidRequestPayer,
    #[error("The value of x-amz-expected-bucket-owner must be an AWS account ID of 12 digits.")]
    InvalidBucketOwner,
    #[error("Invalid version id specified.")]
    InvalidVersionId,
    #[error(
        "The URL in the parameter 'presigned' {0}. Give a presigned GetObject URL of this object, at an S3 endpoint of \
         its bucket, and percent-encode all of it."
    )]
    PresignedUrl(PresignedUrlError),
}
