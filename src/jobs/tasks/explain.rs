//! Explain: why a job failed.

use super::{TaskFailure, task::StateError, worker::JobObject};
use crate::{
    jobs::{FailureKind, Job, Reason},
    operation::Error,
    s3,
};

/// A Distributed Map says no more about its children's failures.
const CHILD_FAILED: &str = "States.ExceedToleratedFailureThreshold";

impl JobObject {
    /// An object that changed ends its job under that name, whatever the map says, and its fragments are of no more use.
    /// Otherwise the fragments stay, for the next attempt.
    pub(super) async fn explain(&self, job: &Job, caught: &StateError) -> Result<Reason, TaskFailure> {
        let quiet = job.target.quiet;
        match self.torrent.find().await {
            Ok(subject) if subject.head.etag == job.etag => {}
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
                return Ok(Reason { quiet, ..TaskFailure::ObjectChanged.reason() });
            }
            // The object was deleted, and S3 does not tell, or it is no longer public.
            Err(error @ (Error::S3(s3::Error::AccessDenied) | Error::NotListed | Error::Member { .. })) => {
                return Ok(Reason { quiet, ..TaskFailure::from(error).reason() });
            }
            Err(error) => return Err(error.into()),
        }
        let recorded = self.fragments.failure().await?;
        let recorded: Option<Reason> = recorded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        // A reason of another failure than the one that was caught is out of date: that failure passed.
        let recorded = recorded.filter(|reason| says_little(caught) || reason.error == caught.error);
        Ok(recorded.unwrap_or_else(|| reason_for(caught)))
    }
}

/// Returns whether the task that failed has more to say: a map does not say what its children failed with, nor Assemble
/// why spans are not hashed.
fn says_little(caught: &StateError) -> bool {
    caught.error == CHILD_FAILED || FailureKind::from_name(&caught.error) == Some(FailureKind::Incomplete)
}

/// Returns the reason where no task recorded one: its function was ended, ran out of time or never started. Callers are
/// not told AWS's own words.
fn reason_for(caught: &StateError) -> Reason {
    if caught.error == CHILD_FAILED {
        let cause = "a function ended without giving a reason, or ran out of time";
        return Reason::new(FailureKind::HashFailed, cause.to_owned());
    }
    match FailureKind::from_name(&caught.error) {
        Some(kind @ FailureKind::Incomplete) => {
            Reason::new(kind, "no function was free for some spans, round after round".to_owned())
        }
        _ => Reason { error: caught.error.clone(), cause: caught.cause.clone(), quiet: false },
    }
}
