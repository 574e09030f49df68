//! The job function as the Lambda runtime calls it: one line a task, and failures by the names that the workflow knows.

use get_object_torrent::jobs::{self, TaskFailure, Worker};
use lambda_http::{Context, LambdaEvent};
use lambda_runtime::{Diagnostic, Service};
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher};

use super::runner::{items, plan};
use crate::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Function, worker},
    log::capture,
};

const FIELDS: [&str; 9] =
    ["task", "bucket", "key", "version_id", "job", "span_start", "bytes_read", "s3_requests", "duration_ms"];

async fn serving() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a\nb", Content::cheap(1_000_000, 9));
    s3
}

async fn call(worker: &Worker, task: Value) -> Result<Value, TaskFailure> {
    let mut context = Context::default();
    "request-1".clone_into(&mut context.request_id);
    jobs::service(worker.clone()).call(LambdaEvent::new(task, context)).await
}

#[tokio::test]
async fn one_line_a_task_with_all_the_fields() {
    let s3 = serving().await;
    let worker = worker(&s3, &[("SPAN_SIZE", "524288")]).await;
    let plan = plan(&worker, json!({"bucket": "data", "key": "a\nb"})).await;
    let span = &items(&s3.client(), &plan).await[1];
    let (written, _guard) = capture("info");
    call(&worker, json!({"task": "hash", "job": plan["job"], "span": span})).await.expect("a fragment");
    let lines = written.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    assert!(FIELDS.iter().all(|field| line.get(field).is_some()), "{line}");
    assert_eq!((&line["task"], &line["key"]), (&"hash".into(), &"a\nb".into()));
    assert_eq!((&line["span_start"], &line["bytes_read"]), (&524_288.into(), &475_712.into()));
    assert_eq!((&line["request_id"], &line["level"]), (&"request-1".into(), &"INFO".into()));
}

#[tokio::test]
async fn a_failure_is_logged_with_its_cause_and_told_without() {
    let s3 = serving().await;
    let worker = worker(&s3, &[]).await;
    let plan = plan(&worker, json!({"bucket": "data", "key": "a\nb"})).await;
    let span = &items(&s3.client(), &plan).await[0];
    s3.fault(Matcher::get().key("a\nb"), Fault::error(500, "OddCode"));
    let (written, _guard) = capture("info");
    let task = json!({"task": "hash", "job": plan["job"], "span": span});
    let failure = call(&worker, task).await.expect_err("no bytes");
    let line = written.lines().pop().expect("a line");
    assert_eq!((&line["failure"], &line["level"]), (&"Unavailable".into(), &"ERROR".into()));
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("OddCode")), "{line}");
    assert_eq!(format!("{failure:?}"), "Unavailable: S3 is unavailable", "as the runtime logs it");
    let told = Diagnostic::from(failure);
    assert_eq!((told.error_type.as_str(), told.error_message.as_str()), ("Unavailable", "S3 is unavailable"));
}

#[tokio::test]
async fn a_caller_who_is_only_early_is_no_error_in_the_log() {
    let s3 = serving().await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let variables = [("INLINE_MAX_SIZE", "1000"), ("TIME_BUDGET_MS", "1000")];
    let function = Function::with_jobs(&s3, &workflow, &variables).await;
    let (written, _guard) = capture("info");
    assert_eq!(function.get("/data/a%0Ab").await.status, 503);
    let lines = written.lines();
    assert!(lines.iter().all(|line| line["level"] == "INFO"), "{lines:?}");
    assert_eq!(lines.last().expect("a line")["status"], 503);
}

#[tokio::test]
async fn an_input_that_is_no_task_is_refused_by_name() {
    let s3 = serving().await;
    let worker = worker(&s3, &[]).await;
    let (written, _guard) = capture("info");
    let task = LambdaEvent::new(json!({"task": "hash", "job": {"bucket": 7}}), Context::default());
    let failure = jobs::service(worker).call(task).await.expect_err("no task");
    assert_eq!(failure.name(), "BadInput");
    assert_eq!(written.lines().pop().expect("a line")["level"], "ERROR");
}

#[tokio::test]
async fn the_reason_why_nothing_is_done_is_in_the_line() {
    let s3 = serving().await;
    let worker = worker(&s3, &[]).await;
    let (written, _guard) = capture("info");
    let input = json!({"bucket": "data", "key": "gone", "quiet": true});
    call(&worker, json!({"task": "plan", "input": input})).await.expect("nothing");
    let line = written.lines().pop().expect("a line");
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
}
