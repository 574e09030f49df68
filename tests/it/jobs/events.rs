//! S3's own events as the workflow's input: they start the job that a request would start, and end quietly where there
//! is nothing to do.

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};

use super::{
    LENGTH, SPANS,
    batch::serving,
    content, name,
    runner::{run_job, run_task},
};
use crate::{
    fake_workflow::{ARN, Run},
    harness::Function,
};

const VARIABLES: [(&str, &str); 2] = [SPANS, ("INLINE_MAX_SIZE", "1048576")];

/// As `EventBridge` delivers it, as far as it is read.
fn event() -> Value {
    let etag = content().etag().replace('"', "");
    json!({
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "data"}, "object": {"key": "a b+c", "size": LENGTH, "etag": etag}},
    })
}

fn task(event: &Value) -> Value {
    json!({"task": "plan", "input": event, "stateMachine": ARN})
}

/// Plan of an event's execution.
async fn planned(worker: &Worker, event: &Value) -> Value {
    run_task(worker, task(event)).await.expect("a plan")
}

#[tokio::test]
async fn an_event_and_a_request_start_one_job() {
    let (s3, workflow, worker) = serving([Run::Hold]).await;
    let plan = planned(&worker, &event()).await;
    let names = workflow.executions();
    assert_eq!(plan, json!({"status": "done", "reason": format!("its job runs: {}", names[0])}));
    let input = json!({"bucket": "data", "key": "a b+c", "etag": content().etag(), "quiet": true});
    assert_eq!(workflow.inputs(), std::slice::from_ref(&input));
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let client = s3.client();
    let (answer, ended) = tokio::join!(function.get("/data/a%20b+c"), run_job(&worker, &client, input));
    assert_eq!((answer.origin(), ended.is_ok()), ("job", true));
    // S3 may send an event twice.
    assert_eq!(planned(&worker, &event()).await, json!({"status": "done", "reason": "sidecar"}));
    assert_eq!(workflow.executions(), names);
}

#[tokio::test]
async fn what_gets_no_torrent_ends_quietly() {
    let changed = |place: &str, value: Value| {
        let mut event = event();
        match event.pointer_mut(place) {
            Some(old) => *old = value,
            None => event["minSize"] = value,
        }
        event
    };
    for event in [
        changed("/detail/object/key", json!("gone")),
        changed("/detail/bucket/name", json!("unserved")),
        changed("/detail/object/etag", json!("of-another-object")),
        changed("/minSize", json!(LENGTH + 1)),
    ] {
        let (_s3, workflow, worker) = serving([]).await;
        assert_eq!(planned(&worker, &event).await["status"], "done", "{event}");
        assert!(workflow.calls().is_empty(), "{event}");
    }
}

#[tokio::test]
async fn an_event_as_large_as_the_smallest_starts_a_job_once_its_workflow_answers() {
    let (_s3, workflow, worker) = serving([Run::Hold]).await;
    let mut event = event();
    event["minSize"] = json!(LENGTH);
    assert_eq!(name(run_task(&worker, json!({"task": "plan", "input": event})).await), "BadInput");
    workflow.refuse(400, "ThrottlingException");
    assert_eq!(name(run_task(&worker, task(&event)).await), "Unavailable");
    workflow.recover();
    planned(&worker, &event).await;
    assert_eq!(workflow.executions().len(), 1);
    event["minSize"] = json!("1");
    assert_eq!(name(run_task(&worker, task(&event)).await), "BadInput");
}
