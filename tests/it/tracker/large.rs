//! Torrents with more peers than are read at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::clients::{Client, FUTURE, Response, TORRENT, Tracker};

/// The read units of what was read since the calls were last taken.
fn units(tracker: &Tracker) -> f64 {
    let units = |(operation, input): (String, Value)| match operation.as_str() {
        "Query" => tracker.table.bytes_of(&input).max(1).div_ceil(4_096),
        // One item is less than 4 KiB.
        "GetItem" => 1,
        _ => 0,
    };
    tracker.table.take_calls().into_iter().map(units).map(|units| f64::from(units) / 2.0).sum()
}

fn planted(response: &Response) -> usize {
    response.peers().iter().filter(|peer| peer.starts_with("10.")).count()
}

#[tokio::test]
async fn every_peer_is_found_and_the_numbers_are_near() {
    let tracker = Tracker::start(0).await;
    for number in 0..450_u32 {
        let address = format!("10.1.{}.{}:6881", number / 250, number % 250);
        let client = if number % 3 == 0 { Client::seeder(&address) } else { Client::leecher(&address) };
        tracker.announce(client, "&numwant=0").await;
    }
    let (mut found, mut complete, mut incomplete) = (BTreeMap::<String, u32>::new(), 0, 0);
    for _ in 0..200 {
        let response = tracker.announce(Client::leecher("198.51.100.1:1"), "&numwant=50").await;
        assert_eq!(response.peers().len(), 50);
        response.peers().into_iter().for_each(|peer| *found.entry(peer).or_default() += 1);
        complete += response.complete;
        incomplete += response.incomplete;
    }
    assert_eq!(found.len(), 450);
    // Each answer has 25 of 150 seeders, so each is in 33. The first page's peers are not in many more.
    assert!(found.values().all(|times| *times < 100), "{found:?}");
    let (complete, incomplete) = (complete / 200, incomplete / 200);
    assert!((130..=170).contains(&complete) && (250..=350).contains(&incomplete), "{complete} {incomplete}");
    assert!((100..=200).contains(&tracker.statistics().await.complete));
}

#[tokio::test]
async fn an_announce_reads_three_units_at_most_and_small_swarms_half_a_unit() {
    for (peers, most) in [(10, 0.5), (90, 1.5), (150, 3.0), (199, 3.0), (3_000, 3.0)] {
        let tracker = Tracker::start(0).await;
        tracker.plant(0..peers, 1 << 40, FUTURE);
        for number in 0..8 {
            for event in ["started", "", "stopped"] {
                tracker.table.take_calls();
                let client = Client::leecher(&format!("198.51.100.{number}:6881"));
                let response = tracker.announce(client, &format!("&event={event}&numwant=100")).await;
                let units = units(&tracker);
                assert!(units <= most, "{units} for {peers} {event}");
                let expected = u64::from(peers) + u64::from(event != "stopped");
                assert!(peers > 130 || response.incomplete == expected, "{} {expected}", response.incomplete);
            }
        }
    }
}

#[tokio::test]
async fn every_leecher_gets_the_only_seeder_among_thousands() {
    let tracker = Tracker::start(3_000).await;
    tracker.announce(Client::seeder("203.0.113.1:6881"), "&event=completed").await;
    for number in 0..20 {
        let response = tracker.announce(Client::leecher(&format!("198.51.100.{number}:1")), "&event=started").await;
        assert!(response.peers().contains(&"203.0.113.1:6881".to_owned()));
        assert_eq!((response.peers().len(), response.complete), (50, 1));
    }
}

#[tokio::test]
async fn a_seeder_gets_the_few_leechers_among_many_seeders() {
    let tracker = Tracker::start(5).await;
    for number in 0..300 {
        tracker.announce(Client::seeder(&format!("10.1.{}.{}:1", number / 250, number % 250)), "&numwant=0").await;
    }
    tracker.table.take_calls();
    for _ in 0..20 {
        let response = tracker.announce(Client::seeder("10.1.0.1:1"), "").await;
        assert_eq!((response.peers().len(), response.incomplete), (5, 5));
        assert!(units(&tracker) <= 3.0);
    }
}

#[tokio::test]
async fn expired_peers_hide_nobody_and_are_removed() {
    for expired in [1_000, 5_000, 20_000] {
        let tracker = Tracker::start(100).await;
        tracker.plant(100..100 + expired, 7, 1);
        let before = tracker.table.items(TORRENT).len();
        for number in 0..5 {
            let response = tracker.announce(Client::leecher(&format!("198.51.100.{number}:1")), "").await;
            assert!(response.peers().len() >= 45, "{} with {expired}", response.peers().len());
            assert!((70..=140).contains(&response.incomplete), "{} with {expired}", response.incomplete);
        }
        // Nothing was removed twice, and nothing that is alive.
        let calls = tracker.table.take_calls().into_iter().filter(|(operation, _)| operation == "DeleteItem");
        let keys: Vec<String> = calls.map(|(_, input)| input["Key"]["peer"]["B"].to_string()).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        assert_eq!(tracker.table.items(TORRENT).len() + keys.len(), before + 5);
        assert!(keys.len() > 100, "{} of {expired}", keys.len());
    }
}

#[tokio::test]
async fn one_network_has_a_bounded_number_of_peers_and_fills_no_answer() {
    for (peers, network) in [(10, "192.0.2.1"), (10, "[2001:db8::1]"), (400, "192.0.2.1"), (400, "[2001:db8::1]")] {
        let tracker = Tracker::start(peers).await;
        for port in 1..=80 {
            let response = tracker.announce(Client::leecher(&format!("{network}:{port}")), "").await;
            assert!(planted(&response) >= 10, "{response:?}");
        }
        let size = if network.starts_with('[') { 26 } else { 14 };
        let items = tracker.table.items(TORRENT).into_iter().filter(|(key, _)| key.len() == size && key[8] != 10);
        assert_eq!(items.count(), 32, "{peers} {network}");
        // They are still there when they announce again.
        tracker.announce(Client::leecher(&format!("{network}:1")), "").await;
        assert!(planted(&tracker.announce(Client::leecher("198.51.100.1:1"), "").await) >= 10);
    }
}
