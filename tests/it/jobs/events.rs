//! S3's own events as the workflow's input: they start the job that a request would start, and end quietly where there
//! is nothing to do.

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object};

use super::runner::{plan, run_task};
use crate::{
    fake_workflow::{ARN, FakeWorkflow, Run},
    harness::{Function, worker, worker_with_jobs},
};

const LENGTH: u64 = 3_000_000;
const VARIABLES: [(&str, &str); 2] = [("SPAN_SIZE", "524288"), ("INLINE_MAX_SIZE", "1048576")];

fn content() -> Content {
    Content::cheap(LENGTH, 9)
}

async fn serving(object: impl Into<Object>) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a b+c", object);
    s3
}

/// As `EventBridge` hands it over.
fn event(etag: &str) -> Value {
    json!({
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-12T00:00:00Z",
        "region": "us-east-1",
        "resources": ["arn:aws:s3:::data"],
        "detail": {
            "version": "0",
            "bucket": {"name": "data"},
            "object": {"key": "a b+c", "size": LENGTH, "etag": etag, "sequencer": "00617F08299329D189"},
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "192.0.2.1",
            "reason": "CompleteMultipartUpload",
        },
    })
}

/// Plan of an event's execution.
async fn planned(worker: &Worker, event: &Value) -> Value {
    let task = json!({"task": "plan", "input": event, "stateMachine": ARN});
    run_task(worker, task).await.expect("a plan")
}

fn etag() -> String {
    content().etag().replace('"', "")
}

#[tokio::test]
async fn an_event_and_a_request_start_one_job() {
    let s3 = serving(content()).await;
    let runner = Run::job(worker(&s3, &VARIABLES).await, s3.client());
    let workflow = FakeWorkflow::start([runner]).await;
    let worker = worker_with_jobs(&s3, &workflow, &VARIABLES).await;
    let plan = planned(&worker, &event(&etag())).await;
    assert_eq!(plan["status"], "done");
    let name = workflow.executions().pop().expect("an execution");
    assert!(plan["reason"].as_str().is_some_and(|reason| reason.contains(&name)), "{plan}");
    let input = json!({"bucket": "data", "key": "a b+c", "etag": content().etag(), "quiet": true});
    assert_eq!(workflow.inputs(), [input]);
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let answer = function.get("/data/a%20b+c").await;
    // By then it may have been ready.
    assert!(["job", "sidecar"].contains(&answer.origin()), "{}", answer.text());
    assert_eq!(workflow.executions(), [name]);
    let plan = planned(&worker, &event(&etag())).await;
    assert_eq!(plan, json!({"status": "done", "reason": "sidecar"}));
}

#[tokio::test]
async fn an_event_after_a_purge_or_a_failure_starts_the_next_attempt() {
    for first in [Run::Succeed, Run::Fail { error: "Failed", cause: "S3 denies access" }] {
        let s3 = serving(content()).await;
        let workflow = FakeWorkflow::start([first, Run::Hold]).await;
        let worker = worker_with_jobs(&s3, &workflow, &VARIABLES).await;
        for attempts in [1, 2, 2] {
            planned(&worker, &event(&etag())).await;
            assert_eq!(workflow.executions().len(), attempts);
        }
    }
}

#[tokio::test]
async fn what_gets_no_torrent_ends_quietly() {
    let gone = json!({"detail": {"bucket": {"name": "data"}, "object": {"key": "gone"}}});
    let unserved = json!({"detail": {"bucket": {"name": "other"}, "object": {"key": "a"}}});
    let mut small = event(&etag());
    small["minSize"] = json!(LENGTH + 1);
    for event in [gone, unserved, small, event("of-another-object")] {
        let s3 = serving(content()).await;
        let workflow = FakeWorkflow::start([]).await;
        let worker = worker_with_jobs(&s3, &workflow, &VARIABLES).await;
        assert_eq!(planned(&worker, &event).await["status"], "done", "{event}");
        assert!(workflow.calls().is_empty());
    }
    // A sidecar or a fragment of this service's.
    let s3 = serving(Object::new(content()).metadata("torrent-format", "1")).await;
    let workflow = FakeWorkflow::start([]).await;
    let worker = worker_with_jobs(&s3, &workflow, &VARIABLES).await;
    assert_eq!(planned(&worker, &event(&etag())).await["status"], "done");
}

#[tokio::test]
async fn s3_or_a_workflow_that_fails_is_worth_another_try() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let worker = worker_with_jobs(&s3, &workflow, &VARIABLES).await;
    let task = json!({"task": "plan", "input": event(&etag()), "stateMachine": ARN});
    workflow.refuse(400, "ThrottlingException");
    assert_eq!(run_task(&worker, task.clone()).await.expect_err("no job").name(), "Unavailable");
    workflow.recover();
    s3.fault(Matcher::head(), Fault::slow_down());
    assert_eq!(run_task(&worker, task.clone()).await.expect_err("no job").name(), "Unavailable");
    s3.clear_faults();
    run_task(&worker, task).await.expect("a job");
    assert_eq!(workflow.executions().len(), 1);
}

#[tokio::test]
async fn an_events_job_plans_by_itself_and_keeps_quiet() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &VARIABLES).await;
    let input = json!({"bucket": "data", "key": "a b+c", "etag": content().etag(), "quiet": true});
    let plan = plan(&worker, input).await;
    assert_eq!((&plan["status"], &plan["job"]["quiet"]), (&json!("read"), &json!(true)));
}
