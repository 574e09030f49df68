//! A table that refuses, or does not answer: a client is told to come back, and nothing else happens.

use super::clients::{Client, Failed, TORRENT, Tracker, escaped};

async fn is_busy(tracker: &Tracker) {
    let busy = "the tracker is busy: try again in five minutes".to_owned();
    let busy = Failed { reason: busy, interval: Some(300), retry_in: Some(5) };
    let announce = Client::seed("192.0.2.1:1").query(TORRENT, "");
    assert_eq!(tracker.failure("/announce", &announce).await, busy);
    assert_eq!(tracker.failure("/scrape", &format!("info_hash={}", escaped(&TORRENT))).await, busy);
}

#[tokio::test]
async fn a_table_that_refuses_fails_no_request() {
    let tracker = Tracker::start().await;
    let refusals = [
        (400, "ProvisionedThroughputExceededException"),
        (400, "ThrottlingException"),
        (400, "AccessDeniedException"),
        (400, "ResourceNotFoundException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ];
    for refusal in refusals {
        tracker.table.refuse(Some(refusal));
        is_busy(&tracker).await;
    }
    tracker.table.refuse(None);
    assert_eq!(tracker.announce(Client::seed("192.0.2.1:1"), "").await.complete, 1);
}

#[tokio::test]
async fn a_table_that_does_not_answer_fails_no_request() {
    let tracker = Tracker::start().await;
    tracker.table.stall();
    is_busy(&tracker).await;
}

#[tokio::test]
async fn connections_that_died_are_given_up_in_time() {
    let tracker = Tracker::start().await;
    tracker.announce(Client::seed("192.0.2.1:1"), "").await;
    for next in [0, 1] {
        tracker.table.freeze(next);
        assert_eq!(tracker.announce(Client::seed("192.0.2.1:1"), "").await.complete, 1);
    }
    // Each torrent has a connection.
    let torrents: Vec<[u8; 20]> = (0..20).map(|number| [number; 20]).collect();
    for torrent in &torrents {
        tracker.table.register(*torrent);
    }
    assert_eq!(tracker.scrape(&torrents).await.files.len(), 20);
    tracker.table.freeze(0);
    assert_eq!(tracker.announce(Client::seed("192.0.2.1:1"), "").await.complete, 1);
}

#[tokio::test]
async fn what_is_no_peer_is_left_out() {
    let tracker = Tracker::start().await;
    tracker.announce(Client::seed("192.0.2.1:1"), "").await;
    tracker.table.set_all("left", u64::MAX);
    tracker.table.break_all("id");
    let told = tracker.announce(Client::leecher("192.0.2.2:2"), "").await;
    assert_eq!((told.complete, told.incomplete), (0, 1));
}
