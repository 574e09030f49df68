//! Why a task failed, by the names that the workflow's retriers and catchers know.

use std::fmt;

use lambda_runtime::Diagnostic;

use crate::{
    jobs::{FailureKind, PlaceError, Reason, workflow::WorkflowError},
    operation::Error,
    s3,
};

/// Why a task failed.
#[derive(thiserror::Error)]
pub enum TaskFailure {
    /// The object was replaced or deleted: the job ends.
    #[error("the object was replaced or deleted")]
    ObjectChanged,
    /// The operation failed. If S3 throttles or fails, another attempt may help.
    #[error("{}", message(.0))]
    Operation(#[source] Error),
    /// Some spans have no fragment: no function was free for them.
    #[error("some spans are not hashed")]
    Incomplete,
    /// The torrent cannot be stored.
    #[error("{0}")]
    Place(#[from] PlaceError),
    /// Step Functions throttles or fails, and another attempt may help; or it refuses to start the job.
    #[error("{0}")]
    Workflow(#[from] WorkflowError),
    /// The job has failed too often for another attempt now.
    #[error("its job has failed several times within the hour")]
    Exhausted,
    /// The input is not a task of this function.
    #[error("the input is not a task: {0}")]
    BadInput(String),
}

impl fmt::Debug for TaskFailure {
    /// The Lambda runtime logs a function's failure in this form. A derived form would show S3's answers, which may
    /// hold access keys. The cause is in the function's own line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {self}", self.name())
    }
}

impl TaskFailure {
    /// Returns the failure's kind. Its name is the `errorType` of the function's answer.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::ObjectChanged => FailureKind::ObjectChanged,
            Self::Operation(
                Error::S3(s3::Error::Unavailable(_) | s3::Error::Interrupted(_) | s3::Error::Malformed(_))
                | Error::ReadPanicked(_),
            )
            | Self::Workflow(WorkflowError::Unavailable(_)) => FailureKind::Unavailable,
            Self::Incomplete => FailureKind::Incomplete,
            Self::Operation(_) | Self::Place(_) | Self::Exhausted | Self::Workflow(WorkflowError::Refused(_)) => {
                FailureKind::Failed
            }
            Self::BadInput(_) => FailureKind::BadInput,
        }
    }

    /// Returns the name of the failure's kind.
    pub fn name(&self) -> String {
        self.kind().to_string()
    }

    /// Returns what Explain reports.
    pub fn reason(&self) -> Reason {
        Reason::new(self.kind(), self.to_string())
    }
}

/// Returns what happened without the internal cause, because callers read it.
fn message(error: &Error) -> String {
    match error {
        Error::S3(error) => error.to_string(),
        error => error.to_string(),
    }
}

impl From<Error> for TaskFailure {
    fn from(error: Error) -> Self {
        match error {
            Error::S3(s3::Error::Changed | s3::Error::NoSuchKey { .. } | s3::Error::NoSuchVersion) => {
                Self::ObjectChanged
            }
            error => Self::Operation(error),
        }
    }
}

impl From<s3::Error> for TaskFailure {
    fn from(error: s3::Error) -> Self {
        Self::from(Error::from(error))
    }
}

impl From<TaskFailure> for Diagnostic {
    fn from(failure: TaskFailure) -> Self {
        Self { error_type: failure.name(), error_message: failure.to_string() }
    }
}
