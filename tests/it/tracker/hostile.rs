//! Queries and events that no client sends, and a table in trouble.

use std::time::Duration;

use get_object_torrent::table::Limits;
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    sample::{Index, select},
};
use serde_json::{Value, json};

use super::clients::{Client, TORRENT, Tracker, event};
use crate::hostile::cases;

const PARTS: [&str; 14] = [
    "info_hash=",
    "&info_hash=aaaaaaaaaaaaaaaaaaaa",
    "&",
    "=",
    "%",
    "%0",
    "%ff",
    "&port=65536",
    "&left=-1",
    "&left=99999999999999999999",
    "&numwant=100000",
    "&event=stopped",
    "&uploaded=18446744073709551615",
    "&downloaded=x",
];

/// A query in which anything may be wrong, most of it right.
fn query() -> impl Strategy<Value = String> {
    let right = Client::leecher("192.0.2.1:1").query(TORRENT, "");
    let part = prop_oneof![select(&PARTS[..]).prop_map(str::to_owned), any::<String>(), "[ -~]{0,4}"];
    (any::<bool>(), any::<Index>(), vec(part, 0..6)).prop_map(move |(whole, at, parts)| {
        let end = if whole { right.len() } else { at.index(right.len()) };
        format!("{}{}", &right[..end], parts.concat())
    })
}

#[tokio::test]
async fn every_odd_query_gets_a_response() {
    let tracker = Tracker::start(0).await;
    for (number, query) in cases(1_000, query()).enumerate() {
        // This decodes a 200 and fails otherwise.
        tracker.get("192.0.2.1", if number % 5 == 0 { "/scrape" } else { "/announce" }, &query).await;
    }
}

#[tokio::test]
async fn every_odd_event_gets_a_response() {
    let tracker = Tracker::start(0).await;
    let pointers =
        ["/rawPath", "/rawQueryString", "/requestContext", "/requestContext/http", "/requestContext/http/sourceIp"];
    let odd = vec![json!(null), json!(7), json!([]), json!({}), json!(""), json!("::1%lo"), json!("256.1.1.1")];
    let odd = prop_oneof![select(odd), any::<String>().prop_map(Value::from)];
    for (pointer, value) in cases(1_000, (select(pointers.to_vec()), odd)) {
        let mut event = event("192.0.2.1", "/announce", &Client::seeder("192.0.2.1:1").query(TORRENT, ""));
        *event.pointer_mut(pointer).expect("it is there") = value;
        let status = tracker.send(event.clone()).await["statusCode"].as_u64();
        assert!(matches!(status, Some(200 | 404)), "{event}");
    }
}

async fn is_busy(tracker: &Tracker) {
    let announce = tracker.get("192.0.2.1", "/announce", &Client::seeder("192.0.2.1:1").query(TORRENT, "")).await;
    for response in [announce, tracker.scrape(&[TORRENT]).await] {
        assert_eq!(response.failure, "the tracker is busy: try again in five minutes");
        assert_eq!((response.interval, response.retry_in), (300, 5));
    }
}

#[tokio::test]
async fn a_table_that_refuses_or_stalls_makes_the_tracker_busy() {
    let limits = Limits { call: Duration::from_millis(300), backoff: Duration::from_millis(1), ..Limits::TRACKER };
    let tracker = Tracker::with(0, limits, &[]).await;
    for (status, code) in [(400, "ThrottlingException"), (400, "AccessDeniedException"), (500, "InternalServerError")] {
        tracker.table.refuse(status, code);
        is_busy(&tracker).await;
    }
    tracker.table.recover();
    tracker.table.stall("Query");
    is_busy(&tracker).await;
}

#[tokio::test]
async fn dead_connections_are_given_up_in_time() {
    let (call, attempt) = (Duration::from_mins(1), Duration::from_secs(1));
    let tracker = Tracker::with(0, Limits { call, attempt, ..Limits::TRACKER }, &[]).await;
    // Each torrent of a scrape needs a connection. Fewer are kept than a call has attempts.
    let torrents: Vec<[u8; 20]> = (0..20).map(|number| [number; 20]).collect();
    for torrent in &torrents {
        tracker.table.put(*torrent, &[0], json!({}));
    }
    assert_eq!(tracker.scrape(&torrents).await.files.len(), 20);
    tracker.table.freeze(0);
    assert_eq!(tracker.announce(Client::seeder("192.0.2.1:1"), "").await.complete, 1);
    tracker.table.freeze(1);
    assert_eq!(tracker.announce(Client::seeder("192.0.2.1:1"), "").await.complete, 1);
}

#[tokio::test]
async fn a_broken_item_is_ignored() {
    let tracker = Tracker::start(3).await;
    tracker.table.change(|item| drop(item.as_object_mut().map(|item| item.remove("id"))));
    let response = tracker.announce(Client::leecher("192.0.2.2:2"), "").await;
    assert_eq!((response.complete, response.incomplete), (0, 1));
}
