//! The job function's log and metrics: one line of each a task, and failures by the names that the workflow knows.

use get_object_torrent::{
    jobs::{self, TaskFailure, Worker},
    metrics::{Metrics, TASK},
};
use lambda_http::{Context, LambdaEvent};
use lambda_runtime::{Diagnostic, Service};
use serde_json::{Value, json};
use test_s3::{FakeS3, Fault, Matcher};

use super::{
    content, name,
    runner::{items, plan},
    serving,
};
use crate::{
    harness::{on_lambda, worker},
    log::{Written, capture, fields},
    metrics,
};

/// Of every task's line, beside those of every line.
const FIELDS: &str = "bucket bytes_read duration_ms failure job key name objects request_id s3_requests span_start \
                      task version_id";

/// A task, and the only line of the log about it.
async fn call(worker: &Worker, task: Value, written: &Written) -> (Result<Value, TaskFailure>, Value) {
    let before = written.lines().len();
    let mut context = Context::default();
    "request-1".clone_into(&mut context.request_id);
    context.env_config = on_lambda();
    let done = jobs::service(worker.clone()).call(LambdaEvent::new(task, context)).await;
    let [line] = &written.lines()[before..] else { panic!("{}", written.text()) };
    assert_eq!(fields(line).replace("reason ", ""), FIELDS);
    assert_eq!((&line["request_id"], &line["message"]), (&json!("request-1"), &json!("task")));
    assert_eq!(line["level"], if done.is_ok() { "INFO" } else { "ERROR" });
    (done, line.clone())
}

async fn planned() -> (FakeS3, Worker, Value) {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &[("SPAN_SIZE", "524288")]).await.with_metrics(Metrics::to(|_| {}));
    let plan = plan(&worker, json!({"bucket": "data", "key": "a"})).await;
    let span = &items(&s3.client(), &plan).await[1];
    let task = json!({"task": "hash", "job": plan["job"], "span": span});
    (s3, worker, task)
}

#[tokio::test]
async fn one_line_a_task_with_all_the_fields() {
    let (_s3, worker, task) = planned().await;
    let (written, _guard) = capture("info");
    let line = call(&worker, task.clone(), &written).await.1;
    assert_eq!((&line["task"], &line["bucket"], &line["key"]), (&json!("hash"), &json!("data"), &json!("a")));
    assert_eq!((&line["span_start"], &line["bytes_read"]), (&json!(524_288), &json!(524_288)));
    assert_eq!((&line["job"], &line["failure"]), (&task["job"]["id"], &json!("")));
    for (name, failure) in [("assemble", "Incomplete"), ("explain", ""), ("clean", "")] {
        let mut task = json!({"task": name, "job": task["job"], "failure": {}});
        if name == "clean" {
            task["job"]["versionId"] = json!("v");
        }
        let line = call(&worker, task, &written).await.1;
        assert_eq!(line["version_id"], if name == "clean" { "v" } else { "" });
        assert_eq!((&line["task"], &line["key"], &line["failure"]), (&json!(name), &json!("a"), &json!(failure)));
    }
    let input = json!({"bucket": "data", "key": "gone", "quiet": true});
    let line = call(&worker, json!({"task": "plan", "input": input}), &written).await.1;
    assert_eq!((&line["task"], &line["key"]), (&json!("plan"), &json!("gone")));
    assert!(line["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{line}");
}

#[tokio::test]
async fn a_failure_is_logged_with_its_cause_told_without_and_counted() {
    let (s3, worker, hash) = planned().await;
    s3.fault(Matcher::get().key("a"), Fault::error(500, "OddCode"));
    let (written, _guard) = capture("info");
    let metrics = Written::default();
    let worker = worker.with_metrics(metrics.metrics());
    let (done, line) = call(&worker, hash.clone(), &written).await;
    assert_eq!(line["failure"], "Unavailable");
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("OddCode")), "{line}");
    let failure = done.expect_err("no bytes");
    assert_eq!(format!("{failure:?}"), "Unavailable: S3 is unavailable", "as the runtime logs it");
    let told = Diagnostic::from(failure);
    assert_eq!((told.error_type.as_str(), told.error_message.as_str()), ("Unavailable", "S3 is unavailable"));
    s3.clear_faults();
    assert_eq!(call(&worker, hash, &written).await.1["failure"], "");
    // An input that is no task counts as one.
    let (done, line) = call(&worker, json!({"task": "hash", "job": {"bucket": 7}}), &written).await;
    assert_eq!(name(done), "BadInput");
    assert_eq!((&line["task"], &line["failure"]), (&json!(""), &json!("BadInput")));
    let lines = metrics::lines(&metrics, &TASK);
    assert!(lines.iter().all(|line| line["TaskDuration"].is_u64() && line["FunctionName"] == "torrents"), "{lines:?}");
    let counted = |line: &Value| json!([line["Task"], line["Failure"], line["Tasks"], line["TaskBytesRead"]]);
    let expected =
        [json!(["hash", "Unavailable", 1, 0]), json!(["hash", "none", 1, 524_288]), json!(["none", "BadInput", 1, 0])];
    assert_eq!(lines.iter().map(counted).collect::<Vec<_>>(), expected);
}
