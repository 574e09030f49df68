//! Torrents with more peers than are read at once.

use std::collections::{BTreeMap, BTreeSet};

use serde_bytes::ByteBuf;
use serde_json::Value;

use super::clients::{Announced, Client, FUTURE, TORRENT, Tracker};

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

fn honest(told: &Announced) -> usize {
    told.peers().iter().filter(|peer| peer.starts_with("10.")).count()
}

#[tokio::test]
async fn everybody_is_found_and_the_numbers_are_near() {
    let tracker = Tracker::start().await;
    for number in 0..450_u32 {
        let address = format!("10.1.{}.{}:6881", number / 250, number % 250);
        let client = if number % 3 == 0 { Client::seed(&address) } else { Client::leecher(&address) };
        tracker.announce(client, "&numwant=0").await;
    }
    let (mut found, mut complete, mut incomplete) = (BTreeMap::<String, u32>::new(), 0, 0);
    for _ in 0..200 {
        let told = tracker.announce(Client::leecher("198.51.100.1:1"), "&numwant=50").await;
        assert_eq!(told.peers().len(), 50);
        told.peers().into_iter().for_each(|peer| *found.entry(peer).or_default() += 1);
        complete += told.complete;
        incomplete += told.incomplete;
    }
    assert_eq!(found.len(), 450);
    // The first page's peers are not told more often than others. Of 150 seeds 25 are told, so each 33 times.
    assert!(found.values().all(|times| *times < 100), "{found:?}");
    let (complete, incomplete) = (complete / 200, incomplete / 200);
    assert!((130..=170).contains(&complete) && (250..=350).contains(&incomplete), "{complete} {incomplete}");
    let scraped = &tracker.scrape(&[TORRENT]).await.files[&ByteBuf::from(TORRENT)];
    assert!((100..=200).contains(&scraped.complete), "{scraped:?}");
}

#[tokio::test]
async fn an_announce_reads_three_units_at_most_and_small_swarms_half_a_unit() {
    for (peers, most) in [(10, 0.5), (90, 1.5), (150, 3.0), (199, 3.0), (3_000, 3.0)] {
        let tracker = Tracker::start().await;
        tracker.plant(0..peers, 1 << 40, FUTURE);
        for number in 0..8 {
            for event in ["started", "", "stopped"] {
                tracker.table.take_calls();
                let client = Client::leecher(&format!("198.51.100.{number}:6881"));
                let told = tracker.announce(client, &format!("&event={event}&numwant=100")).await;
                let units = units(&tracker);
                assert!(units <= most, "{units} for {peers} {event}");
                let expected = u64::from(peers) + u64::from(event != "stopped");
                assert!(peers > 130 || told.incomplete == expected, "{} {expected}", told.incomplete);
            }
        }
    }
}

#[tokio::test]
async fn a_leecher_is_told_of_the_only_seed_among_thousands() {
    let tracker = Tracker::start().await;
    tracker.plant(0..3_000, 7, FUTURE);
    tracker.announce(Client::seed("203.0.113.1:6881"), "&event=completed").await;
    for number in 0..20 {
        let told = tracker.announce(Client::leecher(&format!("198.51.100.{number}:1")), "&event=started").await;
        assert!(told.peers().contains(&"203.0.113.1:6881".to_owned()));
        assert_eq!((told.peers().len(), told.complete), (50, 1));
    }
}

#[tokio::test]
async fn a_seed_is_told_of_the_few_leechers_among_many_seeds() {
    let tracker = Tracker::start().await;
    for number in 0..300 {
        tracker.announce(Client::seed(&format!("10.1.{}.{}:1", number / 250, number % 250)), "&numwant=0").await;
    }
    for number in 0..5 {
        tracker.announce(Client::leecher(&format!("10.2.0.{number}:1")), "&numwant=0").await;
    }
    tracker.table.take_calls();
    for _ in 0..20 {
        let told = tracker.announce(Client::seed("10.1.0.1:1"), "").await;
        assert_eq!((told.peers().len(), told.incomplete), (5, 5));
        assert!(units(&tracker) <= 3.0);
    }
}

#[tokio::test]
async fn peers_that_are_out_of_date_hide_nobody_and_go() {
    for dead in [1_000, 5_000, 20_000] {
        let tracker = Tracker::start().await;
        tracker.plant(0..100, 7, FUTURE);
        tracker.plant(100..100 + dead, 7, 1);
        for number in 0..5 {
            let told = tracker.announce(Client::leecher(&format!("198.51.100.{number}:1")), "").await;
            assert!(told.peers().len() >= 45, "{} with {dead}", told.peers().len());
            assert!((70..=140).contains(&told.incomplete), "{} with {dead}", told.incomplete);
        }
        let left = tracker.table.items(TORRENT).len();
        assert!(left < usize::try_from(dead).expect("a number"), "{left} are left of {dead}");
        // Nothing was removed twice, and nothing that is alive.
        let calls = tracker.table.take_calls().into_iter().filter(|(operation, _)| operation == "DeleteItem");
        let keys: Vec<Value> = calls.map(|(_, input)| input["Key"]["peer"]["B"].clone()).collect();
        assert_eq!(keys.iter().map(Value::to_string).collect::<BTreeSet<_>>().len(), keys.len());
        assert_eq!(left + keys.len(), usize::try_from(100 + dead).expect("a number") + 5 + 1);
    }
}

#[tokio::test]
async fn one_network_has_a_bounded_number_of_peers_and_fills_no_answer() {
    for (peers, network) in [(10, "192.0.2.1"), (10, "[2001:db8::1]"), (400, "192.0.2.1"), (400, "[2001:db8::1]")] {
        let tracker = Tracker::start().await;
        tracker.plant(0..peers, 7, FUTURE);
        for port in 1..=80 {
            let told = tracker.announce(Client::leecher(&format!("{network}:{port}")), "").await;
            assert!(honest(&told) >= 10, "{told:?}");
        }
        let size = if network.starts_with('[') { 26 } else { 14 };
        let items = tracker.table.keys(TORRENT).into_iter().filter(|key| key.len() == size && key[8] != 10);
        assert_eq!(items.count(), 32, "{peers} {network}");
        // They are still there when they announce again.
        tracker.announce(Client::leecher(&format!("{network}:1")), "").await;
        let told = tracker.announce(Client::leecher("198.51.100.1:1"), "").await;
        assert!(honest(&told) >= 10, "{told:?}");
    }
}
