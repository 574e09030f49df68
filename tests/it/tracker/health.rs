//! Whether a swarm is fast enough to do without web seeds: who counts, and who shows that it is not.

use std::net::SocketAddr;

use get_object_torrent::{table::Limits, torrent::InfoHash, tracker::SwarmHealth};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::clients::{Client, TORRENT, Tracker};

const ENOUGH: u64 = 1_000_000;
const ON: [(&str, &str); 2] = [("ENOUGH_SPEED", "1000000"), ("TRACKER_CHECKS_ANY_ADDRESS", "true")];
const HOUR: u64 = 3_600;
/// The attributes that are times.
const TIMES: [&str; 9] =
    ["expires", "since", "checked", "slow", "seeding", "fast_until", "slow_until", "fast_seen", "failed"];

async fn tracker() -> Tracker {
    Tracker::with(0, Limits::TRACKER, &ON).await
}

/// A seeder that answers a handshake for `torrent` with a message, and hands back what it was sent.
async fn seeder_of(host: u8, torrent: [u8; 20], message: &'static [u8]) -> (Client, impl Future<Output = Vec<u8>>) {
    let listener = TcpListener::bind((format!("127.0.0.{host}"), 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut handshake = [0; 68];
        stream.read_exact(&mut handshake).await.expect("a handshake");
        let answer = [b"\x13BitTorrent protocol", &[0xff; 8][..], &torrent, &[b'-'; 20], message].concat();
        stream.write_all(&answer).await.expect("an open connection");
        let mut received = handshake.to_vec();
        // The tracker may hang up before it has read all.
        let _ = stream.read_to_end(&mut received).await;
        received
    });
    (Client { address, left: 0 }, async { received.await.expect("what was received") })
}

async fn seeder(host: u8) -> Client {
    seeder_of(host, TORRENT, b"\0\0\0\x03\x05\xff\xf0").await.0
}

fn leecher(host: u8) -> Client {
    Client { address: SocketAddr::from(([127, 0, 1, host], 6881)), left: 1 << 40 }
}

impl Tracker {
    /// Lets time pass.
    fn pass(&self, seconds: u64) {
        self.table.change(|item| {
            for name in TIMES {
                if let Some(time) = item[name]["N"].as_str().map(|time| time.parse::<u64>().expect("a time")) {
                    item[name]["N"] = time.saturating_sub(seconds).to_string().into();
                }
            }
            item.as_object_mut().expect("an item").retain(|_, value| !value.is_null());
        });
    }

    /// A client that starts, and has moved these bytes after so many seconds.
    async fn lives(&self, client: Client, uploaded: u64, downloaded: u64, seconds: u64) {
        self.announce(client, "&event=started").await;
        self.pass(seconds);
        self.announce(client, &format!("&uploaded={uploaded}&downloaded={downloaded}")).await;
    }

    /// A seeder that has sent so many bytes a second for a minute.
    async fn proven(&self, host: u8, rate: u64) -> Client {
        let client = seeder(host).await;
        self.lives(client, rate * 60, 0, 60).await;
        client
    }

    /// An attribute of the mark, in seconds from now. 0 means that it is over.
    fn ahead(&self, name: &str) -> u64 {
        let (_, mark) = self.table.items(TORRENT).swap_remove(0);
        let time: u64 = mark[name]["N"].as_str().map_or(0, |time| time.parse().expect("a time"));
        time.saturating_sub(std::time::UNIX_EPOCH.elapsed().expect("a time").as_secs())
    }

    fn is_fast(&self) -> bool {
        self.ahead("fast_until") > 0
    }
}

#[tokio::test]
async fn a_swarm_is_fast_while_its_seeders_suffice_for_its_leechers_and_one_more() {
    let tracker = tracker().await;
    // A busy machine takes seconds for an announce, so no rate here is close to a limit.
    tracker.proven(1, ENOUGH / 10 * 9).await;
    assert!(!tracker.is_fast());
    let second = tracker.proven(2, ENOUGH / 10 * 19).await;
    assert!((14 * 60..=15 * 60).contains(&tracker.ahead("fast_until")));
    tracker.announce(leecher(1), "&event=started").await;
    assert!(tracker.is_fast());
    tracker.announce(leecher(2), "&event=started").await;
    assert!(!tracker.is_fast());
    tracker.announce(leecher(2), "&event=stopped").await;
    assert!(tracker.is_fast());
    tracker.announce(second, "&event=stopped").await;
    assert!(!tracker.is_fast());
}

#[tokio::test]
async fn a_silent_swarm_is_not_fast_for_longer_than_a_quarter_of_an_hour() {
    let tracker = tracker().await;
    let seeder = tracker.proven(1, 9 * ENOUGH).await;
    tracker.pass(4 * 60);
    tracker.announce(leecher(1), "").await;
    assert!(tracker.ahead("fast_until") <= 11 * 60, "the mark was written twice within five minutes");
    tracker.pass(2 * 60);
    tracker.announce(leecher(1), "").await;
    assert!(tracker.ahead("fast_until") > 11 * 60);
    tracker.pass(15 * 60 + 1);
    assert!(!tracker.is_fast());
    // The seeder has missed an announce.
    tracker.announce(leecher(2), "").await;
    tracker.pass(15 * 60);
    tracker.announce(leecher(2), "").await;
    assert!(!tracker.is_fast());
    tracker.announce(seeder, "").await;
    assert!(!tracker.is_fast(), "it has proven nothing in this session");
}

#[tokio::test]
async fn a_leecher_keeps_its_rate_when_it_becomes_a_seeder() {
    let tracker = tracker().await;
    let client = seeder(1).await;
    let still = Client { left: 1_000, ..client };
    tracker.lives(still, 2 * ENOUGH * 60, 1_000, 60).await;
    assert!(!tracker.is_fast());
    tracker.announce(client, &format!("&event=completed&uploaded={}&downloaded=2000", 2 * ENOUGH * 60)).await;
    assert!(tracker.is_fast());
}

#[tokio::test]
async fn only_seeders_that_answer_a_handshake_count() {
    let answers: [(&str, [u8; 20], &[u8], bool); 8] = [
        ("all pieces", TORRENT, b"\0\0\0\x04\x05\xff\xff\x80", true),
        ("whole bytes", TORRENT, b"\0\0\0\x02\x05\xff", true),
        ("another torrent", [7; 20], b"\0\0\0\x02\x05\xff", false),
        ("a gap", TORRENT, b"\0\0\0\x04\x05\xff\xef\x80", false),
        ("a gap in the last byte", TORRENT, b"\0\0\0\x03\x05\xff\xb0", false),
        ("a last byte without pieces", TORRENT, b"\0\0\0\x03\x05\xff\0", false),
        ("no bitfield", TORRENT, b"\0\0\0\x05\x04\0\0\0\0", false),
        ("nothing", TORRENT, b"", false),
    ];
    for (name, torrent, message, counts) in answers {
        let tracker = tracker().await;
        let (client, received) = seeder_of(1, torrent, message).await;
        tracker.lives(client, 60 * 5 * ENOUGH, 0, 60).await;
        assert_eq!(tracker.is_fast(), counts, "{name}");
        let received = received.await;
        assert_eq!(received[..28], *b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0", "{name}");
        assert_eq!((&received[28..48], received.len()), (&TORRENT[..], 68), "{name}: the handshake is all");
    }
    let tracker = tracker().await;
    tracker.lives(Client::seeder("127.0.0.1:1"), 60 * 5 * ENOUGH, 0, 60).await;
    assert!(!tracker.is_fast(), "a closed port");
}

#[tokio::test]
async fn a_network_counts_once_and_only_the_internet_is_checked() {
    let tracker = tracker().await;
    for _ in 0..3 {
        tracker.proven(1, ENOUGH / 10 * 9).await;
    }
    assert!(!tracker.is_fast());
    tracker.proven(2, ENOUGH / 10 * 9).await;
    assert!(tracker.is_fast());

    let tracker = Tracker::with(0, Limits::TRACKER, &ON[..1]).await;
    let client = seeder(3).await;
    tracker.lives(client, 60 * 5 * ENOUGH, 0, 60).await;
    assert!(!tracker.is_fast());
    assert!(tracker.table.items(TORRENT).iter().all(|(_, item)| item["checked"].is_null()));
}

#[tokio::test]
async fn an_announce_is_two_requests_but_for_the_mark_and_a_check_is_due_once_an_hour() {
    let tracker = tracker().await;
    let operations =
        || -> Vec<String> { tracker.table.take_calls().into_iter().map(|(operation, _)| operation).collect() };
    let (client, received) = seeder_of(1, TORRENT, b"\0\0\0\x02\x05\xff").await;
    tracker.announce(client, "&event=started").await;
    received.await;
    assert_eq!(operations(), ["Query", "PutItem"]);
    tracker.pass(600);
    tracker.announce(client, "&uploaded=6000000000").await;
    assert_eq!(operations(), ["Query", "PutItem", "UpdateItem"]);
    for uploaded in ["6000000000", "6000000001"] {
        tracker.announce(client, &format!("&uploaded={uploaded}")).await;
        assert_eq!(operations(), ["Query", "PutItem"]);
    }
    // Nobody listens there any more, which the tracker sees at the next check.
    for (seconds, is_reached) in [(HOUR - 700, true), (200, false)] {
        tracker.pass(seconds);
        // The item itself is kept.
        tracker.table.change(|item| item["expires"] = json!({"N": (1_u64 << 40).to_string()}));
        tracker.announce(client, "&uploaded=6000000002").await;
        let item = tracker.table.items(TORRENT).swap_remove(1).1;
        assert_eq!(item.get("reached").is_some_and(Value::is_object), is_reached, "{item}");
    }
}

#[tokio::test]
async fn one_leecher_that_gets_too_little_brings_back_the_web_seeds_for_an_hour() {
    for (name, downloaded, event, is_slow) in [
        ("nothing", 0, "", true),
        ("nothing, and it stops", 0, "stopped", true),
        ("nothing, as it wanted", 0, "paused", false),
        ("less than a quarter", 300 * (ENOUGH / 4 - 1), "", true),
        ("more than a quarter", 300 * ENOUGH / 3, "", false),
    ] {
        let tracker = tracker().await;
        tracker.proven(1, 9 * ENOUGH).await;
        tracker.announce(leecher(1), "&event=started").await;
        tracker.pass(300);
        tracker.announce(leecher(1), &format!("&downloaded={downloaded}&event={event}")).await;
        assert_eq!((tracker.is_fast(), tracker.ahead("slow_until") > HOUR - 60), (!is_slow, is_slow), "{name}");
        // Meanwhile the seeders do not matter.
        tracker.announce(leecher(2), "").await;
        assert_eq!(tracker.is_fast(), !is_slow, "{name}");
    }
}

#[tokio::test]
async fn a_slow_leecher_beside_a_fast_one_has_a_slow_line_but_a_stuck_one_is_stuck() {
    for (downloaded, is_fast) in [(1_000, true), (0, false)] {
        let tracker = tracker().await;
        tracker.proven(1, 9 * ENOUGH).await;
        tracker.lives(leecher(1), 0, 900 * ENOUGH, 300).await;
        tracker.lives(leecher(2), 0, downloaded, 300).await;
        assert_eq!(tracker.is_fast(), is_fast, "{downloaded}");
    }
}

#[tokio::test]
async fn seeders_that_stay_are_tried_with_one_leecher_at_a_time() {
    let tracker = tracker().await;
    let (seeder, other) = (seeder(1).await, seeder(2).await);
    tracker.lives(seeder, 60, 0, 540).await;
    assert!(tracker.is_fast(), "it has proven a byte in nine seconds, but it has stayed");
    let announce = async |client, more: &str| {
        tracker.announce(client, more).await;
        tracker.is_fast()
    };
    assert!(!announce(leecher(1), "&event=started").await, "one at a time");
    assert!(!announce(leecher(2), "&event=started").await);
    let done = |host| Client { left: 0, ..leecher(host) };
    let downloaded = format!("&event=completed&downloaded={}", 600 * ENOUGH);
    tracker.pass(60);
    assert!(announce(done(1), &downloaded).await, "the trial has succeeded");
    assert!(announce(leecher(3), "&event=stopped").await);
    // Of the second leecher nothing follows: it started with web seeds.
    assert!(announce(Client { left: 0, ..leecher(2) }, "&event=completed&downloaded=1000").await);
    assert!(!announce(leecher(4), "&event=started").await);
    tracker.pass(60);
    assert!(!announce(done(4), "&event=completed&downloaded=1000").await, "the trial has failed");
    tracker.lives(seeder, 60, 0, 540).await;
    assert!(!tracker.is_fast(), "the next trial takes more seeders");
    tracker.lives(other, 60, 0, 540).await;
    assert!(announce(seeder, "&uploaded=120").await);
}

#[tokio::test]
async fn a_crowd_is_no_trial() {
    for (leechers, is_fast) in [(2, true), (3, false)] {
        let tracker = tracker().await;
        for host in 0..leechers {
            tracker.announce(leecher(host), "&event=started").await;
        }
        tracker.lives(seeder(1).await, 60, 0, 540).await;
        assert_eq!(tracker.is_fast(), is_fast, "{leechers}");
    }
}

#[tokio::test]
async fn a_leecher_that_never_moves_counts_for_an_hour() {
    let tracker = tracker().await;
    tracker.announce(leecher(1), "&event=started").await;
    let mut slow = Vec::new();
    for _ in 0..16 {
        tracker.pass(300);
        tracker.announce(leecher(1), "").await;
        slow.push(tracker.ahead("slow_until") > HOUR - 60);
    }
    assert_eq!(slow, [vec![true; 12], vec![false; 4]].concat());
}

#[tokio::test]
async fn who_may_wait_in_vain_is_told() {
    let tracker = tracker().await;
    let told = async |client, more: &str| !tracker.announce(client, more).await.warning.is_empty();
    assert!(told(leecher(1), "&event=started").await, "no seeder");
    let seeder = seeder(1).await;
    assert!(!told(seeder, "&event=started").await);
    assert!(!told(leecher(1), "").await, "a seeder that was reached");
    tracker.pass(400);
    assert!(told(leecher(1), "").await, "it is stuck");
    assert!(!told(leecher(1), "&event=stopped").await);
    let usual = Tracker::start(0).await;
    assert_eq!(usual.announce(leecher(1), "").await.warning, "");
}

#[tokio::test]
async fn intervals_are_short_only_if_health_is_measured() {
    let tracker = tracker().await;
    for (client, range) in [(seeder(1).await, 540..=660), (leecher(1), 300..=330)] {
        let response = tracker.announce(client, "").await;
        assert!(range.contains(&response.interval) && response.min_interval == 300, "{response:?}");
    }
    let scaled = Tracker::with(0, Limits::TRACKER, &[("TRACKER_TIME_SCALE", "0.1")]).await;
    let response = scaled.announce(leecher(1), "").await;
    assert!((162..=198).contains(&response.interval) && response.min_interval == 30, "{response:?}");
}

#[tokio::test]
async fn a_leecher_that_was_seen_to_be_slow_meanwhile_wins_and_that_is_no_failure() {
    let tracker = tracker().await;
    let partition = tracker.table.client(Limits::TRACKER).partition(InfoHash::from(TORRENT), 0, 0);
    for (fast_until, slow_until, written) in [(1, 0, 1), (2, 9, 2), (3, 0, 2), (4, 9, 4)] {
        let health = SwarmHealth { fast_until, slow_until, ..SwarmHealth::default() };
        partition.put_health(&health).await.expect("no failure");
        let (_, mark) = tracker.table.items(TORRENT).swap_remove(0);
        assert_eq!(mark["fast_until"]["N"], written.to_string());
    }
}

#[tokio::test]
async fn a_mark_that_cannot_be_written_fails_no_announce() {
    let tracker = tracker().await;
    let client = tracker.proven(1, ENOUGH / 2).await;
    tracker.table.stall("UpdateItem");
    tracker.pass(600);
    let response = tracker.announce(client, &format!("&uploaded={}", 9_000 * ENOUGH)).await;
    assert_eq!((response.complete, response.failure.as_str()), (1, ""));
}
