//! Peers find each other, and nobody who should not be found.

use serde_bytes::ByteBuf;
use serde_json::json;

use super::clients::{Client, FUTURE, Failed, File, TORRENT, Tracker, event};

#[tokio::test]
async fn peers_of_both_families_find_each_other() {
    let tracker = Tracker::start().await;
    let seed = Client::seed("192.0.2.1:6881");
    let leechers = [Client::leecher("192.0.2.2:6882"), Client::leecher("[2001:db8::3]:6883")];
    let first = tracker.announce(seed, "&event=started").await;
    assert_eq!((first.complete, first.incomplete, first.downloaded), (1, 0, 0));
    assert_eq!(first.min_interval, 300);
    assert!((1620..=1980).contains(&first.interval));
    assert_eq!(first.peers(), Vec::<String>::new());
    assert_eq!(tracker.announce(leechers[0], "&event=started").await.peers(), ["192.0.2.1:6881"]);
    let last = tracker.announce(leechers[1], "&event=started").await;
    assert_eq!((last.complete, last.incomplete), (1, 2));
    assert_eq!(last.peers(), ["192.0.2.1:6881", "192.0.2.2:6882"]);
    assert_eq!(tracker.announce(seed, "").await.peers(), ["192.0.2.2:6882", "[2001:db8::3]:6883"]);
    assert_eq!(tracker.announce(leechers[0], "&numwant=1").await.peers().len(), 1);
}

#[tokio::test]
async fn seeds_are_told_of_leechers_only() {
    let tracker = Tracker::start().await;
    let seeds = [Client::seed("192.0.2.1:1"), Client::seed("192.0.2.2:2")];
    tracker.announce(seeds[0], "").await;
    let told = tracker.announce(seeds[1], "").await;
    assert_eq!((told.complete, told.peers()), (2, Vec::new()));
}

#[tokio::test]
async fn an_announce_is_one_read_and_one_write() {
    let tracker = Tracker::start().await;
    for more in ["&event=started", "", "&event=stopped"] {
        tracker.table.take_calls();
        tracker.announce(Client::leecher("192.0.2.1:1"), more).await;
        let calls: Vec<String> = tracker.table.take_calls().into_iter().map(|(operation, _)| operation).collect();
        assert_eq!(calls, ["Query", if more.ends_with("stopped") { "DeleteItem" } else { "PutItem" }]);
    }
}

#[tokio::test]
async fn a_leecher_that_becomes_a_seed_is_one_peer() {
    for peers in [0, 300] {
        let tracker = Tracker::start().await;
        tracker.plant(0..peers, 7, FUTURE);
        let number = || tracker.table.items(TORRENT).len();
        let before = number();
        let client = Client::seed("192.0.2.1:1");
        tracker.announce(Client { left: 7, ..client }, "&event=started").await;
        for more in ["&event=completed", "&event=stopped"] {
            tracker.announce(client, more).await;
            // The session remembers that the download was counted.
            assert_eq!(number(), before + if more == "&event=completed" { 2 } else { 1 });
        }
    }
}

#[tokio::test]
async fn a_peer_of_a_version_before_this_one_is_the_same_peer() {
    let tracker = Tracker::start().await;
    tracker.plant(0..2, 7, FUTURE);
    let told = tracker.announce(Client::seed("10.0.0.1:6881"), "").await;
    assert_eq!((told.complete, told.incomplete, told.peers()), (1, 1, vec!["10.0.0.0:6881".to_owned()]));
    assert_eq!(tracker.table.items(TORRENT).len(), 3);
}

#[tokio::test]
async fn a_client_that_stops_is_gone_and_told_of_nobody() {
    let tracker = Tracker::start().await;
    let (seed, leecher) = (Client::seed("192.0.2.1:1"), Client::leecher("192.0.2.2:2"));
    tracker.announce(seed, "").await;
    tracker.announce(leecher, "").await;
    let last = tracker.announce(seed, "&event=stopped&numwant=50").await;
    assert_eq!((last.complete, last.incomplete, last.peers()), (0, 1, Vec::new()));
    let told = tracker.announce(leecher, "").await;
    assert_eq!((told.complete, told.incomplete, told.peers()), (0, 1, Vec::new()));
}

#[tokio::test]
async fn a_completed_download_is_counted_once() {
    let tracker = Tracker::start().await;
    let mut client = Client::leecher("192.0.2.1:1");
    tracker.announce(client, "&event=started").await;
    client.left = 0;
    for _ in 0..2 {
        let told = tracker.announce(client, "&event=completed").await;
        assert_eq!((told.downloaded, told.complete), (1, 1));
    }
    let file = File { complete: 1, downloaded: 1, incomplete: 0 };
    assert_eq!(tracker.scrape(&[TORRENT]).await.files[&ByteBuf::from(TORRENT)], file);
}

#[tokio::test]
async fn peers_that_are_silent_for_two_intervals_are_forgotten_and_removed() {
    let tracker = Tracker::start().await;
    tracker.announce(Client::seed("192.0.2.1:1"), "").await;
    tracker.table.set_all("expires", 1);
    let told = tracker.announce(Client::leecher("192.0.2.2:2"), "").await;
    assert_eq!((told.complete, told.incomplete, told.peers()), (0, 1, Vec::new()));
    assert_eq!(tracker.table.items(TORRENT).len(), 2);
}

#[tokio::test]
async fn a_torrent_of_others_is_refused_and_leaves_no_trace() {
    let tracker = Tracker::start().await;
    let query = Client::seed("192.0.2.1:1").query([7; 20], "&event=started");
    let refused = Failed { reason: "unregistered torrent".to_owned(), interval: None, retry_in: None };
    assert_eq!(tracker.failure("/announce", &query).await, refused);
    assert!(tracker.table.items([7; 20]).is_empty());
    let scraped = tracker.scrape(&[[7; 20], TORRENT]).await;
    assert_eq!(scraped.files.into_keys().collect::<Vec<_>>(), [ByteBuf::from(TORRENT)]);
}

#[tokio::test]
async fn only_where_a_request_came_from_is_believed() {
    let tracker = Tracker::start().await;
    let claims = "&ip=203.0.113.9&ipv4=203.0.113.9&ipv6=2001:db8::9";
    let query = Client::seed("192.0.2.1:1").query(TORRENT, claims);
    let mut event = event("::ffff:192.0.2.1", "/announce", &query);
    event["headers"]["x-forwarded-for"] = "203.0.113.9".into();
    tracker.send(event).await;
    assert_eq!(tracker.announce(Client::leecher("192.0.2.2:2"), "").await.peers(), ["192.0.2.1:1"]);
}

#[tokio::test]
async fn there_is_nothing_else() {
    let tracker = Tracker::start().await;
    let query = Client::seed("192.0.2.1:1").query(TORRENT, "");
    for path in ["/", "/announce/", "/announce/x", "/file", "", "//announce"] {
        assert_eq!(tracker.send(event("192.0.2.1", path, &query)).await["statusCode"], 404, "{path}");
    }
    let mut post = event("192.0.2.1", "/announce", &query);
    post["requestContext"]["http"]["method"] = "POST".into();
    assert_eq!(tracker.send(post).await["statusCode"], 404);
    assert_eq!(tracker.send(json!({})).await["statusCode"], 404);
    assert!(tracker.table.take_calls().is_empty());
}
