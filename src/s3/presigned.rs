//! A presigned `GetObject` URL: someone's own proof of READ, judged by S3 and by no one here. It is held to the request
//! before any connection: host, key and version are those asked for, and nothing in it asks for more than the object.
//! Whoever reads the URL may read the object, so it is shown nowhere.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

use std::{fmt, sync::Arc};

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpRequest,
        interceptors::BeforeTransmitInterceptorContextMut,
    },
    error::BoxError,
};

use self::query::{CHECKSUM_MODE, Query};
use super::Endpoints;
use crate::object::{CallOptions, ObjectId, percent_decoded};

mod query;

/// The longest presigned URL that is taken, in bytes: a session token takes some 1,500.
pub const MAX_PRESIGNED_URL_BYTES: usize = 4096;

/// A presigned URL of just the object that was asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct PresignedUrl(Arc<Inner>);

#[derive(PartialEq, Eq)]
struct Inner {
    url: String,
    /// That its host names.
    region: Option<String>,
    /// In lower case.
    signed_headers: Vec<String>,
}

/// Why a text is no presigned URL of what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresignedUrlError {
    /// Nothing that a signer writes.
    #[error("is no URL of at most {MAX_PRESIGNED_URL_BYTES} bytes")]
    NoUrl,
    /// Another server, bucket or scheme.
    #[error("is of no S3 endpoint of this bucket")]
    Host,
    /// Another path.
    #[error("is of another key")]
    Key,
    /// Another version, or one where none was asked for.
    #[error("is of another version")]
    Version,
    /// Its parameters are in the request's own query, or it was never signed.
    #[error("has no signature")]
    NotSigned,
    /// One that could ask for something else, or that is there twice.
    #[error("has the parameter {0}")]
    Parameter(String),
    /// Signed, and not known here, or another one than the request's.
    #[error("is signed with another {0}")]
    SignedHeader(String),
    /// A header of the request that S3 would take only if it were signed.
    #[error("is not signed with {0}")]
    UnsignedHeader(&'static str),
}

impl PresignedUrl {
    /// Takes `text` apart and holds it to what was asked for.
    ///
    /// # Errors
    /// The first that does not fit.
    pub fn new(
        text: &str,
        object: &ObjectId,
        options: &CallOptions,
        endpoints: &Endpoints,
    ) -> Result<Self, PresignedUrlError> {
        if text.len() > MAX_PRESIGNED_URL_BYTES || !text.bytes().all(is_url_byte) {
            return Err(PresignedUrlError::NoUrl);
        }
        let (scheme, rest) = text.split_once("://").ok_or(PresignedUrlError::NoUrl)?;
        let (address, query) = rest.split_once('?').ok_or(PresignedUrlError::NotSigned)?;
        let slash = address.find('/').ok_or(PresignedUrlError::NoUrl)?;
        let (authority, path) = address.split_at(slash);
        let place = endpoints.place_of(scheme, authority, object).ok_or(PresignedUrlError::Host)?;
        let decoded = percent_decoded(path).ok_or(PresignedUrlError::NoUrl)?;
        // S3 reads a plus sign that is not encoded as a space, other servers as itself; signers encode it.
        if path.contains('+') || decoded != place.path.as_bytes() {
            return Err(PresignedUrlError::Key);
        }
        let query = Query::parse(query)?;
        query.check(object.version_id.as_deref(), options)?;
        let mut request = HttpRequest::empty();
        if request.set_uri(text).is_err() || request.uri() != text {
            return Err(PresignedUrlError::NoUrl);
        }
        let signed_headers = query.signed_headers;
        Ok(Self(Arc::new(Inner { url: text.to_owned(), region: place.region, signed_headers })))
    }

    /// The region that its host names: the global endpoint, and one that is configured, name none.
    pub(super) fn region(&self) -> Option<&str> {
        self.0.region.as_deref()
    }

    fn signs(&self, header: &str) -> bool {
        self.0.signed_headers.iter().any(|signed| signed == header)
    }
}

/// What a URL is written in; neither a fragment nor what parsers disagree on.
fn is_url_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"#<>\\^`{|}".contains(&byte)
}

impl fmt::Debug for PresignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresignedUrl")
    }
}

/// Sends the request to the URL, byte for byte, in place of the one that the SDK has made.
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
        // S3 takes no x-amz- header that is not signed; the SDK sends one of its own.
        let names = request.headers().iter().map(|(name, _)| name.to_owned());
        let unsigned: Vec<String> =
            names.filter(|name| name.starts_with("x-amz-") && !self.signs(name)).collect();
        let headers = request.headers_mut();
        for name in unsigned {
            headers.remove(name);
        }
        headers.remove("authorization");
        if self.signs(CHECKSUM_MODE) {
            headers.insert(CHECKSUM_MODE, "ENABLED");
        }
        request.set_uri(self.0.url.as_str())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
