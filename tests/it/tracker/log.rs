//! What is written of an announce: numbers, a torrent, and never where a client is.

use get_object_torrent::metrics::TRACKER;
use serde_json::Value;

use super::clients::{Client, TORRENT, Tracker, escaped};
use crate::{
    log::{Written, capture},
    metrics,
};

const FIELDS: [&str; 9] =
    ["action", "complete", "duration_ms", "event", "failure", "incomplete", "info_hash", "request_id", "told"];

/// The one line of metrics.
fn metric(written: &Written) -> Value {
    let mut lines = metrics::lines(written, &TRACKER);
    assert_eq!(lines.len(), 1);
    lines.remove(0)
}

#[tokio::test]
async fn announces_are_counted() {
    let (written, guard) = capture("info");
    let tracker = Tracker::start().await.with_metrics(written.metrics());
    tracker.announce(Client::leecher("192.0.2.1:1"), "&event=started&uploaded=0&downloaded=0").await;
    drop(guard);
    let line = metric(&written);
    assert_eq!((&line["Announces"], &line["Peers"]), (&1.into(), &1.into()));
    assert!(line.get("Completed").is_none() && line.get("BytesDownloaded").is_none());
    let (written, guard) = capture("info");
    let tracker = tracker.with_metrics(written.metrics());
    tracker.announce(Client::seed("192.0.2.1:1"), "&event=completed&uploaded=30&downloaded=100").await;
    drop(guard);
    let line = metric(&written);
    assert_eq!((&line["Completed"], &line["Peers"]), (&1.into(), &1.into()));
    assert_eq!((&line["BytesFromPeers"], &line["BytesDownloaded"]), (&30.into(), &100.into()));
}

#[tokio::test]
async fn failures_and_scrapes_are_counted() {
    let (written, guard) = capture("info");
    let tracker = Tracker::start().await.with_metrics(written.metrics());
    tracker.failure("/announce", "info_hash=x").await;
    tracker.table.refuse(Some((400, "ThrottlingException")));
    tracker.failure("/scrape", &format!("info_hash={}", escaped(&TORRENT))).await;
    drop(guard);
    let lines = metrics::lines(&written, &TRACKER);
    assert_eq!((&lines[0]["Announces"], &lines[0]["Refusals"]), (&1.into(), &1.into()));
    assert_eq!((&lines[1]["Scrapes"], &lines[1]["TableFailures"]), (&1.into(), &1.into()));
    let warnings: Vec<Value> = written.lines().into_iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0]["cause"].as_str().is_some_and(|cause| cause.contains("ThrottlingException")), "{warnings:?}");
}

#[tokio::test]
async fn no_address_is_written_at_any_level() {
    let (written, guard) = capture("trace");
    let tracker = Tracker::start().await.with_metrics(written.metrics());
    for address in ["203.0.113.77:6881", "[2001:db8::77]:6881"] {
        tracker.announce(Client::seed(address), "&event=started").await;
        tracker.announce(Client::leecher(address), "").await;
    }
    tracker.table.refuse(Some((400, "ValidationException")));
    tracker.get("203.0.113.77", "/announce", &Client::seed("203.0.113.77:6881").query(TORRENT, "")).await;
    drop(guard);
    let text = written.text();
    for secret in ["203.0.113", "203x0", "2001:db8", "2001xdb8", "6881", "sourceIp", "%00%ff"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let lines: Vec<Value> = written.lines().into_iter().filter(|line| line["message"] == "tracker").collect();
    assert_eq!(lines.len(), 5);
    for line in lines {
        assert!(FIELDS.iter().all(|field| line.get(*field).is_some()), "{line}");
    }
}
