//! The job's tasks, and those of an execution one after the other.

use std::time::Duration;

use aws_sdk_s3::Client;
use get_object_torrent::jobs::{self, Reason, TaskFailure, Worker};
use lambda_http::{Context, LambdaEvent};
use lambda_runtime::Service;
use serde_json::{Value, json};
use test_s3::FakeS3;
use tokio::time::sleep;

/// One task, as Lambda invokes the function with it.
pub(crate) async fn run_task(worker: &Worker, task: Value) -> Result<Value, TaskFailure> {
    jobs::service(worker.clone()).call(LambdaEvent::new(task, Context::default())).await
}

pub(crate) async fn plan(worker: &Worker, input: Value) -> Value {
    run_task(worker, json!({"task": "plan", "input": input})).await.expect("a plan")
}

/// The list that the map reads.
pub(crate) async fn items(s3: &Client, plan: &Value) -> Vec<Value> {
    let place = |name: &str| plan["items"][name].as_str().expect("a place");
    let list = s3.get_object().bucket(place("bucket")).key(place("key")).send().await.expect("the list");
    let bytes = list.body.collect().await.expect("its bytes").to_vec();
    serde_json::from_slice(&bytes).expect("a JSON array")
}

pub(crate) async fn hash(worker: &Worker, plan: &Value, span: &Value) -> Result<Value, TaskFailure> {
    run_task(worker, json!({"task": "hash", "job": plan["job"], "span": span})).await
}

/// Assemble or Clean.
pub(crate) async fn end(worker: &Worker, task: &str, plan: &Value) -> Result<Value, TaskFailure> {
    run_task(worker, json!({"task": task, "job": plan["job"]})).await
}

/// After a child or Assemble failed: the map gives its own name for it.
pub(crate) async fn explain(worker: &Worker, plan: &Value, caught: &str) -> Reason {
    let failure = json!({"Error": caught, "Cause": "words of AWS"});
    let task = json!({"task": "explain", "job": plan["job"], "failure": failure});
    serde_json::from_value(run_task(worker, task).await.expect("a reason")).expect("a reason")
}

/// All of an execution, until a task fails.
pub(crate) async fn run_job(worker: &Worker, s3: &Client, input: Value) -> Result<(), TaskFailure> {
    let plan = plan(worker, input).await;
    for span in items(s3, &plan).await {
        hash(worker, &plan, &span).await?;
    }
    end(worker, "assemble", &plan).await?;
    end(worker, "clean", &plan).await.map(drop)
}

/// Waits until the job has removed its fragments, and returns what is left. Its caller may be answered before.
pub(crate) async fn cleaned(s3: &FakeS3, bucket: &str) -> Vec<String> {
    while s3.keys(bucket).iter().any(|key| key.starts_with("torrent-jobs/")) {
        sleep(Duration::from_millis(5)).await;
    }
    s3.keys(bucket)
}
