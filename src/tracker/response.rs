//! Responses, in canonical bencode. Peers are always compact (BEP 23 and 7), whatever a client asks for.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;
use serde_bytes::ByteBuf;

use super::{Clock, Peer, PeerCounts, Swarm, clock::MIN_INTERVAL};
use crate::torrent::InfoHash;

/// What a leecher is told if it may wait for nobody. Transmission shows 127 bytes.
const NO_SEEDER: &str = "no seed can be reached. If your download has stopped, download the .torrent file again and \
    add it: it has web seeds now";
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
    #[serde(rename = "warning message", skip_serializing_if = "Option::is_none")]
    warning: Option<&'static str>,
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
    pub fn new(counts: PeerCounts, downloaded: u64, peers: &[Peer], interval: u64, clock: Clock) -> Self {
        let (ipv4, ipv6): (Vec<&Peer>, Vec<&Peer>) = peers.iter().partition(|peer| peer.address.is_ipv4());
        let compact = |peers: Vec<&Peer>| peers.into_iter().flat_map(|peer| compact(peer.address)).collect::<Vec<u8>>();
        Self {
            complete: counts.seeders,
            downloaded,
            incomplete: counts.leechers,
            interval: clock.real_seconds(interval),
            min_interval: clock.real_seconds(MIN_INTERVAL),
            peers: compact(ipv4).into(),
            peers6: compact(ipv6).into(),
            warning: None,
        }
    }

    /// Tells a leecher that it may wait for nobody.
    pub fn with_warning(self) -> Self {
        Self { warning: Some(NO_SEEDER), ..self }
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
    use crate::tracker::{Sample, Standing};

    fn peer(address: &str) -> Peer {
        Peer { address: address.parse().unwrap(), id: [0; 20], left: 0, standing: Standing::default() }
    }

    #[test]
    fn an_announce_response_is_canonical_bencode() {
        let peers = [peer("192.0.2.1:6881"), peer("[2001:db8::1]:258"), peer("192.0.2.2:1")];
        let counts = PeerCounts { seeders: 3, leechers: 4 };
        let response = AnnounceResponse::new(counts, 5, &peers, 1_800, Clock::default());
        let expected = b"d8:completei3e10:downloadedi5e10:incompletei4e8:intervali1800e12:min intervali300e\
            5:peers12:\xc0\0\x02\x01\x1a\xe1\xc0\0\x02\x02\0\x01\
            6:peers618:\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x01\x02";
        assert_eq!(encode(&response), [&expected[..], b"e"].concat());
        let warning = format!("15:warning message{}:{NO_SEEDER}e", NO_SEEDER.len());
        assert_eq!(encode(&response.with_warning()), [&expected[..], warning.as_bytes()].concat());
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
