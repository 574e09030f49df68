//! The job's tasks, one after the other as the workflow has them done: the same torrent as a request that reads the
//! object itself, whatever happens in between.

use std::time::UNIX_EPOCH;

use get_object_torrent::job::{Failure, Task, Worker};
use serde_json::{Value, json};

use super::{
    fake_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Operation},
    harness::{Function, worker},
};

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
/// Two pieces a span: six spans.
const SPANS: [(&str, &str); 1] = [("SPAN_SIZE", "524288")];
const FOLDER: &str = "torrent-jobs/";

fn content() -> Content {
    Content::cheap(LENGTH, 9)
}

async fn serving(object: impl Into<Object>) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", object);
    s3
}

fn input() -> Value {
    json!({"bucket": "data", "key": "a"})
}

async fn run(worker: &Worker, task: Value) -> Result<Value, Failure> {
    let task: Task = serde_json::from_value(task).expect("a task");
    worker.run(task).await
}

async fn plan(worker: &Worker, input: Value) -> Value {
    run(worker, json!({"task": "plan", "input": input})).await.expect("a plan")
}

/// The list that the map reads.
fn items(s3: &FakeS3, plan: &Value) -> Vec<Value> {
    assert_eq!(plan["items"]["bucket"], "data");
    let key = plan["items"]["key"].as_str().expect("a key");
    let bytes = s3.object("data", key).expect("the list").content.to_bytes();
    serde_json::from_slice(&bytes).expect("a JSON array")
}

async fn hash(worker: &Worker, plan: &Value, span: &Value) -> Result<Value, Failure> {
    run(worker, json!({"task": "hash", "job": plan["job"], "span": span})).await
}

async fn hash_all(s3: &FakeS3, worker: &Worker, plan: &Value) {
    for span in items(s3, plan) {
        hash(worker, plan, &span).await.expect("a fragment");
    }
}

async fn end(worker: &Worker, task: &str, plan: &Value) -> Result<Value, Failure> {
    run(worker, json!({"task": task, "job": plan["job"]})).await
}

fn reads(s3: &FakeS3) -> usize {
    s3.calls_of(Operation::GetObject).iter().filter(|call| call.key == "a").count()
}

/// What a request that reads the object itself answers.
async fn inline() -> Vec<u8> {
    let s3 = serving(dated()).await;
    Function::start(&s3, &[]).await.get("/data/a").await.body
}

/// Its date is the torrent's creation date.
fn dated() -> Object {
    Object::new(content()).last_modified(UNIX_EPOCH)
}

#[tokio::test]
async fn a_job_makes_the_same_bytes_as_a_request_and_leaves_nothing_else() {
    let s3 = serving(dated()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    assert_eq!(plan["status"], "read");
    assert_eq!(items(&s3, &plan).len(), 6);
    hash_all(&s3, &worker, &plan).await;
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    end(&worker, "clean", &plan).await.expect("nothing left");
    assert_eq!(s3.keys("data"), ["a", "a.torrent"]);
    assert_eq!(s3.object("data", "a.torrent").expect("a sidecar").content.to_bytes(), inline().await);
    let answer = Function::start(&s3, &[]).await.get("/data/a").await;
    assert_eq!((answer.origin(), &answer.body), ("sidecar", &inline().await));
}

#[tokio::test]
async fn objects_are_read_unsigned_and_fragments_written_signed() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    s3.clear_calls();
    hash(&worker, &plan, &items(&s3, &plan)[1]).await.expect("a fragment");
    for call in s3.calls() {
        assert_eq!(call.signed.is_some(), call.key.starts_with(FOLDER), "{call:?}");
    }
    let read = s3.calls().into_iter().find(|call| call.key == "a").expect("a read");
    assert_eq!((read.range, read.if_match), (Some((524_288, 1_048_575)), Some(content().etag())));
}

#[tokio::test]
async fn a_span_that_was_hashed_before_is_not_read_again() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let first = plan(&worker, input()).await;
    hash_all(&s3, &worker, &first).await;
    let second = plan(&worker, input()).await;
    assert_eq!(first, second);
    s3.clear_calls();
    hash_all(&s3, &worker, &second).await;
    assert_eq!(reads(&s3), 0);
}

#[tokio::test]
async fn a_damaged_fragment_is_made_anew() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    hash_all(&s3, &worker, &plan).await;
    let key = s3.keys("data").into_iter().find(|key| key.contains("/spans/")).expect("a fragment");
    s3.put("data", &key, "short");
    s3.clear_calls();
    hash_all(&s3, &worker, &plan).await;
    assert_eq!(reads(&s3), 1);
    end(&worker, "assemble", &plan).await.expect("a sidecar");
}

#[tokio::test]
async fn nothing_is_planned_where_the_torrent_is_there_or_cannot_be() {
    for (object, key) in [
        (Object::new(""), "a"),
        (Object::new(content()).storage_class("GLACIER"), "a"),
        (Object::new(content()).metadata("torrent-format", "1"), "a"),
        (Object::new(content()), "gone"),
        (Object::new(content()).parts(1024 * KIB), "a"),
    ] {
        let s3 = serving(object).await;
        let worker = worker(&s3, &SPANS).await;
        let plan = plan(&worker, json!({"bucket": "data", "key": key})).await;
        assert_eq!(plan["status"], "done", "{plan}");
        assert_eq!(reads(&s3), 0);
    }
    let s3 = serving(content()).await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let worker = worker(&s3, &SPANS).await;
    assert_eq!(plan(&worker, input()).await, json!({"status": "done", "reason": "sidecar"}));
}

#[tokio::test]
async fn s3s_own_event_is_an_input() {
    let etag = content().etag().replace('"', "");
    let event = |etag: &str| {
        json!({
            "version": "0",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": {
                "bucket": {"name": "data"},
                "object": {"key": "a", "size": LENGTH, "etag": etag, "sequencer": "00617F08299329D189"},
                "reason": "CompleteMultipartUpload",
            },
        })
    };
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    assert_eq!(plan(&worker, event(&etag)).await["status"], "read");
    assert_eq!(plan(&worker, event("another")).await["status"], "done");
}

#[tokio::test]
async fn an_object_that_changes_ends_the_job_by_name() {
    for replaced in [true, false] {
        let s3 = serving(content()).await;
        let worker = worker(&s3, &SPANS).await;
        let plan = plan(&worker, input()).await;
        let spans = items(&s3, &plan);
        for span in &spans[1..] {
            hash(&worker, &plan, span).await.expect("a fragment");
        }
        s3.delete("data", "a");
        if replaced {
            s3.put("data", "a", Content::cheap(LENGTH, 10));
        }
        let failure = hash(&worker, &plan, &spans[0]).await.expect_err("another object");
        // S3 does not tell missing from forbidden to who may not list.
        assert_eq!(failure.name(), if replaced { "ObjectChanged" } else { "Failed" });
        assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
    }
}

#[tokio::test]
async fn an_object_that_changes_before_the_end_gets_no_torrent() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    hash_all(&s3, &worker, &plan).await;
    s3.put("data", "a", Content::cheap(LENGTH, 10));
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("another object").name(), "ObjectChanged");
    assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
}

#[tokio::test]
async fn a_missing_fragment_is_never_assembled_over() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    let spans = items(&s3, &plan);
    for span in &spans[1..] {
        hash(&worker, &plan, span).await.expect("a fragment");
    }
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no torrent").name(), "Failed");
    assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
}

#[tokio::test]
async fn an_object_of_the_users_in_the_sidecars_place_stays() {
    let s3 = serving(content()).await;
    s3.put("data", "a.torrent", "the user's own");
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    hash_all(&s3, &worker, &plan).await;
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no place").name(), "Failed");
    assert_eq!(s3.object("data", "a.torrent").expect("it").content.to_bytes(), "the user's own");
}

#[tokio::test]
async fn what_passes_is_worth_another_try() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    let span = &items(&s3, &plan)[0];
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    assert_eq!(hash(&worker, &plan, span).await.expect_err("no bytes").name(), "Unavailable");
    s3.clear_faults();
    hash(&worker, &plan, span).await.expect("a fragment");
}

#[tokio::test]
async fn more_fragments_than_a_page_are_cleaned() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    let folder = plan["items"]["key"].as_str().expect("a key").replace("items.json", "");
    for number in 0..1_005 {
        s3.put("data", &format!("{folder}spans/{number}"), "x");
    }
    s3.put("data", "torrent-jobs/of-another/spans/1", "x");
    end(&worker, "clean", &plan).await.expect("nothing left");
    assert_eq!(s3.keys("data"), ["a", "torrent-jobs/of-another/spans/1"]);
}
