//! What is counted of clients: once, whatever addresses they announce by, and no more than can be true.

use get_object_torrent::metrics::TRACKER;
use serde_json::json;

use super::clients::{Client, FUTURE, TORRENT, Tracker};
use crate::{log::Written, metrics};

const IPV4: &str = "192.0.2.1";
const IPV6: &str = "2001:db8::1";
/// A swarm that is read as a whole, and one that is not.
const SWARMS: [u32; 2] = [0, 400];

/// A tracker, and what it counts.
struct Counter {
    tracker: Tracker,
    written: Written,
}

impl Counter {
    async fn start(peers: u32) -> Self {
        let written = Written::default();
        let tracker = Tracker::start().await.with_metrics(written.metrics());
        tracker.plant(0..peers, 7, FUTURE);
        Self { tracker, written }
    }

    /// A client that has moved so many bytes each way announces by `address`.
    async fn announce(&self, address: &str, client: Client, event: &str, bytes: u64) {
        let more = format!("&event={event}&uploaded={bytes}&downloaded={bytes}&numwant=0");
        self.tracker.announce_from(address, client, &more).await;
    }

    fn sum(&self, metric: &str) -> u64 {
        metrics::lines(&self.written, &TRACKER).iter().filter_map(|line| line[metric].as_u64()).sum()
    }

    /// Bytes from peers, bytes downloaded, downloads.
    fn sums(&self) -> (u64, u64, u64) {
        (self.sum("BytesFromPeers"), self.sum("BytesDownloaded"), self.sum("Completed"))
    }
}

fn client(number: u8) -> Client {
    Client::leecher(&format!("192.0.2.{number}:6881"))
}

#[tokio::test]
async fn a_client_with_two_addresses_is_counted_once_in_any_order() {
    // Address, event, and bytes moved so far. 200 bytes in all, and one download.
    let lives: [&[(&str, &str, u64)]; 6] = [
        &[(IPV4, "started", 0), (IPV6, "started", 0), (IPV4, "", 100), (IPV6, "", 100), (IPV6, "completed", 200)],
        &[(IPV6, "started", 0), (IPV4, "started", 0), (IPV6, "", 100), (IPV4, "", 120), (IPV4, "completed", 200)],
        &[(IPV4, "started", 0), (IPV6, "started", 0), (IPV4, "completed", 200), (IPV6, "completed", 200)],
        // An announce that comes late says less than was counted.
        &[(IPV4, "started", 0), (IPV6, "started", 0), (IPV6, "", 150), (IPV4, "", 100), (IPV4, "completed", 200)],
        // The second address comes late.
        &[(IPV4, "started", 0), (IPV4, "", 100), (IPV6, "started", 150), (IPV4, "completed", 200)],
        &[(IPV6, "started", 0), (IPV6, "", 100), (IPV4, "", 150), (IPV6, "completed", 200)],
    ];
    for peers in SWARMS {
        for life in lives {
            for last in [[IPV4, IPV6], [IPV6, IPV4]] {
                let counter = Counter::start(peers).await;
                for (address, event, bytes) in life {
                    let left = if *event == "completed" { 0 } else { 7 };
                    counter.announce(address, Client { left, ..client(1) }, event, *bytes).await;
                }
                for address in last {
                    counter.announce(address, Client { left: 0, ..client(1) }, "stopped", 200).await;
                }
                assert_eq!(counter.sums(), (200, 200, 1), "{peers} {life:?} {last:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_with_two_addresses_is_counted_once_at_the_same_moment() {
    for peers in SWARMS {
        let counter = Counter::start(peers).await;
        for number in 1..=20 {
            let ipv6 = format!("2001:db8:0:{number}::1");
            for (event, bytes, left) in [("started", 0, 7), ("", 50, 7), ("completed", 100, 0), ("stopped", 110, 0)] {
                let client = Client { left, ..client(number) };
                let ipv4 = client.address.ip().to_string();
                let announce = async |address: &str| counter.announce(address, client, event, bytes).await;
                tokio::join!(announce(&ipv4), announce(&ipv6));
            }
        }
        assert_eq!(counter.sums(), (20 * 110, 20 * 110, 20), "{peers}");
        assert_eq!(counter.tracker.scrape(&[TORRENT]).await.files.values().next().expect("a file").downloaded, 20);
    }
}

#[tokio::test]
async fn a_client_that_starts_anew_begins_at_0() {
    let counter = Counter::start(0).await;
    for _ in 0..2 {
        for (event, bytes) in [("started", 0), ("", 100), ("stopped", 120)] {
            for address in [IPV6, IPV4] {
                counter.announce(address, client(1), event, bytes).await;
            }
        }
    }
    assert_eq!(counter.sums(), (240, 240, 0));
}

#[tokio::test]
async fn who_takes_the_name_of_another_spoils_nothing_but_its_figures() {
    let counter = Counter::start(0).await;
    counter.announce(IPV4, client(1), "started", 0).await;
    for (event, bytes) in [("started", 0), ("", 1_000_000), ("completed", 1_000_000), ("stopped", 1_000_000)] {
        counter.announce("2001:db8:bad::1", Client { left: 0, ..client(1) }, event, bytes).await;
    }
    let told = counter.tracker.announce(client(2), "").await;
    assert_eq!((told.incomplete, told.peers()), (2, vec!["192.0.2.1:6881".to_owned()]));
    counter.announce(IPV4, client(1), "", 100).await;
    assert_eq!(counter.sums(), (1_000_000, 1_000_000, 0));
}

#[tokio::test]
async fn one_address_leaves_one_session_whatever_names_it_takes() {
    for peers in SWARMS {
        let counter = Counter::start(peers).await;
        let before = counter.tracker.table.keys(TORRENT).len();
        for number in 1..=20 {
            // The peer id follows from the client's own address. The port is the same.
            counter.announce(IPV6, client(number), "stopped", 0).await;
            counter.announce(IPV6, client(number), "", 0).await;
            counter.announce(IPV6, Client { left: 0, ..client(number) }, "completed", 0).await;
        }
        // The client, and its session.
        assert_eq!(counter.tracker.table.keys(TORRENT).len(), before + 2, "{peers}");
    }
}

#[tokio::test]
async fn lies_are_bounded_by_the_torrent_and_by_time() {
    const HUGE: u64 = 1 << 50;
    for (length, most) in [(Some(1_000), 1_000), (None, 125_000_000 * 60)] {
        let counter = Counter::start(0).await;
        if let Some(length) = length {
            counter.tracker.table.put(TORRENT, &[0], json!({"length": {"N": format!("{length}")}}));
        }
        counter.announce(IPV4, client(1), "started", HUGE).await;
        assert_eq!(counter.sums(), (0, 0, 0));
        counter.announce(IPV4, client(1), "started", 0).await;
        counter.announce(IPV4, client(1), "", HUGE).await;
        let (uploaded, downloaded, _) = counter.sums();
        assert!((1..=most).contains(&uploaded) && (1..=most).contains(&downloaded), "{uploaded} {downloaded}");
    }
}

#[tokio::test]
async fn one_client_completes_one_download_whatever_it_says() {
    for peers in SWARMS {
        let counter = Counter::start(peers).await;
        for event in ["started", "completed", "", "completed", "stopped", "started", "completed"] {
            let left = if event == "completed" { 0 } else { 7 };
            counter.announce(IPV4, Client { left, ..client(1) }, event, 0).await;
        }
        assert_eq!(counter.sums(), (0, 0, 1), "{peers}");
    }
}
