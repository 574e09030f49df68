//! One plan, carried out: a job with all that goes wrong, another one after it, and what must hold.

use std::time::Duration;

use get_object_torrent::jobs::Reason;
use serde_json::{Value, json};
use test_s3::Fault;
use tokio::{runtime::Handle, time::Instant};

use super::{
    plan::JobPlan,
    workflow::{Lambda, execute},
};
use crate::{
    faults::{
        fault::BUSY,
        judge::{assert_right, judge_sidecar},
        plan::Left,
        run::{assert_no_secret, tasks_end},
        trouble::{FOLDER, Trouble, What},
        world::{World, ask_well},
    },
    harness::Function,
    log::Written,
};

const NOTES: &str = "the user's notes";
/// S3's faults that may pass, in the words of a task, of Assemble and of a map.
const UNAVAILABLE: [&str; 3] = ["Unavailable", "Incomplete", "HashFailed"];
/// Of an object that changes, and of what no other try helps.
const REFUSED: [&str; 2] = ["ObjectChanged", "Failed"];

/// Carries `plan` out. Panics where something does not hold.
pub(in crate::faults) async fn run(plan: &JobPlan, written: &Written) {
    let mut world = World::new(&plan.request).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let function = plan.request.setup(&world.s3).function().await;
    world.prepare(&plan.request, &function).await;
    // An object of the user's among the fragments.
    world.s3.put(plan.request.sidecar_place().0, &notes_key(plan), NOTES);
    let setup = plan.request.setup(&world.s3).set("SPAN_SIZE", plan.span_size.to_string());
    let worker = setup.worker().await;
    let lambda = Lambda::new(worker.clone(), plan.misfortunes.clone());
    let input = input(&world, plan);
    world.let_loose(&plan.request);
    let ended = execute(&lambda, &world.s3.client(), plan, input).await;
    judge(&world, plan, &ended);
    world.s3.clear_faults();
    // Functions of the first job may still run.
    after(&world, plan, &Lambda::new(worker, Vec::new())).await;
    if !plan.request.loses_access() {
        is_served(&world, plan, &function).await;
    }
    judge_all(&world, plan);
    assert_no_secret(written);
    drop((function, lambda));
    tasks_end(tasks).await;
}

/// What the API function starts the object's job with.
fn input(world: &World, plan: &JobPlan) -> Value {
    let etag = world.s3.object("data", "a").map(|object| object.etag);
    json!({"bucket": "data", "key": "a", "etag": etag, "quiet": plan.is_quiet})
}

/// How the first execution may end.
fn judge(world: &World, plan: &JobPlan, ended: &Result<Option<String>, Reason>) {
    judge_all(world, plan);
    match ended {
        Ok(None) if plan.keeps_its_sidecar() && !world.is_users() => {
            assert!(world.sidecar(&plan.request).is_some(), "the sidecar is not there");
            let mut left = world.s3.keys(plan.request.sidecar_place().0);
            left.retain(|key| key.contains(FOLDER));
            assert!(!plan.goes_well() || left == [notes_key(plan)], "a job has left {left:?}");
        }
        Ok(_) => {}
        Err(caught) => {
            assert!(!plan.must_succeed(), "it should have succeeded: {caught:?}");
            let of_troubles = plan.request.troubles.iter().flat_map(told_of).copied();
            let of_lambda = plan.misfortunes.iter().map(|misfortune| misfortune.mishap.error());
            let mut known = UNAVAILABLE.into_iter().chain(of_troubles).chain(of_lambda);
            let is_taken = plan.request.left == Left::Users || world.is_users();
            let is_known = known.any(|name| name == caught.error) || is_taken && caught.error == "Failed";
            assert!(is_known, "nothing explains it: {caught:?}");
        }
    }
}

/// At any time: what is at the sidecar's key is right or the user's, and nothing of the user's was touched.
fn judge_all(world: &World, plan: &JobPlan) {
    judge_sidecar(world, &plan.request);
    let (bucket, sidecar) = plan.request.sidecar_place();
    let notes = world.s3.object(bucket, &notes_key(plan)).expect("the user's notes are gone");
    assert_eq!(notes.content.to_bytes(), NOTES.as_bytes());
    let known = |key: &String| ["a", sidecar].contains(&key.as_str()) || key.contains(FOLDER);
    assert!(world.s3.keys(bucket).iter().all(known), "{:?}", world.s3.keys(bucket));
}

fn notes_key(plan: &JobPlan) -> String {
    format!("{}{FOLDER}notes", if plan.request.sidecars_elsewhere { "t/" } else { "" })
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

/// The next job, with nothing wrong any more: the torrent is there, unless there may be none.
async fn after(world: &World, plan: &JobPlan, lambda: &Lambda) {
    if world.s3.object("data", "a").is_none() {
        world.book.put(&world.s3, &plan.request, 50);
    }
    let ended = execute(lambda, &world.s3.client(), plan, input(world, plan)).await;
    judge_all(world, plan);
    let may_be_refused = plan.request.loses_access() || world.is_users();
    let is_as_it_should_be = match &ended {
        Ok(None) => true,
        Ok(Some(reason)) if ["sidecar", "part-checksums"].contains(&reason.as_str()) => true,
        Ok(Some(_)) => may_be_refused && plan.is_quiet,
        Err(caught) => may_be_refused && caught.error == "Failed",
    };
    assert!(is_as_it_should_be, "{ended:?}");
}

/// The API function has the torrent of what is there now, and has it from the sidecar.
async fn is_served(world: &World, plan: &JobPlan, function: &Function) {
    let started = Instant::now();
    let answer = ask_well(&plan.request, function).await;
    let pasts = world.book.pasts();
    assert_right(&pasts[pasts.len() - 1..], &plan.request, &answer, true);
    // On a busy machine the sidecar may not come in time.
    let is_slow = started.elapsed() > Duration::from_secs(1);
    assert!((answer.origin() == "sidecar") != world.is_users() || is_slow, "it came from {}", answer.origin());
}
