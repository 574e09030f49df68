//! The job's tasks, one after the other as the workflow has them done: the same torrent as a request that reads the
//! object itself, whatever happens in between.

use std::time::UNIX_EPOCH;

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};
use test_s3::{Content, FakeS3, Fault, Matcher, Object, Rights, Who};

use super::{
    KIB, LENGTH, SPANS, content, name, reads,
    runner::{end, explain, hash, items, plan, run_task},
    serving,
};
use crate::harness::{Function, worker};

/// All that a map tells.
const CHILD_FAILED: &str = "States.ExceedToleratedFailureThreshold";
const FOLDER: &str = "torrent-jobs/";

fn input() -> Value {
    json!({"bucket": "data", "key": "a"})
}

/// Its date is the torrent's creation date.
fn dated() -> Object {
    Object::new(content()).last_modified(UNIX_EPOCH)
}

/// A job of the object that is about to be hashed.
async fn planned() -> (FakeS3, Worker, Value) {
    let s3 = serving(dated()).await;
    let worker = worker(&s3, &[SPANS]).await;
    let plan = plan(&worker, input()).await;
    (s3, worker, plan)
}

async fn hash_all(s3: &FakeS3, worker: &Worker, plan: &Value) {
    for span in items(&s3.client(), plan).await {
        hash(worker, plan, &span).await.expect("a fragment");
    }
}

/// A job whose spans are all hashed.
async fn hashed() -> (FakeS3, Worker, Value) {
    let (s3, worker, plan) = planned().await;
    hash_all(&s3, &worker, &plan).await;
    (s3, worker, plan)
}

/// Lets the first span fail.
async fn fail_to_hash(s3: &FakeS3, worker: &Worker, plan: &Value) {
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    let first = &items(&s3.client(), plan).await[0];
    assert_eq!(name(hash(worker, plan, first).await), "Unavailable");
    s3.clear_faults();
}

/// What a request that reads the object itself answers.
async fn inline() -> Vec<u8> {
    let s3 = serving(dated()).await;
    Function::start(&s3, &[]).await.get("/data/a").await.body
}

fn has_sidecar(s3: &FakeS3) -> bool {
    s3.keys("data").contains(&"a.torrent".to_owned())
}

#[tokio::test]
async fn a_job_makes_the_same_bytes_as_a_request_and_leaves_nothing_else() {
    let (s3, worker, plan) = planned().await;
    assert_eq!((&plan["status"], items(&s3.client(), &plan).await.len()), (&json!("read"), 6));
    s3.clear_calls();
    hash_all(&s3, &worker, &plan).await;
    for call in s3.calls() {
        // The map's own call is signed, too.
        assert_eq!(call.signed.is_some(), call.key.starts_with(FOLDER), "{call:?}");
    }
    let read = s3.calls().into_iter().rfind(|call| call.key == "a").expect("a read");
    assert_eq!((read.range, read.if_match), (Some((2_621_440, LENGTH - 1)), Some(content().etag())));
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    end(&worker, "clean", &plan).await.expect("nothing left");
    assert_eq!(s3.keys("data"), ["a", "a.torrent"]);
    assert_eq!(s3.object("data", "a.torrent").expect("a sidecar").content.to_bytes(), inline().await);
    let answer = Function::start(&s3, &[]).await.get("/data/a").await;
    assert_eq!((answer.origin(), &answer.body), ("sidecar", &inline().await));
}

#[tokio::test]
async fn only_spans_without_a_whole_fragment_are_read_again() {
    let (s3, worker, first) = hashed().await;
    let second = plan(&worker, input()).await;
    assert_eq!(first, second);
    let key = s3.keys("data").into_iter().find(|key| key.contains("/spans/")).expect("a fragment");
    s3.put("data", &key, "short");
    s3.clear_calls();
    hash_all(&s3, &worker, &second).await;
    assert_eq!(reads(&s3), 1);
    end(&worker, "assemble", &second).await.expect("a sidecar");
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
        let input = json!({"bucket": "data", "key": key, "quiet": true});
        assert_eq!(plan(&worker(&s3, &[SPANS]).await, input).await["status"], "done");
        assert_eq!(reads(&s3), 0);
    }
    let s3 = serving(content()).await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let plan = plan(&worker(&s3, &[SPANS]).await, input()).await;
    assert_eq!(plan, json!({"status": "done", "reason": "sidecar"}));
    s3.fault(Matcher::any().key("a"), Fault::access_denied());
    let task = json!({"task": "plan", "input": input()});
    let failure = run_task(&worker(&s3, &[SPANS]).await, task).await.expect_err("no plan");
    assert_eq!(format!("{failure:?}"), "Failed: S3 denies access");
}

#[tokio::test]
async fn an_object_that_changes_ends_the_job_by_name_and_its_fragments_go() {
    // S3 does not tell missing from forbidden to those who may not list.
    for (lists, replaced, failure) in [
        (false, true, "ObjectChanged"),
        (false, false, "Failed"),
        (true, true, "ObjectChanged"),
        (true, false, "ObjectChanged"),
    ] {
        for quiet in [false, true] {
            let s3 = serving(content()).await;
            if lists {
                s3.alter("data", |bucket| bucket.allow(Who::Anonymous, "*", Rights::LIST));
            }
            let worker = worker(&s3, &[SPANS]).await;
            let plan = plan(&worker, json!({"bucket": "data", "key": "a", "quiet": quiet})).await;
            let spans = items(&s3.client(), &plan).await;
            hash(&worker, &plan, &spans[1]).await.expect("a fragment");
            s3.delete("data", "a");
            if replaced {
                s3.put("data", "a", Content::random(LENGTH, 10));
            }
            assert_eq!(name(hash(&worker, &plan, &spans[0]).await), failure);
            let reason = explain(&worker, &plan, CHILD_FAILED).await;
            assert_eq!((reason.error.as_str(), reason.quiet), (failure, quiet));
            let has_fragments = s3.keys("data").iter().any(|key| key.starts_with(FOLDER));
            assert_eq!(has_fragments, failure == "Failed");
        }
    }
}

#[tokio::test]
async fn an_object_that_changes_before_the_end_gets_no_torrent() {
    let (s3, worker, plan) = hashed().await;
    for length in [LENGTH - 1, LENGTH + 1] {
        let value = Some(length.to_string());
        s3.fault(Matcher::head().key("a"), Fault::Header { name: "content-length", value });
        assert_eq!(name(end(&worker, "assemble", &plan).await), "ObjectChanged");
        s3.clear_faults();
    }
    s3.put("data", "a", Content::random(LENGTH, 10));
    assert_eq!(name(end(&worker, "assemble", &plan).await), "ObjectChanged");
    assert!(!has_sidecar(&s3));
}

#[tokio::test]
async fn a_missing_fragment_is_never_assembled_over() {
    let (s3, worker, plan) = planned().await;
    for span in &items(&s3.client(), &plan).await[1..] {
        hash(&worker, &plan, span).await.expect("a fragment");
    }
    assert_eq!(name(end(&worker, "assemble", &plan).await), "Incomplete");
    assert!(!has_sidecar(&s3));
    let reason = explain(&worker, &plan, "Incomplete").await;
    assert!(reason.error == "Incomplete" && reason.cause.contains("no function was free"), "{reason:?}");
    fail_to_hash(&s3, &worker, &plan).await;
    assert_eq!(explain(&worker, &plan, "Incomplete").await.error, "Unavailable", "the child's reason says more");
}

#[tokio::test]
async fn an_object_of_the_users_in_the_sidecars_place_stays() {
    let (s3, worker, plan) = hashed().await;
    // Whatever is there, it does not end a job as done while it cannot be read.
    s3.fault(Matcher::get().key("a.torrent"), Fault::slow_down());
    assert_eq!(name(end(&worker, "assemble", &plan).await), "Unavailable");
    s3.clear_faults();
    s3.put("data", "a.torrent", "the user's own");
    let failure = end(&worker, "assemble", &plan).await.expect_err("no place");
    assert_eq!(format!("{failure:?}"), "Failed: the sidecar's key is taken by another object, or too long");
    assert_eq!(s3.object("data", "a.torrent").expect("it").content.to_bytes(), "the user's own");
    let again = run_task(&worker, json!({"task": "plan", "input": input()})).await;
    assert_eq!(name(again), "Failed", "nothing is read for nothing");
}

#[tokio::test]
async fn more_fragments_than_a_page_are_cleaned() {
    let (s3, worker, plan) = planned().await;
    let folder = plan["items"]["key"].as_str().expect("a key").replace("items.json", "");
    for number in 0..1_005 {
        s3.put("data", &format!("{folder}spans/{number:020}-{:020}", number + 1), "x");
    }
    let odd = ["notes", "spans/1", "spans/1-2", "spans/00000000000000000001-x"].map(|name| format!("{folder}{name}"));
    let others: Vec<_> = odd.into_iter().chain(["torrent-jobs/of-another/items.json".to_owned()]).collect();
    for key in &others {
        s3.put("data", key, "nothing of the job's");
    }
    end(&worker, "clean", &plan).await.expect("nothing left");
    let mut left = vec!["a".to_owned()];
    left.extend(others);
    left.sort();
    assert_eq!(s3.keys("data"), left);
}

#[tokio::test]
async fn the_reason_of_a_failed_child_is_reported_until_it_is_out_of_date() {
    let (s3, worker, first) = planned().await;
    assert_eq!(explain(&worker, &first, CHILD_FAILED).await.error, "HashFailed");
    fail_to_hash(&s3, &worker, &first).await;
    let reason = explain(&worker, &first, CHILD_FAILED).await;
    assert_eq!((&*reason.error, &*reason.cause, reason.quiet), ("Unavailable", "S3 is unavailable", false));
    let reason = explain(&worker, &first, "Runtime.ExitError").await;
    assert_eq!((&*reason.error, &*reason.cause), ("Runtime.ExitError", "words of AWS"));
    let next = plan(&worker, input()).await;
    assert_eq!(explain(&worker, &next, CHILD_FAILED).await.error, "HashFailed");
}

#[tokio::test]
async fn a_task_outside_the_served_buckets_is_refused() {
    let (s3, worker, plan) = planned().await;
    let span = items(&s3.client(), &plan).await[0].clone();
    let mut other = plan.clone();
    other["job"]["bucket"] = json!("other");
    s3.clear_calls();
    assert_eq!(name(hash(&worker, &other, &span).await), "Failed");
    for task in ["assemble", "clean"] {
        assert_eq!(name(end(&worker, task, &other).await), "Failed");
    }
    assert!(s3.calls().is_empty());
}

#[tokio::test]
async fn a_stale_or_damaged_sidecar_is_replaced_by_the_jobs() {
    let s3 = serving(Content::random(LENGTH, 10)).await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    s3.put("data", "a", dated());
    let worker = worker(&s3, &[SPANS]).await;
    let plan = plan(&worker, input()).await;
    hash_all(&s3, &worker, &plan).await;
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    let mut sidecar = s3.object("data", "a.torrent").expect("a sidecar");
    assert_eq!(sidecar.content.to_bytes(), inline().await);
    s3.clear_calls();
    end(&worker, "assemble", &plan).await.expect("the same sidecar, as after an answer that was lost");
    assert!(s3.calls().iter().all(|call| call.operation != test_s3::Operation::PutObject));
    let whole = sidecar.metadata.clone();
    sidecar.metadata.remove("torrent-info-hash");
    s3.put("data", "a.torrent", sidecar);
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    assert_eq!(s3.object("data", "a.torrent").expect("a sidecar").metadata, whole);
}

#[tokio::test]
async fn spans_that_are_no_whole_pieces_are_refused() {
    let (_s3, worker, mut plan) = planned().await;
    for span in [(0, 262_143), (1, 262_144), (262_144, 262_144), (0, LENGTH + 1)] {
        let span = json!({"start": span.0, "end": span.1});
        assert_eq!(name(hash(&worker, &plan, &span).await), "BadInput");
    }
    // src/jobs/job.rs has what else no job may be.
    plan["job"]["length"] = json!(u64::MAX);
    assert_eq!(name(end(&worker, "assemble", &plan).await), "BadInput");
}
