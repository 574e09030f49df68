//! HTTP responses: the torrent, 304, the CORS preflight, and errors. All carry CORS headers, the request ID and a
//! `Content-Type`: a REST API would add `application/json`, even if there is no body.

use lambda_http::{
    Body, Response,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use sha1::{Digest, Sha1};

use super::error_document::ErrorAnswer;
use crate::operation::{CONTENT_TYPE, Torrent};

const ALLOWED_METHODS: &str = "GET, HEAD, OPTIONS";
const CACHE_CONTROL: &str = "no-cache";
/// The headers that pages of other origins may read.
pub const EXPOSED_HEADERS: &str = "Content-Type, Content-Disposition, ETag, Cache-Control, Retry-After, \
    x-amz-request-charged, x-amz-request-id, x-amz-delete-marker, x-amz-retry-after, \
    x-torrent-files, x-torrent-info-hash, x-torrent-origin, x-torrent-web-seeds";

/// What a response needs to know about its request.
pub(super) struct ResponseTo<'a> {
    pub(super) method: &'a Method,
    pub(super) headers: &'a HeaderMap,
    pub(super) request_id: &'a str,
}

impl ResponseTo<'_> {
    /// Answers 200 with the torrent, or 304 if the caller already has it.
    pub(super) fn torrent(&self, torrent: Torrent) -> Response<Body> {
        let etag = etag_of(&torrent.bytes);
        let is_current = is_current(self.headers, &etag);
        let mut response = self.empty(if is_current { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
        set(&mut response, header::ETAG, &etag);
        set(&mut response, header::CACHE_CONTROL, CACHE_CONTROL);
        set(&mut response, header::CONTENT_TYPE, CONTENT_TYPE);
        if is_current {
            return response;
        }
        set(&mut response, header::CONTENT_DISPOSITION, &torrent.content_disposition);
        set(&mut response, HeaderName::from_static("x-torrent-info-hash"), &torrent.info_hash.to_string());
        set(&mut response, HeaderName::from_static("x-torrent-origin"), torrent.origin.as_str());
        set(&mut response, HeaderName::from_static("x-torrent-web-seeds"), &torrent.web_seeds.len().to_string());
        if let Some(files) = torrent.files {
            set(&mut response, HeaderName::from_static("x-torrent-files"), &files.to_string());
        }
        if torrent.request_charged {
            set(&mut response, HeaderName::from_static("x-amz-request-charged"), "requester");
        }
        self.with_body(response, Body::Binary(torrent.bytes))
    }

    /// Answers 204 with what pages of other origins may send.
    pub(super) fn preflight(&self) -> Response<Body> {
        let mut response = self.empty(StatusCode::NO_CONTENT);
        set(&mut response, header::CONTENT_TYPE, "text/plain");
        set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, "*, authorization");
        response
    }

    pub(super) fn error(&self, answer: &ErrorAnswer, resource: &str) -> Response<Body> {
        let mut response = self.empty(answer.status);
        set(&mut response, header::CONTENT_TYPE, "application/xml");
        if answer.delete_marker {
            set(&mut response, HeaderName::from_static("x-amz-delete-marker"), "true");
        } else if answer.status == StatusCode::METHOD_NOT_ALLOWED {
            set(&mut response, header::ALLOW, ALLOWED_METHODS);
        }
        if answer.status == StatusCode::SERVICE_UNAVAILABLE {
            set(&mut response, header::RETRY_AFTER, "5");
            // The SDKs honour this header, in milliseconds.
            set(&mut response, HeaderName::from_static("x-amz-retry-after"), "5000");
        }
        let document = answer.document(resource, self.request_id);
        self.with_body(response, Body::Text(document))
    }

    fn empty(&self, status: StatusCode) -> Response<Body> {
        let mut response = Response::new(Body::Empty);
        *response.status_mut() = status;
        set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
        set(&mut response, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        set(&mut response, HeaderName::from_static("x-amz-request-id"), self.request_id);
        response
    }

    fn with_body(&self, mut response: Response<Body>, body: Body) -> Response<Body> {
        if self.method != Method::HEAD {
            *response.body_mut() = body;
        }
        response
    }
}

/// Omits a value that no header can hold, rather than failing the response.
fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Returns a strong `ETag` of the body.
fn etag_of(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(Sha1::digest(bytes)))
}

/// Returns whether `If-None-Match` is `*` or names `etag`, by weak comparison
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)). Entity tags may hold commas, but ours are hex.
fn is_current(headers: &HeaderMap, etag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}
