//! Peers find each other, and nobody who should not be found.

use serde_json::{Value, json};

use super::clients::{Client, TORRENT, Tracker, event};

#[tokio::test]
async fn peers_of_both_families_find_each_other_until_they_stop() {
    let tracker = Tracker::start(0).await;
    let seeder = Client::seeder("192.0.2.1:6881");
    let leechers = [Client::leecher("192.0.2.2:6882"), Client::leecher("[2001:db8::3]:6883")];
    let first = tracker.announce(seeder, "&event=started").await;
    assert_eq!((first.complete, first.incomplete, first.downloaded), (1, 0, 0));
    assert_eq!((first.min_interval, first.peers().len()), (300, 0));
    assert_eq!(tracker.announce(leechers[0], "&event=started").await.peers(), ["192.0.2.1:6881"]);
    let last = tracker.announce(leechers[1], "&event=started").await;
    assert_eq!((last.complete, last.incomplete), (1, 2));
    assert_eq!(last.peers(), ["192.0.2.1:6881", "192.0.2.2:6882"]);
    assert_eq!(tracker.announce(seeder, "").await.peers(), ["192.0.2.2:6882", "[2001:db8::3]:6883"]);
    assert_eq!(tracker.announce(leechers[0], "&numwant=1").await.peers().len(), 1);
    let stopped = tracker.announce(leechers[0], "&event=stopped").await;
    assert_eq!((stopped.complete, stopped.incomplete, stopped.peers().len()), (1, 1, 0));
    assert_eq!(tracker.announce(leechers[1], "").await.peers(), ["192.0.2.1:6881"]);
}

#[tokio::test]
async fn an_announce_is_one_read_and_one_write() {
    let tracker = Tracker::start(0).await;
    for (event, write) in [("started", "PutItem"), ("", "PutItem"), ("stopped", "DeleteItem")] {
        tracker.announce(Client::leecher("192.0.2.1:1"), &format!("&event={event}")).await;
        let calls = tracker.table.take_calls().into_iter().map(|(operation, _)| operation);
        assert_eq!(calls.collect::<Vec<_>>(), ["Query", write]);
    }
}

#[tokio::test]
async fn a_leecher_that_becomes_a_seeder_is_one_peer() {
    for peers in [0, 300] {
        let tracker = Tracker::start(peers).await;
        let number = || tracker.table.items(TORRENT).len();
        let before = number();
        let client = Client::seeder("192.0.2.1:1");
        tracker.announce(Client { left: 7, ..client }, "&event=started").await;
        // The session remembers that the download was counted.
        for (event, items) in [("completed", before + 2), ("stopped", before + 1)] {
            assert_eq!(tracker.announce(client, &format!("&event={event}")).await.downloaded, 1);
            assert_eq!(number(), items, "{peers} {event}");
        }
    }
}

#[tokio::test]
async fn peers_that_are_silent_for_two_intervals_are_forgotten_and_removed() {
    let tracker = Tracker::start(0).await;
    tracker.plant(0..1, 0, 1);
    let response = tracker.announce(Client::leecher("192.0.2.2:2"), "").await;
    assert_eq!((response.complete, response.incomplete, response.peers().len()), (0, 1, 0));
    assert_eq!(tracker.table.items(TORRENT).len(), 2);
}

#[tokio::test]
async fn a_torrent_that_is_not_registered_is_refused_and_leaves_no_trace() {
    let tracker = Tracker::start(0).await;
    let query = Client::seeder("192.0.2.1:1").query([7; 20], "&event=started");
    let refused = tracker.get("192.0.2.1", "/announce", &query).await;
    assert_eq!((refused.failure.as_str(), refused.retry_in), ("unregistered torrent", 0));
    assert!(tracker.table.items([7; 20]).is_empty());
    assert_eq!(tracker.scrape(&[[7; 20], TORRENT]).await.files.into_keys().collect::<Vec<_>>(), [&TORRENT[..]]);
    let all = tracker.get("192.0.2.1", "/scrape", "").await;
    assert_eq!(all.failure, "a scrape must name 1 to 74 torrents by info_hash");
}

#[tokio::test]
async fn only_the_address_of_the_connection_is_trusted() {
    let tracker = Tracker::start(0).await;
    let claims = "&ip=203.0.113.9&ipv4=203.0.113.9&ipv6=2001:db8::9";
    let query = Client::seeder("192.0.2.1:1").query(TORRENT, claims);
    let mut event = event("::ffff:192.0.2.1", "/announce", &query);
    event["headers"]["x-forwarded-for"] = "203.0.113.9".into();
    tracker.send(event).await;
    assert_eq!(tracker.announce(Client::leecher("192.0.2.2:2"), "").await.peers(), ["192.0.2.1:1"]);
}

#[tokio::test]
async fn everything_else_is_not_found() {
    let tracker = Tracker::start(0).await;
    let event = |path| event("192.0.2.1", path, &Client::seeder("192.0.2.1:1").query(TORRENT, ""));
    let mut events: Vec<Value> = ["/", "/announce/", "/announce/x", "/file", "", "//announce"].map(event).to_vec();
    events.extend([json!({}), event("/announce")]);
    events[7]["requestContext"]["http"]["method"] = "POST".into();
    for event in events {
        assert_eq!(tracker.send(event.clone()).await["statusCode"], 404, "{event}");
    }
    assert!(tracker.table.take_calls().is_empty());
}
