//! What is written of a request: numbers, a torrent, and never where a client is.

use get_object_torrent::metrics::TRACKER;
use serde_json::{Value, json};

use super::clients::{Client, TORRENT, Tracker};
use crate::{log::capture, metrics};

/// Besides those that every line of the log has.
const FIELDS: [&str; 8] = ["action", "complete", "duration_ms", "event", "failure", "incomplete", "info_hash", "told"];
const EVERY: [&str; 6] = ["level", "message", "name", "request_id", "target", "timestamp"];

#[tokio::test]
async fn each_request_is_counted_and_no_address_is_written_at_any_level() {
    let (written, guard) = capture("trace");
    let tracker = Tracker::start(0).await.with_metrics(written.metrics());
    tracker.announce(Client::leecher("203.0.113.77:6881"), "&event=started").await;
    tracker.announce(Client::seeder("203.0.113.77:6881"), "&event=completed&uploaded=30&downloaded=100").await;
    tracker.announce(Client::seeder("[2001:db8::77]:6881"), "").await;
    tracker.get("203.0.113.77", "/announce", "info_hash=x").await;
    tracker.table.refuse(400, "ValidationException");
    tracker.scrape(&[TORRENT]).await;
    drop(guard);
    let mut measured = metrics::lines(&written, &TRACKER);
    for line in &mut measured {
        let line = line.as_object_mut().expect("an object");
        line.retain(|name, _| !["_aws", "message", "request_id", "FunctionName", "TrackerDuration"].contains(&&**name));
    }
    assert_eq!(
        measured,
        [
            json!({"Announces": 1, "Peers": 1}),
            json!({"Announces": 1, "Peers": 1, "Completed": 1, "BytesFromPeers": 30, "BytesDownloaded": 100}),
            json!({"Announces": 1, "Peers": 2}),
            json!({"Announces": 1, "Refusals": 1}),
            json!({"Scrapes": 1, "TableFailures": 1}),
        ]
    );
    let text = written.text();
    for secret in ["203.0.113", "203x0", "2001:db8", "2001xdb8", "6881", "sourceIp", "%00%ff"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let lines: Vec<Value> = written.lines().into_iter().filter(|line| line["message"] == "tracker").collect();
    assert_eq!(lines.iter().map(|line| line["level"].as_str()).collect::<Vec<_>>()[3..], [Some("DEBUG"), Some("WARN")]);
    assert!(lines[4]["cause"].as_str().is_some_and(|cause| cause.contains("ValidationException")), "{}", lines[4]);
    for line in &lines[..4] {
        let fields = line.as_object().expect("an object").keys().filter(|field| !EVERY.contains(&field.as_str()));
        assert_eq!(fields.collect::<Vec<_>>(), FIELDS, "{line}");
    }
}
