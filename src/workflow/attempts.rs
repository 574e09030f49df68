//! What to do about a job whose execution has ended, or runs.

use std::time::{Duration, SystemTime};

use super::{Execution, State};

/// So many executions of one job may be started within an hour: a job that cannot succeed must not run, and cost,
/// for ever.
pub const MAX_ATTEMPTS_AN_HOUR: u32 = 3;
const HOUR: Duration = Duration::from_hours(1);

/// What comes next for a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This attempt is to be started, after one that ended so.
    Start(u32, State),
    /// This attempt runs.
    Wait(u32),
    /// Enough for this hour; the latest ended so.
    GiveUp(State),
}

/// The attempt whose start tells whether another may follow `latest`; `None` where there have been too few to ask.
pub(super) fn first_of_the_last(latest: &Execution) -> Option<u32> {
    let first = latest.attempt.checked_sub(MAX_ATTEMPTS_AN_HOUR - 1);
    first.filter(|attempt| *attempt > 0)
}

/// `first` is [`first_of_the_last`].
pub(super) fn next(latest: Execution, first: Option<&Execution>, now: SystemTime) -> Next {
    let is_long_ago = |started: SystemTime| now.duration_since(started).is_ok_and(|since| since >= HOUR);
    match (latest.state, first) {
        (State::Running, _) => Next::Wait(latest.attempt),
        (state, Some(first)) if !is_long_ago(first.started) => Next::GiveUp(state),
        (state, _) => Next::Start(latest.attempt + 1, state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn execution(attempt: u32, minutes_ago: u64, state: State) -> Execution {
        let started = now() - Duration::from_mins(minutes_ago);
        Execution { attempt, started, state }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(500_000)
    }

    fn failed() -> State {
        State::Failed { error: "Failed".into(), cause: String::new() }
    }

    #[test]
    fn a_running_attempt_is_waited_for() {
        let latest = execution(7, 1, State::Running);
        assert_eq!(next(latest, Some(&execution(5, 2, failed())), now()), Next::Wait(7));
    }

    #[test]
    fn an_ended_attempt_is_followed_by_another() {
        for state in [failed(), State::Succeeded] {
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
