//! The headers and query parameters that a request may carry.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectTorrent.html>

use lambda_http::{Request, RequestExt};

use super::request_error::RequestError;
use crate::{
    object::{CallOptions, EXPECTED_BUCKET_OWNER, MAX_VERSION_ID_BYTES, REQUEST_PAYER, is_account_id, is_version_id},
    s3::access::MAX_PRESIGNED_URL_BYTES,
};

const TORRENT: &str = "torrent";
const VERSION_ID: &str = "versionId";
const PRESIGNED: &str = "presigned";

/// The query parameters that are read, with the longest value of each, which may be percent-encoded.
pub(super) const QUERY_PARAMETERS: [(&str, usize); 3] =
    [(TORRENT, 0), (VERSION_ID, 3 * MAX_VERSION_ID_BYTES), (PRESIGNED, 2 * MAX_PRESIGNED_URL_BYTES)];

/// Reads `x-amz-request-payer` and `x-amz-expected-bucket-owner`.
pub(super) fn call_options(request: &Request) -> Result<CallOptions, RequestError> {
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

/// Reads `versionId`.
pub(super) fn version_id(request: &Request) -> Result<Option<String>, RequestError> {
    let query = request.query_string_parameters_ref();
    match query.and_then(|query| query.first(VERSION_ID)) {
        None => Ok(None),
        Some(id) if is_version_id(id) => Ok(Some(id.to_owned())),
        Some(_) => Err(RequestError::InvalidVersionId),
    }
}

/// Reads `presigned`.
pub(super) fn presigned(request: &Request) -> Option<&str> {
    request.query_string_parameters_ref()?.first(PRESIGNED)
}

/// Returns whether the query has `torrent`, with any value or none.
pub(super) fn asks_for_torrent(request: &Request) -> bool {
    request.query_string_parameters_ref().is_some_and(|query| query.first(TORRENT).is_some())
}
