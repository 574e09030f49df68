//! S3 Batch Operations: each object of an event gets its job and its result.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use get_object_torrent::jobs::{self, TaskFailure, Worker};
use lambda_http::{Context, LambdaEvent};
use lambda_runtime::Service;
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Rights, Who};

use super::{LENGTH, SPANS, content, name, runner::run_task};
use crate::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{self, Function},
    log::capture,
    setup::Setup,
};

const BUCKET_ARN: &str = "arn:aws:s3:::data";

/// S3 with an object, a workflow, and the function that starts its jobs.
pub(super) async fn serving(runs: impl IntoIterator<Item = Run>) -> (FakeS3, FakeWorkflow, Worker) {
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", Rights::ALL)]).await;
    s3.put("data", "a b+c", content());
    let workflow = FakeWorkflow::start(runs).await;
    let worker = Setup::new(&s3).set_all(&[SPANS]).workflow(&workflow).worker().await;
    (s3, workflow, worker)
}

fn event(version: &str, tasks: &[Value]) -> Value {
    json!({"invocationSchemaVersion": version, "invocationId": "invocation", "job": {"id": "batch"}, "tasks": tasks})
}

fn task(id: &str, key: &str) -> Value {
    json!({"taskId": id, "s3Key": key, "s3VersionId": null, "s3BucketArn": BUCKET_ARN})
}

/// The function's answer, as Lambda asks for it, with `left` until it is ended.
async fn invoke(worker: &Worker, event: Value, left: Duration) -> Result<Value, TaskFailure> {
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970") + left;
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.as_millis()).expect("a time");
    jobs::service(worker.clone()).call(LambdaEvent::new(event, context)).await
}

/// Codes and texts of the results, task by task. As of a local runtime, the deadline is in the past.
async fn results(worker: &Worker, tasks: &[Value]) -> Vec<(String, String)> {
    let answer = run_task(worker, event("1.0", tasks)).await.expect("an answer");
    let results = answer["results"].as_array().expect("results");
    let ids = |list: &[Value]| list.iter().map(|task| task["taskId"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(results), ids(tasks));
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    results.iter().map(|result| (text(&result["resultCode"]), text(&result["resultString"]))).collect()
}

async fn result(worker: &Worker, key: &str) -> (String, String) {
    results(worker, &[task("1", key)]).await.remove(0)
}

fn ended(code: &str, text: &str) -> (String, String) {
    (code.to_owned(), text.to_owned())
}

#[tokio::test]
async fn each_version_of_the_event_starts_the_job_that_a_request_finds() {
    let by_name = json!({"taskId": "t", "s3Key": "a+b%2Bc", "s3VersionId": null, "s3Bucket": "data"});
    for (version, task) in [("1.0", task("t", "a%20b%2Bc")), ("2.0", by_name)] {
        let (s3, workflow, worker) = serving([Run::Hold]).await;
        let mut event = event(version, &[task]);
        event["job"]["userArguments"] = json!({"a": "b"});
        let (written, _guard) = capture("info");
        let answer = invoke(&worker, event, Duration::from_mins(1)).await.expect("an answer");
        let line = written.lines().pop().expect("a line");
        let [name] = &workflow.executions()[..] else { panic!("one execution") };
        let text = format!("its job runs: {name}");
        let result = json!({"taskId": "t", "resultCode": "Succeeded", "resultString": text});
        let expected = json!({
            "invocationSchemaVersion": version,
            "treatMissingKeysAs": "PermanentFailure",
            "invocationId": "invocation",
            "results": [result],
        });
        assert_eq!(answer, expected);
        assert_eq!((&line["task"], &line["bucket"], &line["key"]), (&json!("batch"), &json!("data"), &json!("a b+c")));
        assert_eq!((&line["reason"], &line["failure"]), (&json!(text), &json!("")));
        let input = json!({"bucket": "data", "key": "a b+c", "etag": content().etag(), "quiet": true});
        assert_eq!(workflow.inputs(), [input]);
        let variables = [SPANS, ("INLINE_MAX_SIZE", "0"), ("TIME_BUDGET_MS", "3000")];
        let function = Function::with_jobs(&s3, &workflow, &variables).await;
        assert!(function.get("/data/a%20b+c").await.document().message.contains("0 of 6 spans"));
        assert_eq!(workflow.executions().len(), 1);
    }
}

#[tokio::test]
async fn each_version_of_an_object_gets_one_job_however_often_an_event_has_it() {
    let (s3, workflow, worker) = serving([Run::Hold]).await;
    let keys: Vec<String> = (0..30).map(|number| format!("object-{number}")).collect();
    let old = s3.put("data", &keys[0], content()).expect("a version");
    for (seed, key) in (0..).zip(&keys) {
        s3.put("data", key, Content::random(100_000, seed));
    }
    let mut tasks: Vec<Value> =
        keys.iter().chain(&keys).zip(0..).map(|(key, id)| task(&format!("{id}"), key)).collect();
    let results_of_all = results(&worker, &tasks).await;
    assert!(results_of_all.iter().all(|(code, _)| code == "Succeeded"), "{results_of_all:?}");
    assert_eq!(results_of_all[..30], results_of_all[30..]);
    tasks[0]["s3VersionId"] = json!(old);
    assert_eq!(results(&worker, &tasks[..1]).await[0].0, "Succeeded");
    let inputs = workflow.inputs();
    assert_eq!(inputs.len(), 31);
    let of_version = inputs.iter().find(|input| input["versionId"] == json!(old)).expect("its job");
    assert_eq!(of_version["etag"], json!(content().etag()));
}

#[tokio::test]
async fn what_needs_no_job_or_can_get_no_torrent_says_why() {
    let listed = Bucket::public("data").allow(Who::Anonymous, "*", Rights::ALL);
    let s3 = FakeS3::start([listed, Bucket::private("hidden")]).await;
    s3.put("data", "ready", content());
    Function::start(&s3, &[]).await.get("/data/ready").await.torrent();
    for key in ["of-ours", "a%2Fb", "dir/日/日", "a\nb"] {
        s3.put("data", key, Object::new(content()).metadata("torrent-format", "1"));
    }
    // A marker names no collection, though an object is below it.
    s3.put("data", "folder/", "");
    s3.put("data", "folder/a", "content");
    s3.put("data", "cold", Object::new(content()).storage_class("GLACIER"));
    s3.put("data", "large", Content::random(LENGTH + 1, 1));
    s3.put("data", "taken", content());
    s3.put("data", "taken.torrent", "the user's own");
    s3.put("hidden", "a", content());
    let workflow = FakeWorkflow::start([]).await;
    let limit = LENGTH.to_string();
    let variables = [("BUCKETS", "data,hidden"), ("MAX_OBJECT_SIZE", &limit)];
    let worker = Setup::new(&s3).set_all(&variables).workflow(&workflow).worker().await;
    let (done, failed) = ("Succeeded", "PermanentFailure");
    let (ours, odd) = ("nothing to do: the object is a sidecar", "the key is not URL-encoded UTF-8");
    let long = "a".repeat(1025);
    for (bucket, key, expected, reason) in [
        (BUCKET_ARN, "ready", done, "sidecar"),
        ("arn:aws-us-gov:s3:::data", "of-ours", done, ours),
        ("arn:aws-cn:s3:r:123456789012:data", "a%252Fb", done, ours),
        (BUCKET_ARN, "dir/%E6%97%A5/日", done, ours),
        (BUCKET_ARN, "a%0Ab", done, ours),
        (BUCKET_ARN, "folder/", done, "nothing to do: the object is empty"),
        (BUCKET_ARN, "gone", failed, "the object or its version does not exist"),
        (BUCKET_ARN, "cold", failed, "the object is archived"),
        (BUCKET_ARN, "large", failed, "the object is larger than"),
        (BUCKET_ARN, "taken", failed, "the sidecar's key is taken by another object, or too long"),
        (BUCKET_ARN, "%4", failed, odd),
        (BUCKET_ARN, "%FF", failed, odd),
        (BUCKET_ARN, "+", failed, "the key is empty or only white space"),
        (BUCKET_ARN, &long, failed, "the key is longer"),
        ("arn:aws:s3:::hidden", "a", failed, "S3 denies access, or the object does not exist"),
        ("arn:aws:s3:::other", "a", failed, "the bucket is not served"),
        ("arn:aws:s3:::", "a", failed, "the bucket's name is not a valid bucket name"),
        ("arn:aws:s3:r:123456789012:accesspoint/data", "a", failed, "the bucket's name is not a valid bucket name"),
    ] {
        let task = json!({"taskId": "1", "s3Key": key, "s3BucketArn": bucket});
        let (code, said) = results(&worker, &[task]).await.remove(0);
        assert_eq!(code, expected, "{bucket} {key}");
        assert!(said.starts_with(reason), "{said}");
    }
    assert!(workflow.calls().is_empty());
}

#[tokio::test]
async fn what_may_pass_fails_for_now_and_the_rest_for_good() {
    let (s3, workflow, worker) = serving([Run::Fail { error: "Failed", cause: "S3 denies access" }]).await;
    workflow.refuse(400, "ThrottlingException");
    let busy = ended("TemporaryFailure", "Step Functions is unavailable");
    assert_eq!(result(&worker, "a+b%2Bc").await, busy);
    workflow.recover();
    s3.fault(Matcher::head(), Fault::slow_down());
    assert_eq!(result(&worker, "a+b%2Bc").await, ended("TemporaryFailure", "S3 is unavailable"));
    s3.clear_faults();
    for _ in 0..3 {
        assert_eq!(result(&worker, "a+b%2Bc").await.0, "Succeeded");
    }
    let exhausted = ended("PermanentFailure", "its job has failed several times within the hour");
    assert_eq!(result(&worker, "a+b%2Bc").await, exhausted);
    workflow.refuse(400, "AccessDeniedException");
    let (written, _guard) = capture("info");
    assert_eq!(result(&worker, "a+b%2Bc").await, ended("PermanentFailure", "Step Functions refuses the call"));
    assert!(written.text().contains("AccessDeniedException"), "{}", written.text());
}

#[tokio::test]
async fn what_is_not_done_in_time_is_left_to_another_invocation() {
    let (s3, workflow, worker) = serving([]).await;
    s3.put("data", "ready", Object::new(content()).metadata("torrent-format", "1"));
    workflow.stall("StartExecution");
    let mut tasks = vec![task("ready", "ready")];
    tasks.extend((0..10).map(|number| task(&number.to_string(), "a+b%2Bc")));
    let answer = invoke(&worker, event("1.0", &tasks), Duration::from_secs(3)).await.expect("an answer");
    let results = answer["results"].as_array().expect("results");
    assert_eq!((results.len(), &results[0]["resultCode"]), (11, &json!("Succeeded")));
    for result in &results[1..] {
        let late = (&json!("TemporaryFailure"), &json!("the function ran out of time"));
        assert_eq!((&result["resultCode"], &result["resultString"]), late);
    }
}

#[tokio::test]
async fn an_event_that_is_none_is_refused_by_name() {
    let (s3, _workflow, worker) = serving([]).await;
    let right = event("1.0", &[task("1", "a")]);
    for (place, value) in [
        ("/invocationSchemaVersion", json!("3.0")),
        ("/invocationSchemaVersion", json!(null)),
        ("/invocationId", json!(7)),
        ("/tasks", json!({})),
        ("/tasks/0", json!([])),
        ("/tasks/0/taskId", json!(null)),
        ("/tasks/0/s3Key", json!(["a"])),
        ("/tasks/0/s3BucketArn", json!(null)),
        ("/tasks/0/s3VersionId", json!(1)),
    ] {
        let mut event = right.clone();
        *event.pointer_mut(place).expect("a place") = value;
        assert_eq!(name(run_task(&worker, event).await), "BadInput", "{place}");
    }
    assert_eq!(results(&worker, &[]).await, []);
    let without = harness::worker(&s3, &[]).await;
    let failure = run_task(&without, right).await.expect_err("no state machine");
    assert!(format!("{failure:?}").starts_with("BadInput: ") && failure.to_string().contains("JOB_STATE_MACHINE_ARN"));
}
