//! What a caller is told of an object that no request can read: it is a job's, or would be one's.

use crate::{
    service::{JobProgress, Reader},
    workflow::State,
};

/// Names that the job itself gives its failures; their causes are its own words too.
const OWN_FAILURES: [&str; 6] =
    ["ObjectChanged", "Unavailable", "Incomplete", "Failed", "BadInput", "HashFailed"];

pub(super) const NOT_READY: &str =
    "The torrent of this object is not ready. A GET starts the job that makes it.";

pub(super) const NO_PLACE: &str = "The torrent of an object this large is made by a job, which leaves it at the key of its \
    sidecar; an object that is not this service's lies there, or the key would be longer than 1024 bytes. Move that \
    object, or have this service's operator set SIDECAR_PREFIX or SIDECAR_BUCKET.";

pub(super) const PLACE_ELSEWHERE: &str = "The torrent of an object this large is made by a job, which keeps its work beside the \
    sidecar, and that bucket is in another AWS Region than this service. Have this service's operator set SIDECAR_BUCKET to \
    a bucket in the service's own Region, or serve the bucket by a stack in its Region.";

pub(super) const PRESIGNED: &str = "The object is larger than this service's INLINE_MAX_SIZE, so that a job would have to read it, and a job cannot \
    read with a presigned URL: the URL would have to be kept. Upload the object with --checksum-algorithm SHA1, or have \
    this service's operator raise INLINE_MAX_SIZE.";

pub(super) const BUSY: &str = "The job that makes this object's torrent can be neither started nor found: AWS Step Functions is \
    busy or out of reach. Reduce your request rate.";

pub(super) fn out_of_time(size: u64, reader: Reader) -> String {
    let size = if size > 0 { format!(" of {size} bytes") } else { String::new() };
    let advice = match reader {
        Reader::Job => {
            return format!(
                "The job that makes the torrent of this object{size} could not be looked at in time. Try again."
            );
        }
        Reader::RequestBesideJobs => "lower INLINE_MAX_SIZE, so that a job reads it",
        Reader::Request => {
            "set JOB_STATE_MACHINE_ARN (parameter Jobs of the template), so that a job reads what is larger than \
             INLINE_MAX_SIZE"
        }
    };
    format!(
        "The object{size} could not be read within this service's TIME_BUDGET_MS. Try again; if that does not help, its \
         operator may give the function more memory or FETCH_CONCURRENCY, or {advice}."
    )
}

/// `earlier` is how the attempt before this one ended.
pub(super) fn runs(progress: &JobProgress, earlier: Option<&State>) -> String {
    let JobProgress { size, hashed, spans } = progress;
    let done = match hashed {
        Some(hashed) if hashed < spans => format!("{hashed} of {spans} spans are hashed"),
        Some(_) => format!("all {spans} spans are hashed"),
        None => format!("there are {spans} spans to hash"),
    };
    let before = earlier.map(|state| format!(" The attempt before {}.", ending(state))).unwrap_or_default();
    format!("A job is making the torrent of this object of {size} bytes: {done}.{before} Try again.")
}

pub(super) fn failed(state: &State, given_up: bool) -> String {
    let then = match state {
        _ if given_up => "It has been tried several times within the hour; try again later.",
        State::Failed { error, .. } if error != "ObjectChanged" => {
            "Try again: that starts it anew, and what it has hashed is kept."
        }
        _ => "Try again.",
    };
    format!("The job that makes this object's torrent {}. {then}", ending(state))
}

/// Only the job's own words are told on: other causes are AWS's, with names of its resources in them.
fn ending(state: &State) -> String {
    match state {
        State::Failed { error, cause } if OWN_FAILURES.contains(&error.as_str()) => {
            format!("failed ({error}: {})", cause.trim_end_matches('.'))
        }
        State::Failed { error, .. } => format!("failed ({error})"),
        State::Running | State::Succeeded => "ended, but its torrent is not there".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(hashed: Option<u64>) -> String {
        runs(&JobProgress { size: 3_221_225_472, hashed, spans: 48 }, None)
    }

    fn ended(error: &str, cause: &str) -> State {
        State::Failed { error: error.to_owned(), cause: cause.to_owned() }
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
        let text = runs(&progress, Some(&ended("Failed", "S3 denies access")));
        assert!(
            text.contains("hashed. The attempt before failed (Failed: S3 denies access). Try again."),
            "{text}"
        );
    }

    #[test]
    fn only_the_jobs_own_words_are_told() {
        let own = failed(&ended("ObjectChanged", "the object changed while it was read"), false);
        assert!(
            own.contains("failed (ObjectChanged: the object changed while it was read). Try again"),
            "{own}"
        );
        let aws = failed(&ended("States.Runtime", "arn:aws:states:of-someone"), true);
        assert!(aws.contains("failed (States.Runtime). It has been tried"), "{aws}");
    }

    #[test]
    fn out_of_time_names_what_an_operator_can_set() {
        assert!(out_of_time(0, Reader::Request).contains("JOB_STATE_MACHINE_ARN"));
        let beside = out_of_time(7, Reader::RequestBesideJobs);
        assert!(beside.contains("The object of 7 bytes") && beside.contains("INLINE_MAX_SIZE"), "{beside}");
        assert!(!out_of_time(7, Reader::Job).contains("INLINE_MAX_SIZE"));
    }
}
