//! What S3 said no with. One function makes it of the SDK's errors.
//! Codes: <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{BoxError, ProvideErrorMetadata, SdkError},
};
use http_body_util::LengthLimitError;

use super::body_limit::TooLong;

/// Why S3 did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No right, or missing and S3 does not tell which.
    #[error("S3 denies access")]
    AccessDenied,
    /// The bucket does not exist.
    #[error("no such bucket")]
    NoSuchBucket,
    /// The key does not exist, or its latest version is a delete marker.
    #[error("no such key")]
    NoSuchKey {
        /// Whether a delete marker hides older versions.
        delete_marker: bool,
    },
    /// The key has no such version.
    #[error("no such version")]
    NoSuchVersion,
    /// The version asked for is a delete marker.
    #[error("the version is a delete marker")]
    DeleteMarker,
    /// S3 does not take the presigned URL, or its signer may not read the object.
    #[error("S3 does not open the presigned URL")]
    PresignedUrl,
    /// The version id is none.
    #[error("malformed version id")]
    InvalidVersionId,
    /// `InvalidRequest`: S3's answer for an object encrypted with a key that only its owner has (SSE-C), and
    /// other servers' for keys that they do not take.
    #[error("S3 does not take the request")]
    InvalidRequest,
    /// In an archive tier, and not restored.
    #[error("archived")]
    Archived,
    /// The object is no longer the one HEAD showed.
    #[error("the object changed")]
    Changed,
    /// The answer is not what was asked for.
    #[error("S3's answer is malformed: {0}")]
    Malformed(String),
    /// The body ended or stalled before its end.
    #[error("the body broke off")]
    Interrupted(#[source] BoxError),
    /// Throttled, failing or out of reach, after retries.
    #[error("S3 is unavailable")]
    Unavailable(#[source] BoxError),
    /// S3 does not take the function's own credentials.
    #[error("S3 does not take the function's credentials")]
    Credentials(#[source] BoxError),
    /// Nothing a caller can do about: the region, or a code not known here.
    #[error("S3 answered unexpectedly")]
    Unexpected(#[source] BoxError),
}

impl Error {
    /// Whether asking once more may help where the SDK did not already.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::Interrupted(_))
    }
}

/// The status and the delete marker header of an error response.
pub(super) fn status_of<E>(error: &SdkError<E, HttpResponse>) -> Option<(u16, bool)> {
    let response = error.raw_response()?;
    let delete_marker = response.headers().get("x-amz-delete-marker") == Some("true");
    Some((response.status().as_u16(), delete_marker))
}

/// The SDK's error as ours.
pub(super) fn classify<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some((status, delete_marker)) = status_of(&error) else {
        return match error {
            SdkError::ConstructionFailure(_) => Error::Unexpected(error.into()),
            _ => Error::Unavailable(error.into()),
        };
    };
    // S3 may send an error document with 200, when it fails after it has begun to answer.
    if status < 300 && error.code().is_none() {
        return Error::Malformed(format!("status {status} with headers that cannot be read"));
    }
    let code = error.code().unwrap_or_default();
    if is_passing_code(code) {
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
        // The role's own trouble, and none of the caller's rights.
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

/// [`classify`] for a presigned URL, whose signature is the caller's.
pub(super) fn classify_presigned<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = status_of(&error).map(|(status, _)| status);
    // Of a signature of version 2, in the regions that take none.
    let wants_version_4 = error.message().is_some_and(|message| message.contains("AWS4-HMAC-SHA256"));
    match (status, classify(error)) {
        // Elsewhere than its host says, too; no redirect is followed. Codes for what may be wrong in a URL are many.
        (Some(300..=399), _)
        | (Some(400..=499 | 501), Error::Unexpected(_))
        | (_, Error::AccessDenied | Error::Credentials(_)) => Error::PresignedUrl,
        (_, Error::InvalidRequest) if wants_version_4 => Error::PresignedUrl,
        (_, error) => error,
    }
}

/// Codes that S3 and servers like it give for what may pass, whatever the status.
pub(super) fn is_passing_code(code: &str) -> bool {
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

/// [`classify`] for an operation whose answer is all headers and XML: a body that breaks off is a fault that may
/// pass, and one that is too long is no answer.
pub(super) fn classify_answer<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::ResponseError(_)
            if has_source::<TooLong>(&error) || has_source::<LengthLimitError>(&error) =>
        {
            Error::Unexpected(error.into())
        }
        SdkError::ResponseError(_) => Error::Unavailable(error.into()),
        error => classify(error),
    }
}

fn has_source<S: std::error::Error + 'static>(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(error.source(), |error| error.source()).any(<dyn std::error::Error>::is::<S>)
}

/// A code of many meanings, told apart by what S3 says: of an SSE-KMS object to who does not sign, and (other
/// servers) of an SSE-C object; otherwise it is the version id.
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
        let kms = "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.";
        assert!(matches!(invalid_argument(kms), Error::AccessDenied));
        let customer = "Requests specifying Server Side Encryption with Customer provided keys must provide the customer key.";
        assert!(matches!(invalid_argument(customer), Error::InvalidRequest));
        assert!(matches!(invalid_argument("Invalid version id specified"), Error::InvalidVersionId));
        assert!(matches!(invalid_argument(""), Error::InvalidVersionId));
    }
}
