//! S3's refusals and failures, made from the SDK's errors.
//! Codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{BoxError, ProvideErrorMetadata, SdkError},
};
use http_body_util::LengthLimitError;

use super::body_limit::TooLong;

/// Why a call to S3 failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The caller lacks the right, or the object is missing and S3 does not say which.
    #[error("S3 denies access")]
    AccessDenied,
    /// The bucket does not exist.
    #[error("the bucket does not exist")]
    NoSuchBucket,
    /// The key does not exist, or its latest version is a delete marker.
    #[error("the key does not exist")]
    NoSuchKey {
        /// Whether a delete marker hides older versions.
        delete_marker: bool,
    },
    /// The key has no such version.
    #[error("the version does not exist")]
    NoSuchVersion,
    /// The requested version is a delete marker.
    #[error("the version is a delete marker")]
    DeleteMarker,
    /// S3 refuses the presigned URL, or its signer may not read the object.
    #[error("S3 refuses the presigned URL")]
    PresignedUrl,
    /// The version ID is malformed.
    #[error("the version ID is malformed")]
    InvalidVersionId,
    /// S3 answers `InvalidRequest`. It does so for objects encrypted with a customer-provided key (SSE-C), and other
    /// servers for keys that they do not accept.
    #[error("S3 refuses the request")]
    InvalidRequest,
    /// The object has no bytes.
    #[error("the object is empty")]
    Empty,
    /// The object is in an archive tier and not restored.
    #[error("the object is archived")]
    Archived,
    /// The object is no longer what HEAD described.
    #[error("the object changed")]
    Changed,
    /// The answer does not match the request.
    #[error("S3's answer is malformed: {0}")]
    Malformed(String),
    /// The body ended or stalled before its end.
    #[error("S3's answer broke off")]
    Interrupted(#[source] BoxError),
    /// S3 throttles, fails or cannot be reached, after retries.
    #[error("S3 is unavailable")]
    Unavailable(#[source] BoxError),
    /// S3 refuses the function's own credentials.
    #[error("S3 refuses the function's credentials")]
    Credentials(#[source] BoxError),
    /// Any other answer, such as an unknown code.
    #[error("S3 answered unexpectedly")]
    Unexpected(#[source] BoxError),
}

impl Error {
    /// Returns whether another attempt may help. The SDK has already retried other errors.
    pub(super) fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Interrupted(_))
    }
}

/// Returns the status of an error response, and whether it is about a delete marker.
pub(super) fn status_of<E>(error: &SdkError<E, HttpResponse>) -> Option<(u16, bool)> {
    let response = error.raw_response()?;
    let delete_marker = response.headers().get("x-amz-delete-marker") == Some("true");
    Some((response.status().as_u16(), delete_marker))
}

/// Converts the SDK's error.
pub(crate) fn classify<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some((status, delete_marker)) = status_of(&error) else {
        return match error {
            SdkError::ConstructionFailure(_) => Error::Unexpected(error.into()),
            _ => Error::Unavailable(error.into()),
        };
    };
    // If S3 fails after it has begun to answer, it sends an error document with 200.
    if status < 300 && error.code().is_none() {
        return Error::Malformed(format!("status {status} with headers that cannot be read"));
    }
    let code = error.code().unwrap_or_default();
    if is_transient_code(code) {
        return Error::Unavailable(error.into());
    }
    match (code, status) {
        (_, 405) if delete_marker => Error::DeleteMarker,
        ("MethodNotAllowed", 405) => Error::DeleteMarker,
        (_, 404) if delete_marker => Error::NoSuchKey { delete_marker },
        ("NoSuchBucket", _) => Error::NoSuchBucket,
        ("NoSuchVersion", _) => Error::NoSuchVersion,
        ("InvalidObjectState", _) => Error::Archived,
        ("InvalidRequest", 400) => Error::InvalidRequest,
        ("InvalidArgument", 400) => invalid_argument(error.message().unwrap_or_default()),
        ("PreconditionFailed" | "ConditionalRequestConflict", _) | (_, 412 | 416) => Error::Changed,
        (_, 408 | 429 | 500 | 502..) => Error::Unavailable(error.into()),
        // These concern the function's role, not the caller's rights.
        (
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "RequestTimeTooSkewed"
            | "InvalidToken"
            | "ExpiredToken"
            | "RequestExpired"
            | "TokenRefreshRequired"
            | "AuthorizationHeaderMalformed"
            | "AuthorizationQueryParametersError",
            _,
        ) => Error::Credentials(error.into()),
        (_, 403 | 401) => Error::AccessDenied,
        ("NoSuchKey" | "NotFound", _) | (_, 404) => Error::NoSuchKey { delete_marker },
        _ => Error::Unexpected(error.into()),
    }
}

/// Converts the error of a call to a presigned URL, whose signature is the caller's.
pub(super) fn classify_presigned<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = status_of(&error).map(|(status, _)| status);
    // Newer regions answer so to a signature of version 2.
    let wants_version_4 = error.message().is_some_and(|message| message.contains("AWS4-HMAC-SHA256"));
    match (status, classify(error)) {
        // Redirects are not followed, and S3 has many codes for a bad URL.
        (Some(300..=399), _)
        | (Some(400..=499 | 501), Error::Unexpected(_))
        | (_, Error::AccessDenied | Error::Credentials(_)) => Error::PresignedUrl,
        (_, Error::InvalidRequest) if wants_version_4 => Error::PresignedUrl,
        (_, error) => error,
    }
}

/// Returns whether S3 or a similar server means by this code that the fault may pass, whatever the status.
pub(crate) fn is_transient_code(code: &str) -> bool {
    let known = [
        "BandwidthLimitExceeded",
        "InternalError",
        "OperationAborted",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "TooManyRequestsException",
    ];
    known.contains(&code) || code.contains("Throttl")
}

/// Converts the error of an operation that answers with headers or XML: a body that breaks off may pass, and a body
/// that is too long is unexpected.
pub(crate) fn classify_answer<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if !matches!(error, SdkError::ResponseError(_)) {
        return classify(error);
    }
    let mut sources = std::iter::successors(std::error::Error::source(&error), |error| error.source());
    let is_too_long = sources.any(|source| source.is::<TooLong>() || source.is::<LengthLimitError>());
    if is_too_long { Error::Unexpected(error.into()) } else { Error::Unavailable(error.into()) }
}

/// Distinguishes the meanings of `InvalidArgument` by its message: an unsigned request for an SSE-KMS object, an SSE-C
/// object (on other servers), or else a malformed version ID.
fn invalid_argument(message: &str) -> Error {
    if message.contains("KMS") {
        Error::AccessDenied
    } else if message.to_ascii_lowercase().contains("customer") {
        Error::InvalidRequest
    } else {
        Error::InvalidVersionId
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_argument_is_what_its_message_says() {
        let kms =
            "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.";
        assert!(matches!(invalid_argument(kms), Error::AccessDenied));
        let customer =
            "Requests specifying Server Side Encryption with Customer provided keys must provide the customer key.";
        assert!(matches!(invalid_argument(customer), Error::InvalidRequest));
        assert!(matches!(invalid_argument("Invalid version id specified"), Error::InvalidVersionId));
        assert!(matches!(invalid_argument(""), Error::InvalidVersionId));
    }
}
