//! What must hold after an execution, whatever went wrong in it.

use test_s3::Fault;

use super::{
    plan::{JobPlan, Mishap},
    workflow::Ended,
};
use crate::faults::{
    fault::BUSY,
    judge::judge_sidecar,
    plan::Left,
    trouble::{FOLDER, Trouble, What},
    world::World,
};

const NOTES: &str = "the user's notes";
/// S3's faults that may pass, in the words of a task, of Assemble and of a map.
const UNAVAILABLE: [&str; 3] = ["Unavailable", "Incomplete", "HashFailed"];
/// Of an object that changes, and of what no other try helps.
const REFUSED: [&str; 2] = ["ObjectChanged", "Failed"];

/// How the first execution may end.
pub(super) fn judge(world: &World, plan: &JobPlan, ended: &Ended) {
    judge_all(world, plan);
    match ended {
        Ended::Stored if plan.keeps_its_sidecar() && !world.is_users() => {
            assert!(world.sidecar(&plan.request).is_some(), "the sidecar is not there");
            let left = in_the_folder(world, plan);
            assert!(!plan.goes_well() || left == [notes_key(plan)], "a job has left {left:?}");
        }
        Ended::Stored => {}
        Ended::Nothing(reason) => assert!(!reason.is_empty()),
        Ended::Failed(caught) => {
            assert!(!plan.must_succeed(), "it should have succeeded: {caught:?}");
            let is_known = may_end_in(world, plan).contains(&caught.error.as_str());
            assert!(is_known, "nothing explains it: {caught:?}");
        }
    }
}

/// At any time: what lies at the sidecar's key is right or the user's, and nothing of the user's was touched.
pub(super) fn judge_all(world: &World, plan: &JobPlan) {
    judge_sidecar(world, &plan.request);
    let (bucket, sidecar) = plan.request.sidecar_place();
    let notes = world.s3.object(bucket, &notes_key(plan)).expect("the user's notes are gone");
    assert_eq!(notes.content.to_bytes(), NOTES.as_bytes());
    let known = |key: &String| ["a", sidecar].contains(&key.as_str()) || key.contains(FOLDER);
    assert!(world.s3.keys(bucket).iter().all(known), "{:?}", world.s3.keys(bucket));
}

/// An object of the user's among the fragments.
pub(super) fn put_notes(world: &World, plan: &JobPlan) {
    world.s3.put(plan.request.sidecar_place().0, &notes_key(plan), NOTES);
}

fn notes_key(plan: &JobPlan) -> String {
    format!("{}{FOLDER}notes", if plan.request.sidecars_elsewhere { "t/" } else { "" })
}

/// What lies where fragments do.
fn in_the_folder(world: &World, plan: &JobPlan) -> Vec<String> {
    let mut keys = world.s3.keys(plan.request.sidecar_place().0);
    keys.retain(|key| key.contains(FOLDER));
    keys
}

fn may_end_in(world: &World, plan: &JobPlan) -> Vec<&'static str> {
    let mut names = UNAVAILABLE.to_vec();
    for trouble in &plan.request.troubles {
        names.extend(told_of(trouble));
    }
    for misfortune in &plan.misfortunes {
        names.push(match misfortune.mishap {
            Mishap::TurnedAway => "Lambda.TooManyRequestsException",
            Mishap::Lost => "Lambda.Unknown",
            Mishap::Killed(_) => "Sandbox.Timedout",
            Mishap::RunsOn(_) => "States.Timeout",
        });
    }
    if plan.request.left == Left::Users || world.is_users() {
        names.push("Failed");
    }
    names
}

fn told_of(trouble: &Trouble) -> &'static [&'static str] {
    match &trouble.what {
        What::UsersOwn => &REFUSED[1..],
        What::Purged
        | What::Fault(
            Fault::Reset | Fault::Close | Fault::Lost | Fault::Delay(_) | Fault::CutBody(_) | Fault::ResetBody(_),
        ) => &[],
        What::Fault(Fault::Error { status, code }) if BUSY.contains(&(*status, code)) => &[],
        What::Replaced | What::Deleted | What::AccessGone | What::Fault(_) => &REFUSED,
    }
}
