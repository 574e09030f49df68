//! Announces, as clients and others may send them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;

use super::{Announce, Before, Bounds, Event, Query, Refusal, Transfer};

const HASH: &str = "%00%01%02%03%04%05%06%07%08%09aaaaaaaaaa";
const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fn announce(more: &str) -> Result<Announce, Refusal> {
    announce_from(HOST, more)
}

fn announce_from(address: IpAddr, more: &str) -> Result<Announce, Refusal> {
    let query = format!("info_hash={HASH}&peer_id=-XX0001-abcdefghijkl&port=6881{more}");
    Announce::parse(Query::new(&query), address)
}

#[test]
fn a_client_need_not_say_much() {
    let announce = announce("").unwrap();
    assert_eq!(announce.torrent.as_bytes(), b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09aaaaaaaaaa");
    assert_eq!(&announce.peer.id, b"-XX0001-abcdefghijkl");
    assert_eq!(announce.peer.address, SocketAddr::from(([192, 0, 2, 1], 6881)));
    assert!(!announce.peer.is_seed());
    assert_eq!((announce.event, announce.wanted), (Event::None, 50));
}

#[test]
fn what_a_client_says_is_read() {
    let announce = announce("&left=0&uploaded=7&downloaded=9&event=completed&numwant=3&compact=0").unwrap();
    assert!(announce.peer.is_seed());
    assert_eq!((announce.uploaded, announce.downloaded, announce.wanted), (7, 9, 3));
    assert_eq!(announce.event, Event::Completed);
    for event in [Event::Started, Event::Completed, Event::Stopped] {
        assert_eq!(self::announce(&format!("&event={}", event.as_str())).unwrap().event, event);
    }
    for (numwant, wanted) in [("0", 0), ("100", 100), ("101", 100), ("-1", 50), ("many", 50), ("99999999999999", 100)] {
        assert_eq!(self::announce(&format!("&numwant={numwant}")).unwrap().wanted, wanted, "{numwant}");
    }
}

#[test]
fn what_is_missing_or_wrong_is_told() {
    let parse = |query: &str| Announce::parse(Query::new(query), HOST);
    let id = "peer_id=aaaaaaaaaaaaaaaaaaaa";
    assert_eq!(parse(""), Err(Refusal::InfoHash));
    assert_eq!(parse(&format!("info_hash={HASH}b&{id}&port=1")), Err(Refusal::InfoHash));
    assert_eq!(parse(&format!("info_hash={HASH}&port=1")), Err(Refusal::PeerId));
    assert_eq!(parse(&format!("info_hash={HASH}&{id}")), Err(Refusal::Port));
    for port in ["0", "65536", "-1", "%2B6881", "x", ""] {
        assert_eq!(parse(&format!("info_hash={HASH}&{id}&port={port}")), Err(Refusal::Port), "{port}");
    }
}

#[test]
fn no_address_in_the_query_is_believed() {
    let address = announce("&ip=203.0.113.9&ipv4=203.0.113.9:1&ipv6=[2001:db8::9]:1").unwrap().peer.address;
    assert_eq!(address.ip(), HOST);
}

#[test]
fn an_ipv4_address_in_ipv6_is_an_ipv4_address() {
    let mapped = announce_from(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().into(), "").unwrap();
    assert_eq!(mapped.peer.address.ip(), HOST);
    let own = IpAddr::V6(Ipv6Addr::LOCALHOST);
    assert_eq!(announce_from(own, "").unwrap().peer.address.ip(), own);
}

fn before(uploaded: u64, downloaded: u64) -> Before {
    Before { id: *b"-XX0001-abcdefghijkl", left: 1, uploaded, downloaded, at: 1_000 }
}

const BOUNDS: Bounds = Bounds { length: Some(100), others: 3, now: 1_000 + 1_800 };

fn moved(more: &str, before: Option<Before>, bounds: Bounds) -> (u64, u64) {
    let Transfer { uploaded, downloaded } = announce(more).unwrap().transfer(before.as_ref(), &bounds);
    (uploaded, downloaded)
}

#[test]
fn bytes_are_counted_once() {
    let of = |more: &str, before| moved(more, before, BOUNDS);
    let other = Before { id: [1; 20], ..before(5, 5) };
    assert_eq!(of("&uploaded=7&downloaded=9", Some(before(5, 5))), (2, 4));
    assert_eq!(of("&uploaded=7&downloaded=9", None), (0, 0));
    assert_eq!(of("&uploaded=7&downloaded=9", Some(other)), (0, 0));
    assert_eq!(of("&uploaded=1&downloaded=9", Some(before(7, 9))), (0, 0));
    // What a client moved before it started is not known.
    assert_eq!(of("&uploaded=7&downloaded=9&event=started", None), (0, 0));
    assert_eq!(of("&uploaded=7&downloaded=9&event=started", Some(before(5, 5))), (0, 0));
}

#[test]
fn nobody_moves_more_than_the_torrent_and_the_time_allow() {
    let claim = "&uploaded=1000000000000000&downloaded=1000000000000000";
    let of = |bounds| moved(claim, Some(before(0, 30)), bounds);
    // Each of the others may have the whole torrent from this client, which itself needed 70 bytes more.
    assert_eq!(of(BOUNDS), (300, 70));
    assert_eq!(of(Bounds { others: 0, ..BOUNDS }), (100, 70));
    let second = 125_000_000;
    assert_eq!(of(Bounds { length: None, ..BOUNDS }), (second * 1_801, second * 1_801));
    assert_eq!(of(Bounds { length: None, now: 1_000, ..BOUNDS }), (second, second));
    assert_eq!(of(Bounds { length: None, now: u64::MAX, ..BOUNDS }).0, second * 3_601);
}

#[test]
fn a_download_is_completed_by_who_was_not_a_seed() {
    let completed = announce("&left=0&event=completed").unwrap();
    assert!(completed.completes(None));
    assert!(completed.completes(Some(&before(0, 0))));
    assert!(completed.completes(Some(&Before { left: 0, id: [1; 20], ..before(0, 0) })));
    assert!(!completed.completes(Some(&Before { left: 0, ..before(0, 0) })));
    assert!(!announce("&left=1&event=completed").unwrap().completes(None));
    assert!(!announce("&left=0&event=started").unwrap().completes(None));
}

proptest! {
    #[test]
    fn whatever_is_announced_no_sum_is_spoilt(
        up: u64, down: u64, was_up: u64, was_down: u64, length: Option<u64>, others: u64, now: u64
    ) {
        let bounds = Bounds { length, others, now };
        let told = format!("&uploaded={up}&downloaded={down}");
        let (uploaded, downloaded) = moved(&told, Some(before(was_up, was_down)), bounds);
        let most = 125_000_000 * (now.saturating_sub(1_000).min(3_600) + 1);
        prop_assert!(uploaded <= up.min(most) && downloaded <= down.min(most).min(length.unwrap_or(u64::MAX)));
    }
}
