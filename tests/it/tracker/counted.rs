//! What is counted of clients: once, whatever addresses they announce by, and no more than is possible.

use get_object_torrent::metrics::TRACKER;
use serde_json::json;

use super::clients::{Client, TORRENT, Tracker};
use crate::{log::Written, metrics};

const V4: &str = "192.0.2.1";
const V6: &str = "2001:db8::1";
/// A swarm that the first page shows with all sessions, one whose sessions it cuts off, and one that it cuts off.
const SWARMS: [u32; 3] = [0, 88, 400];

/// All bytes each way, and one download.
const ONCE: [u64; 3] = [200, 200, 1];
/// 100 bytes before it starts again, and all bytes after that.
const TWICE: [u64; 3] = [300, 300, 0];

/// The announces of a client: address, event, and bytes moved so far.
type Life = &'static [(&'static str, &'static str, u64)];

/// A tracker, and what it counts.
struct Counter {
    tracker: Tracker,
    written: Written,
}

impl Counter {
    async fn start(peers: u32) -> Self {
        let written = Written::default();
        Self { tracker: Tracker::start(peers).await.with_metrics(written.metrics()), written }
    }

    /// A client announces by `address` that it has moved so many bytes each way. It is a seeder once it has completed.
    async fn announce(&self, address: &str, client: Client, event: &str, bytes: u64) {
        let client = Client { left: if event == "completed" { 0 } else { client.left }, ..client };
        let more = format!("&event={event}&uploaded={bytes}&downloaded={bytes}&numwant=0");
        self.tracker.announce_from(address, client, &more).await;
    }

    /// Bytes from peers, bytes downloaded, downloads.
    fn sums(&self) -> [u64; 3] {
        let lines = metrics::lines(&self.written, &TRACKER);
        ["BytesFromPeers", "BytesDownloaded", "Completed"]
            .map(|metric| lines.iter().filter_map(|line| line[metric].as_u64()).sum())
    }
}

fn client(number: u8) -> Client {
    Client::leecher(&format!("192.0.2.{number}:6881"))
}

#[tokio::test]
async fn a_client_is_counted_once_by_whichever_address_it_announces() {
    let lives: [(Life, [u64; 3]); 8] = [
        (&[(V4, "started", 0), (V6, "started", 0), (V4, "", 100), (V6, "", 100), (V6, "completed", 200)], ONCE),
        (&[(V6, "started", 0), (V4, "started", 0), (V6, "", 100), (V4, "", 120), (V4, "completed", 200)], ONCE),
        (&[(V4, "started", 0), (V6, "started", 0), (V4, "completed", 200), (V6, "completed", 200)], ONCE),
        // An announce that comes late says less than was counted.
        (&[(V4, "started", 0), (V6, "started", 0), (V6, "", 150), (V4, "", 100), (V4, "completed", 200)], ONCE),
        // The second address comes late.
        (&[(V4, "started", 0), (V4, "", 100), (V6, "started", 150), (V4, "completed", 200)], ONCE),
        (&[(V6, "started", 0), (V6, "", 100), (V4, "", 150), (V6, "completed", 200)], ONCE),
        // It starts again at 0.
        (&[(V6, "started", 0), (V4, "started", 0), (V4, "", 100), (V6, "started", 0), (V6, "", 100)], TWICE),
        (&[(V4, "started", 0), (V4, "completed", 200), (V4, "started", 200), (V4, "completed", 200)], ONCE),
    ];
    for peers in SWARMS {
        for (life, sums) in lives {
            for last in [[V4, V6], [V6, V4]] {
                let counter = Counter::start(peers).await;
                for (address, event, bytes) in life {
                    counter.announce(address, client(1), event, *bytes).await;
                }
                for address in last {
                    counter.announce(address, Client { left: 0, ..client(1) }, "stopped", 200).await;
                }
                assert_eq!(counter.sums(), sums, "{peers} {life:?} {last:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_client_with_two_addresses_is_counted_once_at_the_same_moment() {
    for peers in SWARMS {
        let counter = Counter::start(peers).await;
        for number in 1..=20 {
            let (ipv4, ipv6) = (format!("192.0.2.{number}"), format!("2001:db8:0:{number}::1"));
            for (event, bytes) in [("started", 0), ("", 50), ("completed", 100), ("stopped", 110)] {
                let announce = async |address: &str| counter.announce(address, client(number), event, bytes).await;
                tokio::join!(announce(&ipv4), announce(&ipv6));
            }
        }
        assert_eq!(counter.sums(), [20 * 110, 20 * 110, 20], "{peers}");
        assert_eq!(counter.tracker.statistics().await.downloaded, 20);
    }
}

#[tokio::test]
async fn one_address_leaves_one_session_whatever_peer_ids_it_takes() {
    for peers in SWARMS {
        let counter = Counter::start(peers).await;
        let before = counter.tracker.table.items(TORRENT).len();
        for number in 1..=20 {
            for event in ["stopped", "", "completed"] {
                counter.announce(V6, client(number), event, 0).await;
            }
        }
        // The client, and its session.
        assert_eq!(counter.tracker.table.items(TORRENT).len(), before + 2, "{peers}");
    }
}

#[tokio::test]
async fn claims_are_bounded_by_the_torrent_and_by_time() {
    for (mark, most) in [(json!({"length": {"N": "1000"}}), 1_000), (json!({}), 125_000_000 * 60)] {
        let counter = Counter::start(0).await;
        counter.tracker.table.put(TORRENT, &[0], mark);
        counter.announce(V4, client(1), "started", 1 << 50).await;
        assert_eq!(counter.sums(), [0, 0, 0]);
        counter.announce(V4, client(1), "started", 0).await;
        counter.announce(V4, client(1), "", 1 << 50).await;
        let [uploaded, downloaded, _] = counter.sums();
        assert!((1..=most).contains(&uploaded) && (1..=most).contains(&downloaded), "{uploaded} {downloaded}");
    }
}
