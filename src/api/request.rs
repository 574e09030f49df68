//! From an event to a [`TorrentRequest`], or to the reason why it is refused. This makes no call to S3.

use lambda_http::{Request, http::Method};

use super::{
    address::{Address, RawPath},
    parameters::{asks_for_torrent, call_options, presigned, version_id},
    request_error::RequestError,
};
use crate::{
    config::Config,
    object::{BucketName, BucketNameError, ObjectId, ObjectKey, ObjectKeyError},
    operation::TorrentRequest,
    s3::access::{Endpoints, PresignedUrl},
};

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
    if !asks_for_torrent(request) || (bucket.is_empty() && key.is_empty()) {
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
    let version_id = version_id(request)?;
    let object = ObjectId { bucket, key, version_id };
    let presigned = presigned(request).map(|url| PresignedUrl::new(url, &object, &options, endpoints));
    let presigned = presigned.transpose().map_err(RequestError::PresignedUrl)?;
    let may_be_prefix = collections && object.key.as_str().ends_with('/');
    Ok(TorrentRequest { object, options, may_be_prefix, presigned })
}
