//! Answers, in canonical bencode. Peers are always compact (BEP 23 and 7), whatever a client asks for.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{Counts, Peer};
use crate::torrent::InfoHash;

/// A client announces again after so many seconds, give or take a tenth: clients that started together drift apart.
const INTERVAL: u64 = 1800;
/// A peer is forgotten when it has missed an announce: after so many seconds.
pub const LIFETIME: u64 = 2 * INTERVAL;
/// A client may not announce more often, in seconds.
const MIN_INTERVAL: u64 = 300;
/// The answer where nothing can be read or written.
pub const BUSY: &str = "the tracker is busy: try again in five minutes";

/// The answer to an announce.
#[derive(Debug, Serialize)]
struct Announced {
    complete: u64,
    downloaded: u64,
    incomplete: u64,
    interval: u64,
    #[serde(rename = "min interval")]
    min_interval: u64,
    peers: ByteBuf,
    peers6: ByteBuf,
}

/// The answer to a scrape.
#[derive(Debug, Serialize)]
struct Scraped {
    files: BTreeMap<ByteBuf, File>,
}

#[derive(Debug, Serialize)]
struct File {
    complete: u64,
    downloaded: u64,
    incomplete: u64,
}

/// An answer without anything but its reason. `retry in` is in minutes (BEP 31).
#[derive(Debug, Serialize)]
struct Failed<'a> {
    #[serde(rename = "failure reason")]
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
    #[serde(rename = "retry in", skip_serializing_if = "Option::is_none")]
    retry_in: Option<u64>,
}

/// Returns the answer to an announce: how many peers there are, how many downloads were `completed`, and some `peers`.
pub fn announced(counts: Counts, completed: u64, peers: &[Peer], random: &mut fastrand::Rng) -> Vec<u8> {
    let (mut peers4, mut peers6) = (Vec::new(), Vec::new());
    for peer in peers {
        let compact = if peer.address.is_ipv4() { &mut peers4 } else { &mut peers6 };
        compact.extend(compacted(peer.address));
    }
    encode(&Announced {
        complete: counts.complete,
        downloaded: completed,
        incomplete: counts.incomplete,
        interval: random.u64(INTERVAL - INTERVAL / 10..=INTERVAL + INTERVAL / 10),
        min_interval: MIN_INTERVAL,
        peers: ByteBuf::from(peers4),
        peers6: ByteBuf::from(peers6),
    })
}

/// Returns the answer to a scrape: of each torrent, how many peers it has, and how many downloads were completed.
pub fn scraped(torrents: impl IntoIterator<Item = (InfoHash, Counts, u64)>) -> Vec<u8> {
    let files = torrents.into_iter().map(|(torrent, Counts { complete, incomplete }, downloaded)| {
        (ByteBuf::from(torrent.as_bytes()), File { complete, downloaded, incomplete })
    });
    encode(&Scraped { files: files.collect() })
}

/// Returns the answer to a client that is refused.
pub fn refused(reason: &str) -> Vec<u8> {
    encode(&Failed { reason, interval: None, retry_in: None })
}

/// Returns the answer where the tracker itself is at fault, and better soon.
pub fn busy() -> Vec<u8> {
    encode(&Failed { reason: BUSY, interval: Some(MIN_INTERVAL), retry_in: Some(MIN_INTERVAL / 60) })
}

/// Returns an address and its port in network byte order.
pub fn compacted(address: SocketAddr) -> Vec<u8> {
    let mut bytes = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.extend(address.port().to_be_bytes());
    bytes
}

/// Encodes what always can be.
fn encode(answer: &impl Serialize) -> Vec<u8> {
    serde_bencode::to_bytes(answer).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), id: [0; 20], left: 0 }
    }

    #[test]
    fn an_announce_is_answered_in_canonical_bencode() {
        let peers = [peer("192.0.2.1:6881"), peer("[2001:db8::1]:258"), peer("192.0.2.2:1")];
        let mut random = fastrand::Rng::with_seed(1);
        let answer = announced(Counts { complete: 3, incomplete: 4 }, 5, &peers, &mut random);
        let (head, rest) = answer.split_at(b"d8:completei3e10:downloadedi5e10:incompletei4e8:intervali".len());
        assert_eq!(head, b"d8:completei3e10:downloadedi5e10:incompletei4e8:intervali");
        let tail = b"e12:min intervali300e5:peers12:\xc0\0\x02\x01\x1a\xe1\xc0\0\x02\x02\0\x01\
            6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02e";
        assert_eq!(&rest[4..], tail);
    }

    #[test]
    fn a_scrape_is_sorted_by_the_bytes_of_the_hashes() {
        let counts = Counts { complete: 1, incomplete: 2 };
        let answer = scraped([([0xff; 20].into(), counts, 0), ([b'a'; 20].into(), Counts::default(), 9)]);
        let mut literal =
            b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei0e10:downloadedi9e10:incompletei0ee20:".to_vec();
        literal.extend([0xff; 20]);
        literal.extend(b"d8:completei1e10:downloadedi0e10:incompletei2eeee");
        assert_eq!(answer, literal);
        assert_eq!(scraped([]), b"d5:filesdee");
    }

    #[test]
    fn a_failure_has_its_reason_and_ours_ends_soon() {
        assert_eq!(refused("unregistered torrent"), b"d14:failure reason20:unregistered torrente");
        let literal = format!("d14:failure reason{}:{BUSY}8:intervali300e8:retry ini5ee", BUSY.len());
        assert_eq!(busy(), literal.into_bytes());
    }

    proptest! {
        #[test]
        fn the_interval_is_half_an_hour_give_or_take_a_tenth(seed: u64) {
            let answer = announced(Counts::default(), 0, &[], &mut fastrand::Rng::with_seed(seed));
            let answer = String::from_utf8(answer).unwrap();
            let (_, rest) = answer.split_once("8:intervali").unwrap();
            let interval: u64 = rest.split_once('e').unwrap().0.parse().unwrap();
            prop_assert!((1620..=1980).contains(&interval));
        }
    }
}
