//! A presigned `GetObject` URL, which proves READ access; S3 alone validates it. Before any connection is made, the URL
//! must match the request: host, key and version must be the same, and nothing in it may ask for more than the object.
//! Anyone who sees the URL can read the object, so it is never shown or stored.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::fmt;

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpRequest, interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::BoxError,
};

use self::query::{CHECKSUM_MODE, Query};
use super::Endpoints;
use crate::object::{CallOptions, ObjectId, percent_decode};

mod query;

/// The longest accepted presigned URL, in bytes. A session token takes about 1,500.
pub const MAX_PRESIGNED_URL_BYTES: usize = 4096;

/// A presigned URL of exactly the requested object.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl {
    url: String,
    /// The region in its host, if any.
    region: Option<String>,
    /// The names of the signed headers, in lower case.
    signed_headers: Vec<String>,
}

/// Why a text cannot be the presigned URL of a request. Each message completes "the URL …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresignedUrlError {
    /// The text is not a URL as signers write it, or is too long.
    #[error("is not a URL of at most {MAX_PRESIGNED_URL_BYTES} bytes")]
    NotAUrl,
    /// The URL names another server, bucket or scheme.
    #[error("does not name an S3 endpoint of this bucket")]
    Host,
    /// The URL has another path.
    #[error("names another key")]
    Key,
    /// The URL names another version, or the request names one and the URL does not.
    #[error("names another version")]
    Version,
    /// The URL was never signed, or its parameters ended up in the request's own query.
    #[error("has no signature")]
    NotSigned,
    /// The parameter could ask for something else, or occurs twice.
    #[error("has the unexpected parameter {0}")]
    Parameter(String),
    /// The signed header is not supported, or has another value in the request.
    #[error("is signed with the header {0}, which the request lacks or gives differently")]
    SignedHeader(String),
    /// The request has this header, but S3 accepts it only if it is signed.
    #[error("is not signed with the header {0}, which the request has")]
    UnsignedHeader(&'static str),
}

impl PresignedUrl {
    /// Parses `text` and compares it with the request. The error is the first difference.
    pub fn new(
        text: &str,
        object: &ObjectId,
        options: &CallOptions,
        endpoints: &Endpoints,
    ) -> Result<Self, PresignedUrlError> {
        if text.len() > MAX_PRESIGNED_URL_BYTES || !text.bytes().all(is_url_byte) {
            return Err(PresignedUrlError::NotAUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(PresignedUrlError::NotAUrl)?;
        let (address, query) = rest.split_once('?').ok_or(PresignedUrlError::NotSigned)?;
        let slash = address.find('/').ok_or(PresignedUrlError::NotAUrl)?;
        let (authority, path) = address.split_at(slash);
        let place = endpoints.place_of(scheme, authority, object).ok_or(PresignedUrlError::Host)?;
        let decoded = percent_decode(path).ok_or(PresignedUrlError::NotAUrl)?;
        // S3 reads a plain plus sign as a space, and other servers as a plus. Signers encode it.
        if path.contains('+') || decoded != place.path {
            return Err(PresignedUrlError::Key);
        }
        let query = Query::parse(query)?;
        query.check(object.version_id.as_deref(), options)?;
        let mut request = HttpRequest::empty();
        if request.set_uri(text).is_err() || request.uri() != text {
            return Err(PresignedUrlError::NotAUrl);
        }
        Ok(Self { url: text.to_owned(), region: place.region, signed_headers: query.signed_headers })
    }

    /// Returns the region in its host. The global endpoint and a configured one have none.
    pub(in crate::s3) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    fn signs(&self, header: &str) -> bool {
        self.signed_headers.iter().any(|signed| signed == header)
    }
}

/// Returns whether signers write this byte in a URL. Parsers disagree on the others.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte)
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl")
    }
}

/// Replaces the URL of the SDK's request with the presigned one, byte for byte.
impl Intercept for PresignedUrl {
    fn name(&self) -> &'static str {
        "PresignedUrl"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        // S3 refuses unsigned x-amz- headers, and the SDK adds one of its own.
        let names = request.headers().iter().map(|(name, _)| name.to_owned());
        let unsigned: Vec<String> = names.filter(|name| name.starts_with("x-amz-") && !self.signs(name)).collect();
        let headers = request.headers_mut();
        for name in unsigned {
            headers.remove(name);
        }
        headers.remove("authorization");
        if self.signs(CHECKSUM_MODE) {
            headers.insert(CHECKSUM_MODE, "ENABLED");
        }
        request.set_uri(self.url.as_str())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
