//! One plan, carried out, and what must hold.

use std::time::Duration;

use futures::future::join_all;
use test_s3::Identity;
use tokio::{runtime::Handle, time::Instant};

use super::{
    judge::{assert_right, judge, judge_sidecar},
    plan::Plan,
    trouble::Trouble,
    world::{World, ask_well},
};
use crate::{
    harness::{Answer, Function, eventually},
    log::Written,
};

/// Carries `plan` out. Panics where something does not hold.
pub(super) async fn run(plan: &Plan, written: &Written) {
    let mut world = World::new(plan).await;
    let tasks = Handle::current().metrics().num_alive_tasks();
    let function = plan.setup(&world.s3).function().await;
    world.prepare(plan, &function).await;
    world.let_loose(plan);
    let answers = join_all((0..plan.callers).map(|_| timed(plan, &function))).await;
    for (answer, took) in &answers {
        judge(&world, plan, answer, *took);
    }
    judge_sidecar(&world, plan);
    assert!(eventually(|| world.s3.active_gets() == 0).await, "reads go on after the answer");
    after(&world, plan, &function).await;
    judge_sidecar(&world, plan);
    judge_log(written, plan.callers);
    drop(function);
    tasks_end(tasks).await;
}

async fn timed(plan: &Plan, function: &Function) -> (Answer, Duration) {
    let started = Instant::now();
    let answer = if plan.is_head { function.head("/data/a").await } else { function.get("/data/a").await };
    (answer, started.elapsed())
}

/// The next requests, with nothing wrong any more.
async fn after(world: &World, plan: &Plan, function: &Function) {
    world.s3.clear_faults();
    let first = ask_well(plan, function).await;
    if plan.loses_access() && first.status == 403 {
        assert_eq!(first.error(), (403, "AccessDenied".to_owned()));
        return;
    }
    if world.s3.object("data", "a").is_none() {
        let told = if plan.lists || plan.function_role { (404, "NoSuchKey") } else { (403, "AccessDenied") };
        assert_eq!(first.error(), (told.0, told.1.to_owned()));
        world.book.put(&world.s3, plan, 50);
    }
    let any_origin = plan.troubles.iter().any(Trouble::may_change_the_origin);
    let pasts = world.book.pasts();
    let now = &pasts[pasts.len() - 1..];
    assert_right(now, plan, &ask_well(plan, function).await, any_origin);
    let started = Instant::now();
    let again = ask_well(plan, function).await;
    assert_right(now, plan, &again, any_origin);
    let is_cached = plan.has_credentials && !world.is_users();
    let is_slow = started.elapsed() > Duration::from_secs(1);
    assert!((again.origin() == "sidecar") == is_cached || is_slow, "it came from {}", again.origin());
}

/// Without the function no task is there that was not there before it: neither its own nor the server's, which has
/// one a connection.
pub(super) async fn tasks_end(before: usize) {
    let tasks = || Handle::current().metrics().num_alive_tasks();
    assert!(eventually(|| tasks() <= before).await, "{} tasks are left, of {before} before", tasks());
}

/// One line a request, all of it JSON, and nothing of a signature.
fn judge_log(written: &Written, requests: u64) {
    let ends = written.lines().iter().filter(|line| line["message"] == "request").count() as u64;
    assert!(ends > requests, "{ends} lines for more than {requests} requests");
    assert_no_secret(written);
}

pub(super) fn assert_no_secret(written: &Written) {
    let Identity { secret_key, session_token, .. } = Identity::role();
    let text = written.text();
    for secret in [secret_key, session_token.expect("a token"), "Signature=".to_owned()] {
        assert!(!text.contains(&secret), "{secret} is in the log");
    }
}
