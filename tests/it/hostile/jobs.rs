//! Odd tasks for the job's function: an answer or a failure with a name, no panic, and nothing of the user's touched.

use std::time::Duration;

use proptest::{
    prelude::{Just, Strategy, prop_oneof},
    sample::select,
};
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3};
use tokio::time::timeout;

use super::{cases, odd};
use crate::{
    harness::worker,
    jobs::runner::{plan, run_task},
};

const LENGTH: u64 = 3 * 256 * 1024 + 7;

/// `Unavailable` is told of a task with another length: S3's `Content-Range` then seems to be wrong.
const NAMES: [&str; 5] = ["ObjectChanged", "Incomplete", "Failed", "BadInput", "Unavailable"];

fn number() -> impl Strategy<Value = Value> {
    let numbers = [0, 1, 2, 7, 16_384, 262_144, 262_145, 524_288, LENGTH, LENGTH + 1, 1 << 40, 1 << 53, u64::MAX];
    let usual = select(numbers.to_vec()).prop_map(Value::from);
    prop_oneof![8 => usual, 1 => Just(json!(-1)), 1 => Just(json!(0.5))]
}

fn value() -> impl Strategy<Value = Value> {
    let odd = select(vec![json!(null), json!(true), json!([]), json!({}), json!("\"etag\"")]);
    prop_oneof![3 => number(), 2 => odd::text(3).prop_map(Value::from), 1 => odd]
}

/// Where a value is put in place of the right one.
const PLACES: [&str; 13] = [
    "/task",
    "/job",
    "/job/bucket",
    "/job/key",
    "/job/etag",
    "/job/length",
    "/job/pieceLength",
    "/job/spanSize",
    "/job/id",
    "/span/start",
    "/span/end",
    "/input/key",
    "/failure/Error",
];

fn changes() -> impl Strategy<Value = (&'static str, Vec<(&'static str, Value)>)> {
    let task = select(&["plan", "hash", "assemble", "clean", "explain"][..]);
    let change = (select(PLACES.as_slice()), value());
    (task, proptest::collection::vec(change, 1..4))
}

/// A task that is right but for the changes.
fn task(job: &Value, name: &str, changes: &[(&str, Value)]) -> Value {
    let mut task = json!({
        "task": name,
        "job": job,
        "span": {"start": 0, "end": 262_144},
        "input": {"bucket": "data", "key": "a"},
        "failure": {"Error": "States.Timeout"},
    });
    for (place, value) in changes {
        let (parent, field) = place.rsplit_once('/').expect("a pointer");
        if let Some(Value::Object(fields)) = task.pointer_mut(parent) {
            fields.insert(field.to_owned(), value.clone());
        }
    }
    task
}

async fn served() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data"), Bucket::private("other")]).await;
    s3.put("data", "a", Content::random(LENGTH, 3));
    s3.put("data", "torrent-jobs/users", "the user's own");
    s3
}

#[tokio::test]
async fn any_task_is_done_or_fails_by_a_name_and_touches_nothing_of_the_users() {
    let s3 = served().await;
    let worker = worker(&s3, &[("SPAN_SIZE", "262144")]).await;
    let planned = plan(&worker, json!({"bucket": "data", "key": "a"})).await;
    for (name, changes) in cases(100, changes()) {
        let task = task(&planned["job"], name, &changes);
        let done = timeout(Duration::from_secs(20), run_task(&worker, task.clone())).await;
        if let Err(failure) = done.unwrap_or_else(|_| panic!("no end: {task}")) {
            assert!(NAMES.contains(&&*failure.name()), "{failure:?}: {task}");
        }
    }
    for key in ["a", "torrent-jobs/users"] {
        assert!(s3.object("data", key).is_some(), "{key} is gone");
    }
    let ours = |key: &String| ["a", "a.torrent"].contains(&key.as_str()) || key.starts_with("torrent-jobs/");
    assert!(s3.keys("data").iter().all(ours), "{:?}", s3.keys("data"));
    assert_eq!(s3.keys("other"), Vec::<String>::new());
}

#[tokio::test]
async fn a_length_that_no_object_has_takes_no_memory() {
    let s3 = served().await;
    let worker = worker(&s3, &[]).await;
    let planned = plan(&worker, json!({"bucket": "data", "key": "a"})).await;
    for length in [0, 53_687_091_200_001, u64::MAX] {
        let changes = [("/job/length", length.into()), ("/span/end", length.into())];
        for name in ["hash", "assemble"] {
            let task = task(&planned["job"], name, &changes);
            let failure = run_task(&worker, task).await.expect_err("a failure");
            assert_eq!(failure.name(), "BadInput", "{name} of {length}");
        }
    }
}
