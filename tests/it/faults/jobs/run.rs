//! One plan, carried out: a job with all that goes wrong, and another one after it.

use std::time::Duration;

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};
use tokio::{runtime::Handle, time::Instant};

use super::{
    invoke::Lambda,
    judge::{judge, judge_all, put_notes},
    plan::JobPlan,
    workflow::{Ended, execute},
};
use crate::{
    faults::{
        judge::assert_right,
        run::{assert_no_secret, on_a_runtime, tasks_end},
        world::World,
    },
    harness::{Function, worker, worker_at_aws},
    log::Written,
};

/// Carries `plan` out; how its job fared. Panics where something does not hold.
pub(super) fn run(plan: &JobPlan, is_alone: bool) -> String {
    on_a_runtime(plan, is_alone, async |written| carry_out(plan, written).await)
}

async fn carry_out(plan: &JobPlan, written: &Written) -> String {
    let mut world = World::new(&plan.request).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let function = world.function(&plan.request).await;
    world.prepare(&plan.request, &function).await;
    put_notes(&world, plan);
    let worker = worker_of(&world, plan).await;
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
    match ended {
        Ended::Failed(caught) => caught.error,
        Ended::Stored => "stored".to_owned(),
        Ended::Nothing(reason) => format!("nothing: {reason}"),
    }
}

async fn worker_of(world: &World, plan: &JobPlan) -> Worker {
    let variables = plan.variables();
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    if plan.request.is_abroad {
        return worker_at_aws(&world.s3, &variables).await;
    }
    worker(&world.s3, &variables).await
}

/// What the API function starts the object's job with.
fn input(world: &World, plan: &JobPlan) -> Value {
    let etag = world.s3.object("data", "a").map(|object| object.etag);
    let mut input = json!({"bucket": "data", "key": "a", "etag": etag});
    if plan.is_quiet {
        input["quiet"] = json!(true);
    }
    input
}

/// The next job, with nothing wrong any more.
async fn after(world: &World, plan: &JobPlan, lambda: &Lambda) {
    if world.s3.object("data", "a").is_none() {
        world.book.put(&world.s3, &plan.request, 50);
    }
    let ended = execute(lambda, &world.s3.client(), plan, input(world, plan)).await;
    judge_all(world, plan);
    let is_refused = match &ended {
        Ended::Failed(caught) => caught.error == "Failed",
        Ended::Nothing(_) => plan.is_quiet,
        Ended::Stored => false,
    };
    let may_be_refused = plan.request.loses_access() || world.is_users();
    assert!(is_done(&ended) || may_be_refused && is_refused, "{ended:?}");
}

/// The API function has the torrent of what is there now, and has it from the sidecar.
async fn is_served(world: &World, plan: &JobPlan, function: &Function) {
    let started = Instant::now();
    let answer = world.ask_well(&plan.request, function).await;
    let pasts = world.book.pasts();
    assert_right(&pasts[pasts.len() - 1..], &plan.request, &answer, true);
    // On a busy machine the sidecar may not come in time.
    let is_slow = started.elapsed() > Duration::from_secs(1);
    assert!((answer.origin() == "sidecar") != world.is_users() || is_slow, "it came from {}", answer.origin());
}

/// The torrent is there.
fn is_done(ended: &Ended) -> bool {
    match ended {
        Ended::Stored => true,
        Ended::Nothing(reason) => ["sidecar", "part-checksums"].contains(&reason.as_str()),
        Ended::Failed(_) => false,
    }
}
