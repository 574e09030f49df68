//! Collections that a job reads: the same torrent as a request makes, of one state of the prefix.

use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};
use test_s3::{FakeS3, Fault, Matcher, Operation};

use super::server;
use crate::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Function, worker},
    jobs::runner::{cleaned, end, explain, hash, items, plan},
    setup::Setup,
};

const KIB: u64 = 1024;
/// Two pieces a span.
const VARIABLES: [(&str, &str); 2] = [("SPAN_SIZE", "524288"), ("INLINE_MAX_OBJECTS", "3")];
/// Objects that end amid pieces, at their end and at a span's, empty ones, and one over several spans.
const OBJECTS: [(&str, u64); 9] = [
    ("p/a", 0),
    ("p/b", 100 * KIB),
    ("p/c", 156 * KIB),
    ("p/d/e", 256 * KIB),
    ("p/d/f", 0),
    ("p/g", 1_200 * KIB + 7),
    ("p/h", 1),
    ("p/i", 3 * 256 * KIB),
    ("p/j", 0),
];

fn input() -> Value {
    json!({"bucket": "data", "key": "p/", "collection": true})
}

/// A worker, and the plan of the job with its spans.
async fn planned(s3: &FakeS3) -> (Worker, Value, Vec<Value>) {
    let worker = worker(s3, &VARIABLES).await;
    let plan = plan(&worker, input()).await;
    let items = items(&s3.client(), &plan).await;
    (worker, plan, items)
}

#[tokio::test]
async fn a_collection_of_many_objects_gets_the_torrent_that_a_request_would_make() {
    let s3 = server(&OBJECTS).await;
    let run = Run::job(worker(&s3, &VARIABLES).await, s3.client());
    let workflow = FakeWorkflow::start([run]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let answer = function.get("/data/p/").await;
    assert_eq!((answer.status, answer.origin()), (200, "job"), "{}", answer.text());
    assert_eq!(function.get("/data/p/").await.origin(), "sidecar");
    s3.delete("data", "p/.torrent");
    let inline = Function::start(&s3, &[]).await.get("/data/p/").await;
    assert_eq!((inline.origin(), &inline.body), ("object", &answer.body));
    assert_eq!(workflow.executions().len(), 1);
    let left: Vec<_> = cleaned(&s3, "data").await.into_iter().filter(|key| key.contains("torrent")).collect();
    assert_eq!(left, ["p/.torrent"]);
}

#[tokio::test]
async fn a_child_reads_its_own_objects_and_lines_alone_and_a_state_stays_small() {
    let s3 = server(&OBJECTS).await;
    let (worker, plan, items) = planned(&s3).await;
    assert_eq!(items.len(), 5, "{items:?}");
    assert!(plan.to_string().len() + items[0].to_string().len() < 1_000, "{plan} {items:?}");
    s3.clear_calls();
    hash(&worker, &plan, &items[4]).await.expect("a fragment");
    let reads = s3.calls_of(Operation::GetObject).into_iter().map(|call| call.key).filter(|key| key.starts_with("p/"));
    assert_eq!(reads.collect::<Vec<_>>(), ["p/i"]);
    assert!(s3.calls_of(Operation::ListObjects).is_empty());
    let lines = s3.calls().into_iter().find(|call| call.key.ends_with("manifest.jsonl")).expect("the manifest");
    assert!(lines.bytes_sent < 100, "{lines:?}");
}

#[tokio::test]
async fn an_object_that_changes_or_is_made_private_meanwhile_ends_the_job_by_name() {
    for (change, name, cause) in [
        (Fault::replace("data", "p/i", "replaced"), "ObjectChanged", ""),
        (Fault::delete("data", "p/b"), "ObjectChanged", ""),
        (Fault::replace("data", "p/0", "added"), "ObjectChanged", ""),
        (Fault::replace("data", "p/g/", "a name that no torrent may have"), "ObjectChanged", ""),
        (Fault::make_private("data", "p/i"), "Failed", "p/i"),
    ] {
        let s3 = server(&OBJECTS).await;
        let (worker, plan, spans) = planned(&s3).await;
        s3.fault(Matcher::get().key("p/g").times(1), change.clone());
        let mut failed = None;
        for span in &spans {
            failed = failed.or(hash(&worker, &plan, span).await.err());
        }
        let caught = match failed {
            Some(_) => "States.ExceedToleratedFailureThreshold",
            None => &end(&worker, "assemble", &plan).await.expect_err("another collection").name(),
        };
        let reason = explain(&worker, &plan, caught).await;
        assert!(reason.error == name && reason.cause.contains(cause), "{change:?}: {reason:?}");
        assert!(s3.object("data", "p/.torrent").is_none());
        let keeps_fragments = s3.keys("data").iter().any(|key| key.starts_with("torrent-jobs/"));
        assert_eq!(keeps_fragments, name == "Failed", "{:?}", s3.keys("data"));
    }
}

#[tokio::test]
async fn a_manifest_that_lacks_the_span_s_objects_is_no_input() {
    let s3 = server(&OBJECTS).await;
    let (worker, plan, items) = planned(&s3).await;
    let item = &items[2];
    let manifest = s3.keys("data").into_iter().find(|key| key.ends_with("manifest.jsonl")).expect("a manifest");
    let whole = s3.object("data", &manifest).expect("a manifest");
    for bad in ["", "nonsense", "[\"a\",\"e\",1]\n"] {
        let mut damaged = whole.clone();
        damaged.content = bad.repeat(200).into();
        s3.put("data", &manifest, damaged);
        assert_eq!(hash(&worker, &plan, item).await.expect_err("no objects").name(), "BadInput", "{bad}");
    }
    let mut single = item.clone();
    single.as_object_mut().expect("an item").remove("members");
    assert_eq!(hash(&worker, &plan, &single).await.expect_err("no members").name(), "BadInput");
}

#[tokio::test]
async fn progress_tells_of_the_objects_and_head_starts_nothing() {
    let s3 = server(&OBJECTS).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let setup = Setup::new(&s3).workflow(&workflow).set_all(&VARIABLES).set("TIME_BUDGET_MS", "2000");
    let function = setup.function().await;
    assert_eq!(function.head("/data/p/").await.status, 503);
    assert!(workflow.executions().is_empty());
    let answer = function.get("/data/p/").await;
    assert_eq!(answer.error(), (503, "SlowDown".into()));
    assert!(answer.document().message.contains("these 9 objects of"), "{}", answer.text());
}
