//! Queries and events that nobody in their right mind sends.

use base64::{Engine, prelude::BASE64_STANDARD};
use proptest::{
    collection::vec,
    prelude::{Strategy, any, prop_oneof},
    sample::select,
};
use serde_json::{Value, json};

use super::clients::{Client, TORRENT, Tracker, escaped, event};
use crate::hostile::cases;

/// What queries are made of.
const PARTS: [&str; 26] = [
    "info_hash=",
    "&info_hash=aaaaaaaaaaaaaaaaaaaa",
    "&",
    "=",
    "%",
    "%0",
    "%00",
    "%ff",
    "+",
    "peer_id=",
    "port=",
    "port=1",
    "&port=65536",
    "left=",
    "left=-1",
    "left=99999999999999999999",
    "numwant=",
    "&numwant=100000",
    "event=",
    "event=stopped",
    "compact=0",
    "no_peer_id=1",
    "uploaded=18446744073709551615",
    "downloaded=x",
    "\u{e9}",
    "\0",
];

/// A query in which anything may be wrong, most of it right.
fn query() -> impl Strategy<Value = String> {
    let right = Client::leecher("192.0.2.1:1").query(TORRENT, "");
    let part = prop_oneof![select(&PARTS[..]).prop_map(str::to_owned), any::<String>(), "[ -~]{0,4}"];
    let parts = vec(part, 0..6).prop_map(|parts| parts.concat());
    (any::<bool>(), any::<proptest::sample::Index>(), parts).prop_map(move |(whole, at, parts)| {
        let cut = at.index(right.len());
        let head = if whole { &right } else { &right[..cut] };
        format!("{head}{parts}")
    })
}

fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        select(vec![json!(null), json!(7), json!([]), json!({}), json!(""), json!("::1%lo"), json!("256.1.1.1")]),
        any::<String>().prop_map(Value::from),
    ]
}

/// The response has the form that all have.
#[track_caller]
fn check(response: &Value, event: &Value) {
    match response["statusCode"].as_u64() {
        Some(200) => {
            let body = BASE64_STANDARD.decode(response["body"].as_str().expect("a body")).expect("base64");
            assert!(body.starts_with(b"d") && body.ends_with(b"e"), "{event}");
            let parsed = serde_bencode::from_bytes::<serde_bencode::value::Value>(&body);
            assert!(parsed.is_ok(), "{event}");
        }
        Some(404) => {}
        other => panic!("{other:?} for {event}"),
    }
}

#[tokio::test]
async fn ten_thousand_odd_queries_get_an_answer_each() {
    let tracker = Tracker::start().await;
    let (mut told, mut count) = (0, 0);
    for (number, query) in cases(1_000, query()).enumerate() {
        count += 1;
        let path = if number % 5 == 0 { "/scrape" } else { "/announce" };
        let event = event("192.0.2.1", path, &query);
        let response = tracker.send(event.clone()).await;
        check(&response, &event);
        told += u32::from(response["statusCode"] == 200);
    }
    assert_eq!(told, count);
}

#[tokio::test]
async fn odd_events_get_an_answer_each() {
    let tracker = Tracker::start().await;
    let pointers =
        ["/rawPath", "/rawQueryString", "/requestContext", "/requestContext/http", "/requestContext/http/sourceIp"];
    for (pointer, value) in cases(100, (select(pointers.to_vec()), odd_value())) {
        let mut event = event("192.0.2.1", "/announce", &Client::seed("192.0.2.1:1").query(TORRENT, ""));
        *event.pointer_mut(pointer).expect("it is there") = value;
        check(&tracker.send(event.clone()).await, &event);
    }
}

#[tokio::test]
async fn a_scrape_names_some_torrents() {
    let tracker = Tracker::start().await;
    let hash = format!("&info_hash={}", escaped(&TORRENT));
    let reason = "a scrape must name 1 to 74 torrents by info_hash";
    for query in [String::new(), hash.repeat(75)] {
        assert_eq!(tracker.failure("/scrape", &query).await.reason, reason);
    }
    assert_eq!(tracker.scrape(&[TORRENT; 74]).await.files.len(), 1);
}
