//! What to do about a job whose execution runs or has ended.

use std::time::{Duration, SystemTime};

use super::{Execution, ExecutionState};

/// At most this many executions of one job are started within an hour: a job that cannot succeed must not cost money for
/// ever.
pub const MAX_ATTEMPTS_AN_HOUR: u32 = 3;
const HOUR: Duration = Duration::from_hours(1);

/// What comes next for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Start this attempt, after one that ended in this state.
    Start(u32, ExecutionState),
    /// Wait for this attempt, which runs.
    Wait(u32),
    /// Start no other attempt within this hour. The latest ended in this state.
    GiveUp(ExecutionState),
}

/// Returns the attempt whose start decides whether another may follow `latest`. `None` means that there have been too few
/// attempts for a limit.
pub(super) fn first_of_the_last(latest: &Execution) -> Option<u32> {
    let first = latest.attempt.checked_sub(MAX_ATTEMPTS_AN_HOUR - 1);
    first.filter(|attempt| *attempt > 0)
}

/// Decides what comes next. `first` is the execution of [`first_of_the_last`].
pub(super) fn next(latest: Execution, first: Option<&Execution>, now: SystemTime) -> Next {
    let is_long_ago = |started: SystemTime| now.duration_since(started).is_ok_and(|since| since >= HOUR);
    match (latest.state, first) {
        (ExecutionState::Running, _) => Next::Wait(latest.attempt),
        (state, Some(first)) if !is_long_ago(first.started) => Next::GiveUp(state),
        (state, _) => Next::Start(latest.attempt + 1, state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(attempt: u32, minutes_ago: u64, state: ExecutionState) -> Execution {
        let started = now() - Duration::from_mins(minutes_ago);
        Execution { attempt, started, state }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
    }

    fn failed() -> ExecutionState {
        ExecutionState::Failed { error: "Failed".into(), cause: String::new() }
    }

    #[test]
    fn a_running_attempt_is_waited_for() {
        let latest = execution(7, 1, ExecutionState::Running);
        assert_eq!(next(latest, Some(&execution(5, 2, failed())), now()), Next::Wait(7));
    }

    #[test]
    fn an_ended_attempt_is_followed_by_another() {
        for state in [failed(), ExecutionState::Succeeded] {
            let latest = execution(1, 0, state.clone());
            assert_eq!(first_of_the_last(&latest), None);
            assert_eq!(next(latest, None, now()), Next::Start(2, state));
        }
        let latest = execution(3, 1, failed());
        assert_eq!(first_of_the_last(&latest), Some(1));
        assert_eq!(next(latest, Some(&execution(1, 60, failed())), now()), Next::Start(4, failed()));
    }

    #[test]
    fn three_attempts_within_the_hour_are_enough() {
        let latest = execution(3, 1, failed());
        assert_eq!(next(latest, Some(&execution(1, 59, failed())), now()), Next::GiveUp(failed()));
    }
}
