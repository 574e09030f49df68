//! What one seed stands for: an object and what lies at its sidecar's key, how its job is split, what goes wrong with
//! S3, and what with Lambda.

use std::time::Duration;

use test_s3::Fault;

use crate::faults::{
    dice::Dice,
    fault::BUSY,
    plan::{Left, PIECE, Plan, in_order},
    trouble::{Target, Trouble, What},
};

/// What becomes of an invocation, whatever the function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    /// No function is free.
    TurnedAway,
    /// The function is ended then.
    Killed(Duration),
    /// The workflow waits no longer, and the function runs on.
    RunsOn(Duration),
}

/// `mishap` happens to so many invocations, after some that go well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Misfortune {
    pub(super) mishap: Mishap,
    pub(super) after: u64,
    pub(super) times: u64,
}

#[derive(Clone, Debug)]
pub(in crate::faults) struct JobPlan {
    /// The object, the sidecar and the troubles with S3.
    pub(super) request: Plan,
    pub(super) span_size: u64,
    /// Children at a time.
    pub(super) children: usize,
    /// Each span is hashed by two functions at once: Express executions run at least once.
    pub(super) is_doubled: bool,
    pub(super) is_quiet: bool,
    pub(super) misfortunes: Vec<Misfortune>,
}

impl Mishap {
    /// The name that the workflow catches.
    pub(super) fn error(self) -> &'static str {
        match self {
            Self::TurnedAway => "Lambda.TooManyRequestsException",
            Self::Killed(_) => "Sandbox.Timedout",
            Self::RunsOn(_) => "States.Timeout",
        }
    }
}

impl JobPlan {
    pub(in crate::faults) fn of(seed: u64) -> Self {
        let request = Plan::of(seed);
        // Other numbers than the request's, which are thrown from the seed itself.
        let mut dice = Dice::new(!seed);
        let reach = request.range_size.min(request.length);
        let count = dice.pick(&[0, 1, 1, 1, 2, 2, 3, 5]);
        let troubles = (0..count).map(|_| Trouble::thrown_at_a_job(&mut dice, reach)).collect();
        let unlucky = dice.pick(&[0, 0, 0, 1, 1, 2]);
        let request = Plan {
            // Those need no job, as long as their checksums can be had.
            in_parts: request.in_parts && dice.one_in(3),
            has_credentials: true,
            // Of each request that a test makes of the API function.
            budget_ms: 20_000,
            is_head: false,
            callers: 1,
            left: if dice.one_in(2) { Left::Nothing } else { request.left },
            troubles: in_order(troubles),
            ..request
        };
        Self {
            request,
            span_size: dice.pick(&[1, 2 * PIECE, 3 * PIECE, 0]),
            children: dice.pick(&[1, 2, 8]),
            is_doubled: dice.one_in(6),
            is_quiet: dice.one_in(6),
            misfortunes: (0..unlucky).map(|_| Misfortune::thrown(&mut dice)).collect(),
        }
    }

    /// Little goes wrong, and all of it passes within the retries of any state.
    pub(super) fn must_succeed(&self) -> bool {
        let passes = self.request.troubles.iter().all(passes);
        let mishaps: u64 = self.misfortunes.iter().map(|misfortune| misfortune.times).sum();
        passes && mishaps <= 2 && self.request.left != Left::Users
    }

    /// Nobody else writes to the sidecar's place.
    pub(super) fn keeps_its_sidecar(&self) -> bool {
        !self.request.troubles.iter().any(|trouble| matches!(trouble.what, What::UsersOwn | What::Purged))
    }

    pub(super) fn goes_well(&self) -> bool {
        self.misfortunes.is_empty() && self.request.troubles.is_empty()
    }
}

impl Misfortune {
    fn thrown(dice: &mut Dice) -> Self {
        let after = Duration::from_millis(dice.pick(&[0, 1, 3, 10, 40]));
        let mishap = dice.pick(&[Mishap::TurnedAway, Mishap::Killed(after), Mishap::RunsOn(after)]);
        Self { mishap, after: dice.below(12), times: dice.pick(&[1, 1, 1, 2, 4, 40]) }
    }
}

/// Whether a try later it is over, and no task has been told what is not true.
fn passes(trouble: &Trouble) -> bool {
    let What::Fault(fault) = &trouble.what else { return matches!(trouble.what, What::Purged) };
    let is_passing = match fault {
        Fault::Error { status, code } => BUSY.contains(&(*status, code)),
        Fault::ShortBody(_) | Fault::OverlongBody(_) => trouble.target == Target::Read,
        Fault::Reset
        | Fault::Close
        | Fault::Lost
        | Fault::Delay(_)
        | Fault::CutBody(_)
        | Fault::ResetBody(_)
        | Fault::StallBody { pause: Some(_), .. } => true,
        _ => false,
    };
    is_passing && trouble.times == 1
}
