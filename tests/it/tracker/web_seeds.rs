//! The API function leaves the web seeds out while the swarm is fast enough, and names them whenever it is not sure.

use serde_json::json;
use test_s3::{Bucket, FakeS3, Operation};

use super::clients::FUTURE;
use crate::{
    fake_table::FakeTable,
    harness::{Function, function_url},
    log::capture,
    setup::Setup,
};

struct World {
    s3: FakeS3,
    table: FakeTable,
    function: Function,
}

async fn function(s3: &FakeS3, table: &FakeTable, time_scale: &str) -> Function {
    let variables = [("ENOUGH_SPEED", "1000000"), ("TRACKER_TIME_SCALE", time_scale)];
    Setup::new(s3).table(table).set_all(&variables).function().await
}

impl World {
    /// A function that has answered with the object's torrent once. What it remembers is out of date at once.
    async fn start() -> Self {
        let s3 = FakeS3::start([Bucket::public("data")]).await;
        s3.put("data", "a", "content");
        let table = FakeTable::start().await;
        let function = function(&s3, &table, "0.000001").await;
        let world = Self { s3, table, function };
        assert_eq!(world.web_seeds("torrent").await, 2);
        world.table.take_calls();
        world
    }

    /// How many web seeds the torrent has, by its header and by its bytes.
    async fn web_seeds(&self, query: &str) -> usize {
        let answer = self.function.send(&function_url("GET", "/data/a", query, &[])).await;
        let web_seeds = answer.torrent().web_seeds.len();
        assert_eq!(answer.header("x-torrent-web-seeds"), Some(web_seeds.to_string().as_str()));
        web_seeds
    }

    fn mark(&self, name: &str, value: u64) {
        self.table.change(|item| item[name] = json!({"N": value.to_string()}));
    }
}

#[tokio::test]
async fn only_a_fast_swarm_does_without_web_seeds_and_the_sidecar_has_them() {
    let world = World::start().await;
    let slow = world.function.get("/data/a").await;
    world.mark("fast_until", FUTURE << 20);
    let fast = world.function.get("/data/a").await;
    assert_eq!((fast.torrent().web_seeds, world.web_seeds("torrent").await), (Vec::new(), 0));
    assert_ne!(fast.header("etag"), slow.header("etag"));
    let hash = "x-torrent-info-hash";
    assert_eq!(fast.header(hash), slow.header(hash));
    let unchanged = [("if-none-match", fast.header("etag").expect("a tag"))];
    assert_eq!(world.function.get_with("/data/a", &unchanged).await.status, 304);
    assert_eq!(world.web_seeds("torrent&web-seeds=always").await, 2);
    assert_eq!(world.s3.calls_of(Operation::PutObject).len(), 1, "the sidecar stays as it is");
    world.mark("fast_until", 1);
    assert_eq!(world.web_seeds("torrent").await, 2);
}

#[tokio::test]
async fn the_registration_tells_and_later_one_read_a_minute() {
    let world = World::start().await;
    world.mark("fast_until", FUTURE);
    let calls = || world.table.take_calls().into_iter().map(|(operation, _)| operation).collect::<Vec<_>>();
    let function = function(&world.s3, &world.table, "1").await;
    for _ in 0..3 {
        assert!(function.get("/data/a").await.torrent().web_seeds.is_empty());
    }
    assert_eq!(calls(), ["PutItem"]);
    assert_eq!(world.web_seeds("torrent").await, 2, "FUTURE is past by the fast clock");
    let reads = world.table.take_calls();
    assert_eq!(reads.len(), 1);
    // The role may read this attribute alone.
    assert_eq!((&*reads[0].0, &reads[0].1["ProjectionExpression"]), ("GetItem", &json!("fast_until")));
}

#[tokio::test]
async fn a_table_in_trouble_brings_the_web_seeds_back() {
    let world = World::start().await;
    world.mark("fast_until", FUTURE << 20);
    assert_eq!(world.web_seeds("torrent").await, 0);
    world.table.refuse(400, "AccessDeniedException");
    let (written, guard) = capture("info");
    assert_eq!(world.web_seeds("torrent").await, 2);
    drop(guard);
    let warning = written.lines().into_iter().find(|line| line["level"] == "WARN").expect("a warning");
    assert_eq!(warning["message"], "the swarm's mark cannot be read");
    // A new instance, which does not wait after that failure.
    let world = World::start().await;
    world.table.stall("GetItem");
    assert_eq!(world.web_seeds("torrent").await, 2);
}

#[tokio::test]
async fn another_value_of_web_seeds_is_refused() {
    let world = World::start().await;
    for query in ["torrent&web-seeds", "torrent&web-seeds=never", "torrent&web-seeds=always-and-ever"] {
        let answer = world.function.send(&function_url("GET", "/data/a", query, &[])).await;
        assert_eq!(answer.error(), (400, "InvalidArgument".to_owned()), "{query}");
    }
}
