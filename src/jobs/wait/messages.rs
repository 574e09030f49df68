//! What a caller is told about a job.

use super::{JobProgress, WaitError};
use crate::jobs::{ExecutionState, FailureKind, PlaceError};

const NOT_READY: &str = "The torrent of this object is not ready. A GET starts the job that makes it.";

const TAKEN: &str = "A job makes the torrent of an object this large, and stores it as the object's sidecar. Another object \
    has the sidecar's key, or the key would be longer than 1024 bytes. Move that object, or ask this service's operator to set \
    SIDECAR_PREFIX or SIDECAR_BUCKET.";

const OTHER_REGION: &str = "A job makes the torrent of an object this large, and keeps its work beside the sidecar. The sidecar's \
    bucket is in another AWS Region than this service. Ask this service's operator to set SIDECAR_BUCKET to a bucket in the \
    service's own Region, or to serve the bucket by a stack in its Region.";

const PRESIGNED: &str = "The object is larger than this service's INLINE_MAX_SIZE, so a job must read it, and a job cannot use a \
    presigned URL: it would have to keep the URL. Upload the object with --checksum-algorithm SHA1, or ask this service's \
    operator to raise INLINE_MAX_SIZE.";

const BUSY: &str = "The job that makes this object's torrent can be neither started nor found: AWS Step Functions is busy or out \
    of reach. Reduce your request rate.";

impl WaitError {
    /// Returns what the caller is told. The causes of [`WaitError::Torrent`] and of a refusing Step Functions are the
    /// operator's to see, so they have no message.
    pub fn message(&self) -> Option<String> {
        match self {
            Self::Running { progress, earlier } => Some(running(progress, earlier.as_ref())),
            Self::Failed { state, exhausted } => Some(failed(state, *exhausted)),
            Self::NotReady => Some(NOT_READY.to_owned()),
            Self::Presigned => Some(PRESIGNED.to_owned()),
            Self::Place(PlaceError::Taken) => Some(TAKEN.to_owned()),
            Self::Place(PlaceError::OtherRegion) => Some(OTHER_REGION.to_owned()),
            Self::Workflow(super::WorkflowError::Unavailable(_)) => Some(BUSY.to_owned()),
            Self::Workflow(super::WorkflowError::Refused(_)) | Self::Torrent(_) => None,
        }
    }
}

/// `earlier` is how the attempt before this one ended.
fn running(progress: &JobProgress, earlier: Option<&ExecutionState>) -> String {
    let JobProgress { size, hashed, spans } = progress;
    let done = match hashed {
        Some(hashed) if hashed < spans => format!("{hashed} of {spans} spans are hashed"),
        Some(_) => format!("all {spans} spans are hashed"),
        None => format!("there are {spans} spans to hash"),
    };
    let before = earlier.map(|state| format!(" The attempt before {}.", ending(state))).unwrap_or_default();
    format!("A job is making the torrent of this object of {size} bytes: {done}.{before} Try again.")
}

fn failed(state: &ExecutionState, exhausted: bool) -> String {
    let is_change = |error: &str| FailureKind::from_name(error) == Some(FailureKind::ObjectChanged);
    let then = match state {
        _ if exhausted => "It has been tried several times within the hour. Try again later.",
        ExecutionState::Failed { error, .. } if !is_change(error) => {
            "Try again: that starts the job anew, and it keeps what it has hashed."
        }
        _ => "Try again.",
    };
    format!("The job that makes this object's torrent {}. {then}", ending(state))
}

/// Only the job's own causes are told. Other causes are AWS's, and name its resources.
fn ending(state: &ExecutionState) -> String {
    match state {
        ExecutionState::Failed { error, cause } if FailureKind::from_name(error).is_some() => {
            format!("failed ({error}: {})", cause.trim_end_matches('.'))
        }
        ExecutionState::Failed { error, .. } => format!("failed ({error})"),
        ExecutionState::Running | ExecutionState::Succeeded => "ended, but its torrent is not there".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(hashed: Option<u64>) -> String {
        running(&JobProgress { size: 3_221_225_472, hashed, spans: 48 }, None)
    }

    fn ended(error: &str, cause: &str) -> ExecutionState {
        ExecutionState::Failed { error: error.to_owned(), cause: cause.to_owned() }
    }

    #[test]
    fn progress_says_how_much_is_done() {
        assert_eq!(
            progress(Some(12)),
            "A job is making the torrent of this object of 3221225472 bytes: 12 of 48 spans are hashed. Try again."
        );
        assert!(progress(Some(48)).contains("all 48 spans are hashed"));
        assert!(progress(None).contains("48 spans to hash"));
    }

    #[test]
    fn an_earlier_failure_is_told_too() {
        let progress = JobProgress { size: 1, hashed: Some(0), spans: 1 };
        let text = running(&progress, Some(&ended("Failed", "S3 denies access")));
        assert!(text.contains("hashed. The attempt before failed (Failed: S3 denies access). Try again."), "{text}");
    }

    #[test]
    fn only_the_jobs_own_words_are_told() {
        let own = failed(&ended("ObjectChanged", "the object changed while it was read"), false);
        assert!(own.contains("failed (ObjectChanged: the object changed while it was read). Try again"), "{own}");
        let aws = failed(&ended("States.Runtime", "arn:aws:states:of-someone"), true);
        assert!(aws.contains("failed (States.Runtime). It has been tried"), "{aws}");
    }
}
