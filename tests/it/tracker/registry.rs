//! Functions that make torrents register them, and fail no request if they cannot.

use serde_json::{Value, json};
use test_s3::{Bucket, FakeS3};

use crate::{
    fake_table::FakeTable,
    harness::{Function, function_url},
    jobs::runner::run_job,
    log::capture,
    presigned,
    setup::Setup,
};

struct World {
    s3: FakeS3,
    table: FakeTable,
    function: Function,
}

impl World {
    async fn start() -> Self {
        Self::of(FakeS3::start([Bucket::public("data")]).await).await
    }

    async fn of(s3: FakeS3) -> Self {
        s3.put("data", "a", "content");
        let table = FakeTable::start().await;
        let function = Setup::new(&s3).table(&table).function().await;
        Self { s3, table, function }
    }

    /// The marks of the torrent that a new instance gives, or this one.
    async fn marks(&self, is_new: bool) -> Vec<(Vec<u8>, Value)> {
        let new = Setup::new(&self.s3).table(&self.table).function().await;
        let answer = if is_new { &new } else { &self.function }.get("/data/a").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let hash = hex::decode(answer.header("x-torrent-info-hash").expect("a hash")).expect("hex");
        self.table.items(hash.try_into().expect("20 bytes"))
    }
}

#[tokio::test]
async fn an_instance_registers_a_torrent_once_and_keeps_an_earlier_mark() {
    let world = World::start().await;
    for _ in 0..3 {
        let marks = world.marks(false).await;
        let mark = marks[0].1.as_object().expect("an item");
        // The role may put these attributes, and no other.
        assert_eq!(mark.keys().collect::<Vec<_>>(), ["length", "peer", "torrent"]);
        assert_eq!((marks.len(), &mark["length"]["N"]), (1, &json!("7")));
    }
    assert_eq!(world.table.take_calls().len(), 1);
    world.table.change(|item| item["completed"] = json!({"N": "7"}));
    let (written, guard) = capture("info");
    let marks = world.marks(true).await;
    drop(guard);
    assert_eq!((marks.len(), &marks[0].1["completed"]["N"]), (1, &json!("7")));
    assert_eq!(world.table.take_calls().len(), 1);
    assert!(!written.text().contains("WARN"), "{}", written.text());
}

#[tokio::test]
async fn a_table_in_trouble_fails_no_request_and_is_left_alone_for_a_while() {
    let world = World::start().await;
    world.table.refuse(400, "AccessDeniedException");
    let (written, guard) = capture("info");
    for _ in 0..3 {
        assert!(world.marks(false).await.is_empty());
    }
    drop(guard);
    assert_eq!(world.table.take_calls().len(), 1);
    let warnings: Vec<_> = written.lines().into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert_eq!(warnings[0]["message"], "the torrent cannot be registered with the tracker");
    world.table.recover();
    // A connection that has died is given up in time.
    world.table.freeze(1);
    assert_eq!(world.marks(true).await.len(), 1);
    world.table.stall("PutItem");
    world.s3.put("data", "a", "other content");
    assert!(world.marks(true).await.is_empty());
}

#[tokio::test]
async fn refusals_register_nothing() {
    let world = World::start().await;
    assert_eq!(world.function.get("/data/missing").await.status, 403);
    assert_eq!(world.function.send(&function_url("OPTIONS", "/data/a", "torrent", &[])).await.status, 204);
    assert!(world.table.take_calls().is_empty());
}

#[tokio::test]
async fn presigned_requests_and_jobs_register_too() {
    let world = World::of(presigned::server().await).await;
    let url = presigned::url_of(&world.s3, &presigned::reader(), "a").await;
    presigned::get(&world.function, "/data/a", &url).await.torrent();
    assert_eq!(world.table.take_calls().len(), 1);

    let world = World::start().await;
    world.s3.put("data", "a", vec![7; 600_000]);
    let worker = Setup::new(&world.s3).table(&world.table).worker().await;
    run_job(&worker, &world.s3.client(), json!({"bucket": "data", "key": "a"})).await.expect("a job that succeeds");
    assert_eq!(world.table.take_calls().len(), 1);
    // The API function's answer is the same torrent.
    assert_eq!(world.marks(true).await.len(), 1);
}
