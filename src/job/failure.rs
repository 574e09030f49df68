//! Why a task failed, by names that the workflow knows.

use std::fmt;

use lambda_runtime::Diagnostic;

use super::task::Reason;
use crate::{s3, service::Error, workflow};

/// Why a task failed, by the name that the workflow's retriers and catchers know.
#[derive(thiserror::Error)]
pub enum Failure {
    /// The object was replaced or deleted meanwhile: the job ends.
    #[error("the object changed while it was read")]
    ObjectChanged,
    /// S3 throttles or fails: the task is worth another try.
    #[error("{}", words(.0))]
    Unavailable(#[source] Error),
    /// Some spans have no fragment: their functions were turned away.
    #[error("some spans are not hashed")]
    Incomplete,
    /// No other try helps.
    #[error("{}", words(.0))]
    Failed(#[source] Error),
    /// An input that is no job of this function's.
    #[error("the input is no job: {0}")]
    BadInput(&'static str),
}

impl fmt::Debug for Failure {
    /// The Lambda runtime logs what a function fails with, in this form: the SDK's own would show S3's answers, in which
    /// there may be access keys. The cause is in the function's own line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.name())
    }
}

impl Failure {
    /// As the workflow names it: `errorType` of the function's answer.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::ObjectChanged => "ObjectChanged",
            Self::Unavailable(_) => "Unavailable",
            Self::Incomplete => "Incomplete",
            Self::Failed(_) => "Failed",
            Self::BadInput(_) => "BadInput",
        }
    }

    /// What the workflow is told later, when it asks why the job failed.
    #[must_use]
    pub fn reason(&self) -> Reason {
        Reason { error: self.name().to_owned(), cause: self.to_string(), quiet: false }
    }
}

/// What happened, and no internal cause: callers read it.
fn words(error: &Error) -> String {
    match error {
        Error::S3(error) => error.to_string(),
        error => error.to_string(),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::S3(s3::Error::Changed | s3::Error::NoSuchKey { .. } | s3::Error::NoSuchVersion)
            | Error::ChangedTwice => Self::ObjectChanged,
            Error::S3(s3::Error::Unavailable(_) | s3::Error::Interrupted(_) | s3::Error::Malformed(_))
            | Error::Workflow(workflow::Error::Unavailable(_))
            | Error::OutOfTime { .. }
            | Error::Task(_) => Self::Unavailable(error),
            error => Self::Failed(error),
        }
    }
}

impl From<s3::Error> for Failure {
    fn from(error: s3::Error) -> Self {
        Self::from(Error::S3(error))
    }
}

impl From<Failure> for Diagnostic {
    fn from(failure: Failure) -> Self {
        Self { error_type: failure.name().to_owned(), error_message: failure.to_string() }
    }
}
