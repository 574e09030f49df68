//! Explain: why a job failed.

use serde_json::Value;

use super::{JobObject, TaskFailure, to_json};
use crate::{
    jobs::{FailureKind, Job, Reason},
    operation::Error,
    s3,
};

/// All that a Distributed Map reports about its children's failures.
const CHILD_FAILED: &str = "States.ExceedToleratedFailureThreshold";

impl JobObject {
    /// Returns why the job failed. If the object changed, that is the reason, whatever the map reports, and its
    /// fragments are removed. Otherwise the fragments stay for the next attempt.
    pub(in crate::jobs) async fn explain(&self, job: &Job, caught: &Reason) -> Result<Value, TaskFailure> {
        let changed = match self.operation.find().await {
            Ok(subject) if subject.head.etag == job.etag => None,
            Ok(_)
            | Err(
                Error::Collection(_)
                | Error::S3(
                    s3::Error::NoSuchKey { .. }
                    | s3::Error::NoSuchVersion
                    | s3::Error::DeleteMarker
                    | s3::Error::Changed,
                ),
            ) => {
                self.fragments.delete().await?;
                Some(TaskFailure::ObjectChanged)
            }
            // The object was deleted, and S3 does not say so, or it is no longer public.
            Err(error @ (Error::S3(s3::Error::AccessDenied) | Error::NotListed | Error::Member { .. })) => {
                Some(error.into())
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(failure) = changed {
            return Ok(to_json(&Reason { quiet: job.target.quiet, ..failure.reason() }));
        }
        let recorded = self.fragments.failure().await?;
        let recorded: Option<Reason> = recorded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        // The reason of another failure than the caught one is out of date.
        let recorded = recorded.filter(|reason| says_little(caught) || reason.error == caught.error);
        Ok(to_json(&recorded.unwrap_or_else(|| reason_for(caught))))
    }
}

/// Returns whether the recorded reason says more: a map does not report why its children failed, and Assemble does not
/// know why spans are not hashed.
fn says_little(caught: &Reason) -> bool {
    caught.error == CHILD_FAILED || FailureKind::from_name(&caught.error) == Some(FailureKind::Incomplete)
}

/// Returns the reason if no task recorded one: its function was ended, ran out of time, or never started.
fn reason_for(caught: &Reason) -> Reason {
    if caught.error == CHILD_FAILED {
        let cause = "a function ended without giving a reason, or ran out of time";
        return Reason::new(FailureKind::HashFailed, cause.to_owned());
    }
    match FailureKind::from_name(&caught.error) {
        Some(kind @ FailureKind::Incomplete) => {
            Reason::new(kind, "no function was free for some spans, round after round".to_owned())
        }
        _ => caught.clone(),
    }
}
