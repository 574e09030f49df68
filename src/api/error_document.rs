//! S3's error document: each refusal and failure with its status, code and message, as XML.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses>

use lambda_http::http::StatusCode;
use quick_xml::escape::escape;

use super::{
    request::RequestError,
    torrents::{Error, ReadBy},
};
use crate::{
    jobs::{WaitError, WorkflowError},
    operation::{self, CollectionError},
    s3,
};

/// What a caller is told about an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ErrorAnswer {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// Whether the answer has `x-amz-delete-marker: true`.
    pub(super) delete_marker: bool,
}

impl ErrorAnswer {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), delete_marker: false }
    }

    fn denied(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDenied", format!("Access Denied. {message}"))
    }

    fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "InvalidRequest", message)
    }

    fn empty_object() -> Self {
        Self::invalid_request("Torrent creation is not supported for empty objects: no client loads such a torrent.")
    }

    fn internal() -> Self {
        let message = "We encountered an internal error. Try again. The log shows this service's operator the cause.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    fn slow_down(message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "SlowDown", message)
    }

    /// Returns the document. `resource` is the decoded path.
    pub(super) fn document(&self, resource: &str, request_id: &str) -> String {
        let Self { code, message, .. } = self;
        let (message, resource, request_id) = (text(message), text(resource), text(request_id));
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code><Message>{message}</Message>\
             <Resource>{resource}</Resource><RequestId>{request_id}</RequestId></Error>"
        )
    }
}

/// Escapes `text`. What XML 1.0 does not allow becomes U+FFFD. A carriage return becomes a reference, because parsers
/// would replace it.
fn text(text: &str) -> String {
    let held = |c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let clean: String = text.chars().map(|c| if held(c) { c } else { '\u{fffd}' }).collect();
    escape(clean.as_str()).replace('\r', "&#13;")
}

impl From<&RequestError> for ErrorAnswer {
    fn from(refusal: &RequestError) -> Self {
        let (status, code) = match refusal {
            RequestError::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
            RequestError::NotImplemented | RequestError::DirectoryBucket | RequestError::BlankKey => {
                (StatusCode::NOT_IMPLEMENTED, "NotImplemented")
            }
            RequestError::InvalidUri | RequestError::TwoPaths => (StatusCode::BAD_REQUEST, "InvalidURI"),
            RequestError::TorrentOfBucket => (StatusCode::BAD_REQUEST, "RequestTorrentOfBucketError"),
            RequestError::InvalidBucketName => (StatusCode::BAD_REQUEST, "InvalidBucketName"),
            RequestError::KeyTooLong => (StatusCode::BAD_REQUEST, "KeyTooLongError"),
            RequestError::InvalidBucketOwner => (StatusCode::BAD_REQUEST, "InvalidBucketOwnerAWSAccountID"),
            RequestError::InvalidRequestPayer
            | RequestError::InvalidVersionId
            | RequestError::InvalidWebSeeds
            | RequestError::PresignedUrl(_) => (StatusCode::BAD_REQUEST, "InvalidArgument"),
        };
        Self::new(status, code, refusal.to_string())
    }
}

impl From<&Error> for ErrorAnswer {
    fn from(error: &Error) -> Self {
        match error {
            Error::Torrent(error) => Self::from(error),
            Error::Job(error) => Self::from(error),
            Error::ChangedTwice => Self::slow_down("The object changed twice while it was read. Try again."),
            Error::OutOfTime { size, objects, read_by } => Self::slow_down(out_of_time(*size, *objects, *read_by)),
        }
    }
}

impl From<&operation::Error> for ErrorAnswer {
    fn from(error: &operation::Error) -> Self {
        match error {
            operation::Error::BucketNotServed => Self::denied("This service does not serve the bucket."),
            operation::Error::S3(error) => Self::from(error),
            operation::Error::EmptyObject => Self::empty_object(),
            operation::Error::IsSidecar => Self::invalid_request(
                "The object is itself a torrent made by this service. Ask for the torrent of its source.",
            ),
            operation::Error::TooLarge(limit) => {
                Self::invalid_request(format!("Torrent creation is not supported for objects larger than {limit}"))
            }
            operation::Error::TooManyPieces(piece_length) => Self::invalid_request(format!(
                "PIECE_LENGTH of this service is {piece_length}, which gives this object more than 200000 pieces. \
                 Its operator must set a larger PIECE_LENGTH or none."
            )),
            operation::Error::Collection(error @ CollectionError::OneObject) => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", error.to_string())
            }
            operation::Error::Collection(error) => Self::invalid_request(error.to_string()),
            operation::Error::NotListed => Self::denied(
                "There is no object of this key with content, so the key names a prefix, and this service may not list \
                 the prefix. Ask the bucket's owner to allow s3:ListBucket for it, or ask for one object.",
            ),
            operation::Error::Member { key, error } => {
                let answer = Self::from(error);
                let message = format!("The object '{key}' prevents a torrent of its prefix. {}", answer.message);
                Self { message, ..answer }
            }
            operation::Error::Encoding(_) | operation::Error::ReadPanicked(_) | operation::Error::MisplacedHashes => {
                Self::internal()
            }
        }
    }
}

impl From<&WaitError> for ErrorAnswer {
    fn from(error: &WaitError) -> Self {
        match error {
            WaitError::Torrent(error) => Self::from(error),
            WaitError::Workflow(WorkflowError::Refused(_)) => Self::internal(),
            WaitError::Presigned | WaitError::Place(_) => Self::invalid_request(error.to_string()),
            WaitError::Running { .. }
            | WaitError::Failed { .. }
            | WaitError::NotReady
            | WaitError::Workflow(WorkflowError::Unavailable(_)) => Self::slow_down(error.to_string()),
        }
    }
}

impl From<&s3::Error> for ErrorAnswer {
    fn from(error: &s3::Error) -> Self {
        let missing = |code, message: &str| Self::new(StatusCode::NOT_FOUND, code, message);
        match error {
            s3::Error::AccessDenied => {
                Self::denied("To get an object's torrent, this service must be able to read the object.")
            }
            s3::Error::PresignedUrl => Self::denied(
                "Amazon S3 refuses the presigned URL. It may have expired or been altered, be signed for another \
                 method or Region, or have a version 2 signature where S3 wants version 4; or its signer may not \
                 read the object. Make a new one.",
            ),
            s3::Error::NoSuchBucket => missing("NoSuchBucket", "The specified bucket does not exist."),
            s3::Error::NoSuchKey { delete_marker } => {
                let answer = missing("NoSuchKey", "The specified key does not exist.");
                Self { delete_marker: *delete_marker, ..answer }
            }
            s3::Error::NoSuchVersion => missing("NoSuchVersion", "The specified version does not exist."),
            s3::Error::DeleteMarker => {
                let message = "The specified version is a delete marker. Ask for a version that holds an object.";
                let answer = Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", message);
                Self { delete_marker: true, ..answer }
            }
            s3::Error::InvalidVersionId => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidArgument", "Invalid version id specified.")
            }
            s3::Error::InvalidRequest => Self::invalid_request(
                "Amazon S3 refuses the request as it is. An object encrypted with a customer-provided key (SSE-C) gets \
                 no torrent, since web seeds could not serve it.",
            ),
            s3::Error::Archived => Self::new(
                StatusCode::FORBIDDEN,
                "InvalidObjectState",
                "The operation is not valid for the object's storage class. Restore the object first.",
            ),
            s3::Error::Empty => Self::empty_object(),
            s3::Error::Changed => Self::slow_down("The object changed while it was read. Try again."),
            s3::Error::Malformed(_) | s3::Error::Interrupted(_) => {
                Self::slow_down("Amazon S3 did not send the bytes that it was asked for. Try again.")
            }
            s3::Error::Unavailable(_) => {
                Self::slow_down("Amazon S3 is busy or cannot be reached. Reduce your request rate.")
            }
            s3::Error::Credentials(_) | s3::Error::Unexpected(_) => Self::internal(),
        }
    }
}

fn out_of_time(size: u64, objects: usize, read_by: ReadBy) -> String {
    let subject = if objects > 0 { format!("{objects} objects") } else { "object".to_owned() };
    let size = if size > 0 { format!(" of {size} bytes") } else { String::new() };
    let advice = match read_by {
        ReadBy::Job => {
            return format!("The job for the {subject}{size} could not be checked in time. Try again.");
        }
        ReadBy::RequestBesideJobs => "lower INLINE_MAX_SIZE or INLINE_MAX_OBJECTS, so that a job reads it",
        ReadBy::Request => {
            "set JOB_STATE_MACHINE_ARN (parameter Jobs of the template), so that a job reads what is larger than \
             INLINE_MAX_SIZE"
        }
    };
    format!(
        "The {subject}{size} could not be read within this service's TIME_BUDGET_MS. Try again. If that does not help, \
         its operator can give the function more memory, raise FETCH_CONCURRENCY, or {advice}."
    )
}
