//! From an event to a [`TorrentRequest`], or to the reason why it is none. No S3 call is made here.

use lambda_http::{Request, http::Method};

use super::{
    address::{Address, RawPath},
    parameters::{asks_for_torrent, call_options, presigned, version_id},
};
use crate::{
    object::{BucketName, BucketNameError, MAX_KEY_BYTES, ObjectId},
    s3::{Endpoints, PresignedUrl, PresignedUrlError},
    service::TorrentRequest,
};

/// Why a request is refused before S3 is asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the method is none of GET, HEAD and OPTIONS")]
    MethodNotAllowed,
    #[error("the path is no percent-encoded UTF-8")]
    InvalidUri,
    #[error("another operation of S3")]
    NotImplemented,
    #[error("the torrent of a bucket")]
    TorrentOfBucket,
    #[error("the bucket name is against S3's rules")]
    InvalidBucketName,
    #[error("a directory bucket")]
    DirectoryBucket,
    #[error("the key is white space alone, which the SDK cannot send")]
    BlankKey,
    #[error("the key is too long")]
    KeyTooLong,
    #[error("x-amz-request-payer is not 'requester'")]
    InvalidRequestPayer,
    #[error("x-amz-expected-bucket-owner is not 12 digits")]
    InvalidBucketOwner,
    #[error("the version id is malformed")]
    InvalidVersionId,
    #[error("the presigned URL {0}")]
    PresignedUrl(PresignedUrlError),
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// CORS: what is allowed here?
    Preflight,
    /// The torrent of an object.
    Torrent(TorrentRequest),
}

/// A request, as far as it could be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// As the error document names it.
    pub(super) resource: String,
    /// Empty where the path names none.
    pub(super) address: Address,
    pub(super) asked: Result<Asked, Refusal>,
}

/// Checks `request`: method, path, names, then headers and parameters.
pub(super) fn parse(request: &Request, domain: Option<&str>, endpoints: &Endpoints) -> Parsed {
    let path = RawPath::of(request, domain);
    let address = path.address();
    let resource = path.resource();
    let asked = match *request.method() {
        Method::OPTIONS => Ok(Asked::Preflight),
        Method::GET | Method::HEAD => {
            let address = address.as_ref().ok_or(Refusal::InvalidUri);
            address.and_then(|address| torrent_request(request, address, endpoints)).map(Asked::Torrent)
        }
        _ => Err(Refusal::MethodNotAllowed),
    };
    Parsed { resource, address: address.unwrap_or_default(), asked }
}

fn torrent_request(
    request: &Request,
    address: &Address,
    endpoints: &Endpoints,
) -> Result<TorrentRequest, Refusal> {
    let Address { bucket, key } = address;
    if !asks_for_torrent(request) || (bucket.is_empty() && key.is_empty()) {
        return Err(Refusal::NotImplemented);
    }
    if key.is_empty() {
        return Err(Refusal::TorrentOfBucket);
    }
    let bucket = BucketName::new(bucket).map_err(|error| match error {
        BucketNameError::Invalid => Refusal::InvalidBucketName,
        BucketNameError::Directory => Refusal::DirectoryBucket,
    })?;
    if key.len() > MAX_KEY_BYTES {
        return Err(Refusal::KeyTooLong);
    }
    if key.trim().is_empty() {
        return Err(Refusal::BlankKey);
    }
    let options = call_options(request)?;
    let version_id = version_id(request)?;
    let object = ObjectId { bucket, key: key.clone(), version_id };
    let presigned = presigned(request).map(|url| PresignedUrl::new(url, &object, &options, endpoints));
    let presigned = presigned.transpose().map_err(Refusal::PresignedUrl)?;
    Ok(TorrentRequest { object, options, presigned, may_start_job: request.method() == Method::GET })
}
