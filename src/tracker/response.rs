//! Responses, in canonical bencode. Peers are always compact (BEP 23 and 7), whatever a client asks for.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{Peer, PeerCounts, Swarm};
use crate::torrent::InfoHash;

/// The seconds between two announces of a client, give or take a tenth: clients that started together drift apart.
const INTERVAL: u64 = 1800;
/// The tracker forgets a peer after so many seconds: when it has missed an announce.
pub const LIFETIME: u64 = 2 * INTERVAL;
/// A client must not announce more often, in seconds.
const MIN_INTERVAL: u64 = 300;
/// The failure reason if the table cannot be read or written.
pub const BUSY: &str = "the tracker is busy: try again in five minutes";

/// The response to an announce.
#[derive(Clone, Debug, Serialize)]
pub struct AnnounceResponse {
    complete: u64,
    downloaded: u64,
    incomplete: u64,
    interval: u64,
    #[serde(rename = "min interval")]
    min_interval: u64,
    peers: ByteBuf,
    peers6: ByteBuf,
}

/// The response to a scrape.
#[derive(Clone, Debug, Serialize)]
pub struct ScrapeResponse {
    files: BTreeMap<ByteBuf, ScrapeStatistics>,
}

#[derive(Clone, Debug, Serialize)]
struct ScrapeStatistics {
    complete: u64,
    downloaded: u64,
    incomplete: u64,
}

/// The response to a request that fails. `retry in` is in minutes (BEP 31).
#[derive(Clone, Debug, Serialize)]
pub struct FailureResponse {
    #[serde(rename = "failure reason")]
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<u64>,
    #[serde(rename = "retry in", skip_serializing_if = "Option::is_none")]
    retry_in: Option<u64>,
}

impl AnnounceResponse {
    /// Names `peers` out of a swarm with these counts.
    pub fn new(counts: PeerCounts, downloaded: u64, peers: &[Peer], random: &mut fastrand::Rng) -> Self {
        let (ipv4, ipv6): (Vec<&Peer>, Vec<&Peer>) = peers.iter().partition(|peer| peer.address.is_ipv4());
        let compact = |peers: Vec<&Peer>| peers.into_iter().flat_map(|peer| compact(peer.address)).collect::<Vec<u8>>();
        Self {
            complete: counts.seeders,
            downloaded,
            incomplete: counts.leechers,
            interval: random.u64(INTERVAL - INTERVAL / 10..=INTERVAL + INTERVAL / 10),
            min_interval: MIN_INTERVAL,
            peers: compact(ipv4).into(),
            peers6: compact(ipv6).into(),
        }
    }
}

impl ScrapeResponse {
    /// Describes each of `swarms`.
    pub fn new(swarms: impl IntoIterator<Item = (InfoHash, Swarm)>) -> Self {
        let files = swarms.into_iter().map(|(info_hash, swarm)| {
            let PeerCounts { seeders: complete, leechers: incomplete } = swarm.counts();
            let statistics = ScrapeStatistics { complete, downloaded: swarm.completed, incomplete };
            (ByteBuf::from(info_hash.as_bytes()), statistics)
        });
        Self { files: files.collect() }
    }
}

impl FailureResponse {
    /// The client is at fault.
    pub fn refused(reason: String) -> Self {
        Self { reason, interval: None, retry_in: None }
    }

    /// The tracker is at fault, and the client should retry.
    pub fn busy() -> Self {
        Self { reason: BUSY.to_owned(), interval: Some(MIN_INTERVAL), retry_in: Some(MIN_INTERVAL / 60) }
    }
}

/// Returns an address and its port in network byte order.
pub fn compact(address: SocketAddr) -> Vec<u8> {
    let mut bytes = match address.ip() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    bytes.extend(address.port().to_be_bytes());
    bytes
}

/// Encodes a response.
pub fn encode(response: &impl Serialize) -> Vec<u8> {
    // These types can always be encoded.
    serde_bencode::to_bytes(response).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracker::Sample;

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), id: [0; 20], left: 0 }
    }

    #[test]
    fn an_announce_response_is_canonical_bencode() {
        let peers = [peer("192.0.2.1:6881"), peer("[2001:db8::1]:258"), peer("192.0.2.2:1")];
        let mut random = fastrand::Rng::with_seed(1);
        let counts = PeerCounts { seeders: 3, leechers: 4 };
        for _ in 0..1_000 {
            let response = AnnounceResponse::new(counts, 5, &peers, &mut random);
            assert!((1620..=1980).contains(&response.interval));
            let head = format!("d8:completei3e10:downloadedi5e10:incompletei4e8:intervali{}", response.interval);
            let tail = b"e12:min intervali300e5:peers12:\xc0\0\x02\x01\x1a\xe1\xc0\0\x02\x02\0\x01\
                6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02e";
            assert_eq!(encode(&response), [head.as_bytes(), tail].concat());
        }
    }

    #[test]
    fn a_scrape_response_is_sorted_by_the_bytes_of_the_hashes() {
        let swarm = |peers: &[&str], completed| Swarm {
            samples: vec![Sample { peers: peers.iter().copied().map(peer).collect(), spare: Vec::new(), share: 1.0 }],
            completed,
        };
        let swarms = [([0xff; 20].into(), swarm(&["192.0.2.1:1"], 0)), ([b'a'; 20].into(), swarm(&[], 9))];
        let mut expected =
            b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei0e10:downloadedi9e10:incompletei0ee20:".to_vec();
        expected.extend([0xff; 20]);
        expected.extend(b"d8:completei1e10:downloadedi0e10:incompletei0eeee");
        assert_eq!(encode(&ScrapeResponse::new(swarms)), expected);
    }

    #[test]
    fn only_a_busy_tracker_asks_for_a_retry() {
        let refused = FailureResponse::refused("unregistered torrent".to_owned());
        assert_eq!(encode(&refused), b"d14:failure reason20:unregistered torrente");
        let expected = format!("d14:failure reason{}:{BUSY}8:intervali300e8:retry ini5ee", BUSY.len());
        assert_eq!(encode(&FailureResponse::busy()), expected.into_bytes());
    }
}
