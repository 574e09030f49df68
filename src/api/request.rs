//! From an event to a [`TorrentRequest`], or to the reason why it is refused. This makes no call to S3.

use lambda_http::{Request, RequestExt, http::Method};

use super::address::{Address, RawPath};
use crate::{
    config::Config,
    object::{
        BucketName, BucketNameError, CallOptions, EXPECTED_BUCKET_OWNER, MAX_VERSION_ID_BYTES, ObjectId, ObjectKey,
        ObjectKeyError, REQUEST_PAYER, is_account_id, is_version_id,
    },
    operation::TorrentRequest,
    s3::access::{Endpoints, MAX_PRESIGNED_URL_BYTES, PresignedUrl, PresignedUrlError},
};

const TORRENT: &str = "torrent";
const VERSION_ID: &str = "versionId";
const PRESIGNED: &str = "presigned";
const WEB_SEEDS: &str = "web-seeds";
const ALWAYS: &str = "always";

/// The query parameters that are read, with the longest value of each, which may be percent-encoded.
pub(super) const QUERY_PARAMETERS: [(&str, usize); 4] = [
    (TORRENT, 0),
    (WEB_SEEDS, ALWAYS.len()),
    (VERSION_ID, 3 * MAX_VERSION_ID_BYTES),
    (PRESIGNED, 2 * MAX_PRESIGNED_URL_BYTES),
];

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// A browser asks what pages of other origins may send (CORS).
    Preflight,
    /// The torrent of an object. Only GET may start a job for it.
    Torrent { request: TorrentRequest, may_start_job: bool },
}

/// A request, as far as it could be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parsed {
    /// The resource that an error document names.
    pub(super) resource: String,
    /// Bucket and key. They are empty if the path names none.
    pub(super) address: Address,
    pub(super) call: Result<Call, RequestError>,
}

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
    #[error("The value of web-seeds must be 'always'. Leave it out to get web seeds only while they are needed.")]
    InvalidWebSeeds,
    #[error(
        "The URL in the parameter 'presigned' {0}. Give a presigned GetObject URL of this object, at an S3 endpoint of \
         its bucket, and percent-encode all of it."
    )]
    PresignedUrl(PresignedUrlError),
}

/// Checks `request`: method, path, names, then headers and parameters.
pub(super) fn parse(request: &Request, config: &Config, endpoints: &Endpoints) -> Parsed {
    let path = RawPath::of(request, config.virtual_host_domain.as_deref(), config.base_path.as_deref());
    let address = path.address();
    let resource = path.resource();
    let call = match *request.method() {
        Method::OPTIONS => Ok(Call::Preflight),
        Method::GET | Method::HEAD => {
            let address = address.as_ref().map_err(Clone::clone);
            let may_start_job = request.method() == Method::GET;
            let request = address.and_then(|address| torrent_request(request, address, config.collections, endpoints));
            request.map(|request| Call::Torrent { request, may_start_job })
        }
        _ => Err(RequestError::MethodNotAllowed),
    };
    Parsed { resource, address: address.unwrap_or_default(), call }
}

fn torrent_request(
    request: &Request,
    address: &Address,
    collections: bool,
    endpoints: &Endpoints,
) -> Result<TorrentRequest, RequestError> {
    let Address { bucket, key } = address;
    let parameter = |name| request.query_string_parameters_ref().and_then(|query| query.first(name));
    if parameter(TORRENT).is_none() || (bucket.is_empty() && key.is_empty()) {
        return Err(RequestError::NotImplemented);
    }
    if key.is_empty() {
        return Err(RequestError::TorrentOfBucket);
    }
    let bucket = BucketName::new(bucket).map_err(|error| match error {
        BucketNameError::Invalid => RequestError::InvalidBucketName,
        BucketNameError::Directory => RequestError::DirectoryBucket,
    })?;
    let key = ObjectKey::try_from(key.clone()).map_err(|error| match error {
        ObjectKeyError::TooLong => RequestError::KeyTooLong,
        ObjectKeyError::Blank => RequestError::BlankKey,
    })?;
    let options = call_options(request)?;
    let version_id = parameter(VERSION_ID).map(str::to_owned);
    if version_id.as_ref().is_some_and(|id| !is_version_id(id)) {
        return Err(RequestError::InvalidVersionId);
    }
    let always_web_seeds = match parameter(WEB_SEEDS) {
        None => false,
        Some(ALWAYS) => true,
        Some(_) => return Err(RequestError::InvalidWebSeeds),
    };
    let object = ObjectId { bucket, key, version_id };
    let presigned = parameter(PRESIGNED).map(|url| PresignedUrl::new(url, &object, &options, endpoints));
    let presigned = presigned.transpose().map_err(RequestError::PresignedUrl)?;
    let may_be_prefix = collections && object.key.as_str().ends_with('/');
    Ok(TorrentRequest { object, options, may_be_prefix, always_web_seeds, presigned })
}

/// Reads `x-amz-request-payer` and `x-amz-expected-bucket-owner`.
fn call_options(request: &Request) -> Result<CallOptions, RequestError> {
    let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let requester_pays = match header(REQUEST_PAYER) {
        None => false,
        Some("requester") => true,
        Some(_) => return Err(RequestError::InvalidRequestPayer),
    };
    let expected_bucket_owner = match header(EXPECTED_BUCKET_OWNER) {
        None => None,
        Some(owner) if is_account_id(owner) => Some(owner.to_owned()),
        Some(_) => return Err(RequestError::InvalidBucketOwner),
    };
    Ok(CallOptions { requester_pays, expected_bucket_owner })
}
