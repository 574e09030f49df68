//! Under any fault a job leaves the right sidecar or fails by a name that is known, and so does every job after it;
//! once nothing is wrong any more, the next one succeeds.
//!
//! The states, retries and catches are the workflow's own (statemachine/); its waits are left out.

mod plan;
mod run;
mod workflow;

use super::seeds::run_all;

#[test]
fn under_any_seed_a_job_leaves_the_right_sidecar_or_fails_by_name() {
    // A job is many requests.
    run_all(plan::JobPlan::of, run::run, 8);
}
