//! The job's tasks, one after the other as the workflow has them done: the same torrent as a request that reads the
//! object itself, whatever happens in between.

use std::time::UNIX_EPOCH;

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Operation, Rights, Who};

use super::runner::{end, explain, hash, items, plan, run_task};
use crate::harness::{Function, worker};

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
/// Two pieces a span: six spans.
const SPANS: [(&str, &str); 1] = [("SPAN_SIZE", "524288")];
/// All that a map tells.
const CHILD_FAILED: &str = "States.ExceedToleratedFailureThreshold";
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

/// A job of the object that is about to be hashed.
async fn planned() -> (FakeS3, Worker, Value) {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    (s3, worker, plan)
}

async fn hash_all(s3: &FakeS3, worker: &Worker, plan: &Value) {
    for span in items(&s3.client(), plan).await {
        hash(worker, plan, &span).await.expect("a fragment");
    }
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
    assert_eq!(items(&s3.client(), &plan).await.len(), 6);
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
    let (s3, worker, plan) = planned().await;
    s3.clear_calls();
    hash(&worker, &plan, &items(&s3.client(), &plan).await[1]).await.expect("a fragment");
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
    let (s3, worker, plan) = planned().await;
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
        let plan = plan(&worker, json!({"bucket": "data", "key": key, "quiet": true})).await;
        assert_eq!(plan["status"], "done", "{plan}");
        assert_eq!(reads(&s3), 0);
    }
    let s3 = serving(content()).await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let worker = worker(&s3, &SPANS).await;
    assert_eq!(plan(&worker, input()).await, json!({"status": "done", "reason": "sidecar"}));
}

#[tokio::test]
async fn an_object_that_changes_ends_the_job_by_name() {
    for replaced in [true, false] {
        let s3 = serving(content()).await;
        let worker = worker(&s3, &SPANS).await;
        let plan = plan(&worker, input()).await;
        let spans = items(&s3.client(), &plan).await;
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
    let (s3, worker, plan) = planned().await;
    hash_all(&s3, &worker, &plan).await;
    s3.put("data", "a", Content::cheap(LENGTH, 10));
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("another object").name(), "ObjectChanged");
    assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
}

#[tokio::test]
async fn a_missing_fragment_is_never_assembled_over() {
    let (s3, worker, plan) = planned().await;
    let spans = items(&s3.client(), &plan).await;
    for span in &spans[1..] {
        hash(&worker, &plan, span).await.expect("a fragment");
    }
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no torrent").name(), "Incomplete");
    assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
    let reason = explain(&worker, &plan, "Incomplete").await;
    assert!(reason.error == "Incomplete" && reason.cause.contains("no function was free"), "{reason:?}");
}

#[tokio::test]
async fn an_object_of_the_users_in_the_sidecars_place_stays() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let first = plan(&worker, input()).await;
    hash_all(&s3, &worker, &first).await;
    s3.put("data", "a.torrent", "the user's own");
    assert_eq!(end(&worker, "assemble", &first).await.expect_err("no place").name(), "Failed");
    assert_eq!(s3.object("data", "a.torrent").expect("it").content.to_bytes(), "the user's own");
    let again = run_task(&worker, json!({"task": "plan", "input": input()})).await;
    assert_eq!(again.expect_err("nothing is read for nothing").name(), "Failed");
}

#[tokio::test]
async fn what_passes_is_worth_another_try() {
    let (s3, worker, plan) = planned().await;
    let span = &items(&s3.client(), &plan).await[0];
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    assert_eq!(hash(&worker, &plan, span).await.expect_err("no bytes").name(), "Unavailable");
    s3.clear_faults();
    hash(&worker, &plan, span).await.expect("a fragment");
}

#[tokio::test]
async fn more_fragments_than_a_page_are_cleaned() {
    let (s3, worker, plan) = planned().await;
    let folder = plan["items"]["key"].as_str().expect("a key").replace("items.json", "");
    for number in 0..1_005 {
        s3.put("data", &format!("{folder}spans/{number:020}-{:020}", number + 1), "x");
    }
    let others =
        ["torrent-jobs/of-another/items.json".to_owned(), format!("{folder}notes"), format!("{folder}spans/1")];
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
async fn a_failed_child_leaves_word_of_the_reason() {
    let (s3, worker, plan) = planned().await;
    assert_eq!(explain(&worker, &plan, CHILD_FAILED).await.error, "HashFailed");
    assert_eq!(explain(&worker, &plan, "Lambda.Unknown").await.error, "Lambda.Unknown");
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    hash(&worker, &plan, &items(&s3.client(), &plan).await[0]).await.expect_err("no bytes");
    let reason = explain(&worker, &plan, CHILD_FAILED).await;
    assert_eq!((reason.error.as_str(), reason.cause.as_str()), ("Unavailable", "S3 is unavailable"));
}

#[tokio::test]
async fn the_next_attempt_does_not_hear_of_the_last_ones_failure() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    let first = plan(&worker, input()).await;
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    hash(&worker, &first, &items(&s3.client(), &first).await[0]).await.expect_err("no bytes");
    let second = plan(&worker, input()).await;
    assert_eq!(explain(&worker, &second, CHILD_FAILED).await.error, "HashFailed");
}

#[tokio::test]
async fn an_object_that_is_gone_explains_all_and_its_fragments_go() {
    for (quiet, replaced) in [(false, true), (true, true), (false, false), (true, false)] {
        let s3 = serving(content()).await;
        s3.alter("data", |bucket| bucket.allow(Who::Anonymous, "*", Rights::LIST));
        let worker = worker(&s3, &SPANS).await;
        let plan = plan(&worker, json!({"bucket": "data", "key": "a", "quiet": quiet})).await;
        hash_all(&s3, &worker, &plan).await;
        s3.delete("data", "a");
        if replaced {
            s3.put("data", "a", Content::cheap(LENGTH, 10));
        }
        let reason = explain(&worker, &plan, CHILD_FAILED).await;
        assert_eq!((reason.error.as_str(), reason.quiet), ("ObjectChanged", quiet));
        assert!(s3.keys("data").iter().all(|key| !key.starts_with(FOLDER)));
    }
}

#[tokio::test]
async fn a_task_outside_the_served_buckets_is_refused() {
    let (s3, worker, plan) = planned().await;
    let span = items(&s3.client(), &plan).await[0].clone();
    let mut other = plan.clone();
    other["job"]["bucket"] = json!("other");
    s3.clear_calls();
    assert_eq!(hash(&worker, &other, &span).await.expect_err("no bytes").name(), "Failed");
    for task in ["assemble", "clean"] {
        assert_eq!(end(&worker, task, &other).await.expect_err("nothing").name(), "Failed");
    }
    assert!(s3.calls().is_empty());
}

#[tokio::test]
async fn a_stale_sidecar_is_replaced_by_the_jobs() {
    let s3 = serving(Content::cheap(LENGTH, 10)).await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    s3.put("data", "a", dated());
    let worker = worker(&s3, &SPANS).await;
    let plan = plan(&worker, input()).await;
    hash_all(&s3, &worker, &plan).await;
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    // Tried again, as after an answer that was lost.
    end(&worker, "assemble", &plan).await.expect("the same sidecar");
    assert_eq!(s3.object("data", "a.torrent").expect("a sidecar").content.to_bytes(), inline().await);
}

/// Found by a seed: the job was done, and no request believed what it had found.
#[tokio::test]
async fn a_sidecar_that_lost_its_info_hash_is_replaced_by_the_jobs() {
    let (s3, worker, plan) = planned().await;
    hash_all(&s3, &worker, &plan).await;
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    let mut sidecar = s3.object("data", "a.torrent").expect("a sidecar");
    let whole = sidecar.metadata.clone();
    sidecar.metadata.remove("torrent-info-hash");
    s3.put("data", "a.torrent", sidecar);
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    assert_eq!(s3.object("data", "a.torrent").expect("a sidecar").metadata, whole);
}

#[tokio::test]
async fn a_length_that_differs_at_the_end_gets_no_torrent() {
    for length in [LENGTH - 1, LENGTH + 1] {
        let (s3, worker, plan) = planned().await;
        hash_all(&s3, &worker, &plan).await;
        let length = Some(length.to_string());
        s3.fault(Matcher::head().key("a"), Fault::Header { name: "content-length", value: length });
        assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no torrent").name(), "ObjectChanged");
        assert!(!s3.keys("data").contains(&"a.torrent".to_owned()));
    }
}

#[tokio::test]
async fn a_sidecar_that_cannot_be_read_does_not_end_a_job_as_done() {
    let (s3, worker, plan) = planned().await;
    hash_all(&s3, &worker, &plan).await;
    s3.fault(Matcher::get().key("a.torrent"), Fault::slow_down());
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no sidecar").name(), "Unavailable");
}

#[tokio::test]
async fn a_failure_that_passed_is_not_the_reason_of_another() {
    let (s3, worker, plan) = planned().await;
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    hash(&worker, &plan, &items(&s3.client(), &plan).await[0]).await.expect_err("no bytes");
    s3.clear_faults();
    hash_all(&s3, &worker, &plan).await;
    let reason = explain(&worker, &plan, "Runtime.ExitError").await;
    assert_eq!((reason.error.as_str(), reason.cause.as_str()), ("Runtime.ExitError", "words of AWS"));
}

#[tokio::test]
async fn a_job_that_may_not_read_fails_and_says_so() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &SPANS).await;
    s3.fault(Matcher::any().key("a"), Fault::access_denied());
    let failure = run_task(&worker, json!({"task": "plan", "input": input()})).await.expect_err("no plan");
    assert_eq!((&*failure.name(), &*failure.to_string()), ("Failed", "S3 denies access"));
}

#[tokio::test]
async fn spans_that_are_no_whole_pieces_are_refused() {
    let (_s3, worker, mut plan) = planned().await;
    for span in [(0, 262_143), (1, 262_144), (262_144, 262_144), (0, LENGTH + 1)] {
        let span = json!({"start": span.0, "end": span.1});
        assert_eq!(hash(&worker, &plan, &span).await.expect_err("no fragment").name(), "BadInput");
    }
    plan["job"]["spanSize"] = json!(262_145);
    assert_eq!(end(&worker, "assemble", &plan).await.expect_err("no torrent").name(), "BadInput");
}
