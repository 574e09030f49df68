//! S3's errors, with its messages and its extra headers.

use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue},
};
use s3s::{HttpResponse, S3Error, S3ErrorCode, s3_error};

const DELETE_MARKER: HeaderName = HeaderName::from_static("x-amz-delete-marker");
const VERSION_ID: HeaderName = HeaderName::from_static("x-amz-version-id");

pub(super) fn access_denied() -> S3Error {
    s3_error!(AccessDenied, "Access Denied")
}

pub(super) fn no_such_key() -> S3Error {
    s3_error!(NoSuchKey, "The specified key does not exist.")
}

/// The latest version is a delete marker.
pub(super) fn deleted(marker_id: &str) -> S3Error {
    let headers = [(DELETE_MARKER, "true".to_owned()), (VERSION_ID, marker_id.to_owned())];
    with_headers(no_such_key(), headers)
}

/// The version that was asked for is a delete marker.
pub(super) fn is_delete_marker(marker_id: &str) -> S3Error {
    let error = s3_error!(MethodNotAllowed, "The specified method is not allowed against this resource.");
    with_headers(error, [(DELETE_MARKER, "true".to_owned()), (VERSION_ID, marker_id.to_owned())])
}

pub(super) fn precondition_failed() -> S3Error {
    s3_error!(PreconditionFailed, "At least one of the pre-conditions you specified did not hold")
}

pub(super) fn not_modified(etag: &str) -> S3Error {
    with_headers(s3_error!(NotModified), [(ETAG, etag.to_owned())])
}

pub(super) fn range_not_satisfiable(length: u64) -> S3Error {
    let error = s3_error!(InvalidRange, "The requested range is not satisfiable");
    let unsatisfied = format!("bytes */{length}");
    with_headers(error, [(hyper::header::CONTENT_RANGE, unsatisfied)])
}

/// Sets all headers of an error: s3s adds none, so `Content-Type` is among them.
fn with_headers<const N: usize>(mut error: S3Error, headers: [(HeaderName, String); N]) -> S3Error {
    let mut map = HeaderMap::new();
    map.insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    for (name, value) in headers {
        map.insert(name, value.parse().expect("a header value"));
    }
    error.set_headers(map);
    error
}

/// Makes an answer of an error with any code.
pub(super) fn response(status: u16, code: &str, message: &str) -> HttpResponse {
    let code = code.parse::<S3ErrorCode>().expect("any text is a code");
    let mut error = S3Error::with_message(code, message.to_owned());
    error.set_status_code(StatusCode::from_u16(status).expect("an HTTP status"));
    error.to_http_response().expect("an error document")
}
