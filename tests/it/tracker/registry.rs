//! Torrents are registered by those who make them, and nobody notices.

use get_object_torrent::registry::Registry;
use serde_json::{Value, json};
use test_s3::{Bucket, FakeS3, Identity};

use crate::{
    fake_table::{FakeTable, TABLE},
    harness::{Function, function_url, sdk, worker},
    jobs::runner::run_job,
    log::capture,
    presigned,
};

const VARIABLES: [(&str, &str); 3] = [
    ("TRACKER_URL", "https://tracker.example/announce"),
    ("TRACKER_TABLE", TABLE),
    ("TRACKERS", "udp://other.example:6969"),
];

struct World {
    s3: FakeS3,
    table: FakeTable,
    function: Function,
}

fn registry(table: &FakeTable) -> Registry {
    Registry::new(&sdk(&table.endpoint, Some(&Identity::role())), TABLE.to_owned())
}

async fn world() -> World {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    let table = FakeTable::start().await;
    let function = Function::with_registry(&s3, &registry(&table), &VARIABLES).await;
    World { s3, table, function }
}

impl World {
    /// The marks of the torrent that a request is answered with.
    async fn marks(&self, path: &str) -> Vec<Value> {
        let answer = self.function.get(path).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        self.table.items(hash(answer.header("x-torrent-info-hash").expect("a hash")))
    }
}

fn hash(text: &str) -> [u8; 20] {
    hex::decode(text).expect("hex").try_into().expect("20 bytes")
}

#[tokio::test]
async fn a_torrent_is_registered_once_in_an_instances_life() {
    let world = world().await;
    for _ in 0..3 {
        let marks = world.marks("/data/a").await;
        assert_eq!(marks.len(), 1);
        // The role may put these attributes, and no other.
        assert_eq!(marks[0].as_object().expect("an item").keys().collect::<Vec<_>>(), ["length", "peer", "torrent"]);
        assert_eq!(marks[0]["length"]["N"], "7");
    }
    assert_eq!(world.table.take_calls().len(), 1);
    let another = Function::with_registry(&world.s3, &registry(&world.table), &VARIABLES).await;
    another.get("/data/a").await.torrent();
    assert_eq!(world.table.take_calls().len(), 1);
}

#[tokio::test]
async fn a_mark_that_is_there_keeps_its_count() {
    let world = world().await;
    let marks = world.marks("/data/a").await;
    world.table.add_to_all("completed", 7);
    let another = Function::with_registry(&world.s3, &registry(&world.table), &VARIABLES).await;
    let (written, guard) = capture("info");
    let answer = another.get("/data/a").await;
    drop(guard);
    let kept = world.table.items(hash(answer.header("x-torrent-info-hash").expect("a hash")));
    assert_eq!((marks.len(), kept.len(), &kept[0]["completed"]["N"]), (1, 1, &"7".into()));
    assert!(!written.text().contains("WARN"), "{}", written.text());
}

#[tokio::test]
async fn the_stacks_own_tracker_is_the_first_tier() {
    let world = world().await;
    let torrent = world.function.get("/data/a").await.torrent();
    assert_eq!(torrent.announce.as_deref(), Some("https://tracker.example/announce"));
    let tiers = [["https://tracker.example/announce"], ["udp://other.example:6969"]]
        .map(|tier| tier.map(str::to_owned).to_vec());
    assert_eq!(torrent.announce_list, Some(tiers.to_vec()));
}

#[tokio::test]
async fn a_table_that_refuses_fails_no_request_and_is_left_alone_for_a_while() {
    let world = world().await;
    world.table.refuse(Some((400, "AccessDeniedException")));
    let (written, guard) = capture("info");
    for _ in 0..3 {
        assert!(world.marks("/data/a").await.is_empty());
    }
    drop(guard);
    assert_eq!(world.table.take_calls().len(), 1);
    let warnings: Vec<_> = written.lines().into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["message"], "the torrent cannot be registered with the tracker");
}

#[tokio::test]
async fn a_table_that_does_not_answer_fails_no_request() {
    let world = world().await;
    world.table.stall();
    assert!(world.marks("/data/a").await.is_empty());
}

#[tokio::test]
async fn a_connection_that_died_is_given_up_in_time() {
    let world = world().await;
    world.table.freeze(1);
    assert_eq!(world.marks("/data/a").await.len(), 1);
}

#[tokio::test]
async fn refusals_register_nothing() {
    let world = world().await;
    assert_eq!(world.function.get("/data/missing").await.status, 403);
    assert_eq!(world.function.send(&function_url("OPTIONS", "/data/a", "torrent", &[])).await.status, 204);
    assert!(world.table.take_calls().is_empty());
}

#[tokio::test]
async fn what_a_presigned_url_opens_is_registered_too() {
    let s3 = presigned::server().await;
    s3.put("data", "a", "content");
    let table = FakeTable::start().await;
    let function = Function::with_registry(&s3, &registry(&table), &VARIABLES).await;
    let url = presigned::url_of(&s3, &presigned::reader(), "a").await;
    presigned::get(&function, "/data/a", &url).await.torrent();
    assert_eq!(table.take_calls().len(), 1);
}

#[tokio::test]
async fn a_job_registers_what_it_makes() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", vec![7; 600_000]);
    let table = FakeTable::start().await;
    let worker = worker(&s3, &VARIABLES).await.with_registry(Some(registry(&table)));
    run_job(&worker, &s3.client(), json!({"bucket": "data", "key": "a"})).await.expect("a job that succeeds");
    assert_eq!(table.take_calls().len(), 1);
    // The API function's answer is the same torrent.
    let function = Function::with_registry(&s3, &registry(&table), &VARIABLES).await;
    let answer = function.get("/data/a").await;
    assert_eq!(answer.origin(), "sidecar");
    assert_eq!(table.items(hash(answer.header("x-torrent-info-hash").expect("a hash"))).len(), 1);
}
