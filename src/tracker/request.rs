//! Requests: announces (BEP 3, 23, 7) and scrapes (BEP 48), parsed and checked.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use super::{Query, Standing};
use crate::torrent::InfoHash;

const DEFAULT_NUMWANT: usize = 50;
const MAX_NUMWANT: usize = 100;
/// The most torrents in one scrape. UDP trackers have the same limit.
const MAX_SCRAPED: usize = 74;

/// What a client announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnounceRequest {
    /// The torrent.
    pub info_hash: InfoHash,
    /// The client, as other peers see it.
    pub peer: Peer,
    /// How many bytes it has uploaded since it started.
    pub uploaded: u64,
    /// How many bytes it has downloaded since it started.
    pub downloaded: u64,
    /// Why it announces.
    pub event: Event,
    /// How many peers it wants.
    pub numwant: usize,
}

/// A peer of a torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its peer ID.
    pub id: [u8; 20],
    /// How many bytes it still needs.
    pub left: u64,
    /// What the tracker has seen of it.
    pub standing: Standing,
}

/// Why a client announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The interval is over.
    None,
    /// The client has started.
    Started,
    /// The download is complete.
    Completed,
    /// The client has all that it wants, but not all of the torrent ([BEP 21]).
    ///
    /// [BEP 21]: https://www.bittorrent.org/beps/bep_0021.html
    Paused,
    /// The client stops.
    Stopped,
}

/// What is wrong with a request. Clients show this text to their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// An info hash is missing, or has another length.
    #[error("info_hash must have 20 bytes")]
    InfoHash,
    /// The peer ID is missing, or has another length.
    #[error("peer_id must have 20 bytes")]
    PeerId,
    /// The port is missing or invalid.
    #[error("port must be a number from 1 to 65535")]
    Port,
    /// A scrape asks for all torrents, or for too many.
    #[error("a scrape must name 1 to {MAX_SCRAPED} torrents by info_hash")]
    Scrape,
    /// This stack has not made the torrent.
    #[error("unregistered torrent")]
    Unregistered,
    /// The event has no valid client address.
    #[error("the address of the client is not known")]
    Address,
}

impl Peer {
    /// Returns whether the peer has all of the torrent.
    pub fn is_seeder(&self) -> bool {
        self.left == 0
    }

    /// Returns the network that one person commonly controls: the IPv4 address, or the first address of the IPv6 /64.
    pub fn network(&self) -> IpAddr {
        match self.address.ip() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        }
    }
}

impl Event {
    /// Returns the value of the parameter `event`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }

    fn parse(query: Query<'_>) -> Self {
        let value = query.first("event").unwrap_or_default();
        let mut known = [Self::Started, Self::Completed, Self::Paused, Self::Stopped].into_iter();
        known.find(|event| *value == *event.as_str().as_bytes()).unwrap_or(Self::None)
    }
}

impl AnnounceRequest {
    /// Parses an announce that came from `address`. The tracker trusts no other address, so nobody can direct a swarm
    /// at a third party.
    ///
    /// # Errors
    /// Returns the first parameter that is missing or wrong.
    pub fn parse(query: Query<'_>, address: IpAddr) -> Result<Self, Refusal> {
        let twenty_bytes = |name| query.first(name).and_then(|value| <[u8; 20]>::try_from(&*value).ok());
        let info_hash = twenty_bytes("info_hash").ok_or(Refusal::InfoHash)?.into();
        let id = twenty_bytes("peer_id").ok_or(Refusal::PeerId)?;
        let port = query.number("port").and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
        let address = SocketAddr::new(address.to_canonical(), port.ok_or(Refusal::Port)?);
        let numwant =
            query.number("numwant").map_or(DEFAULT_NUMWANT, |number| usize::try_from(number).unwrap_or(MAX_NUMWANT));
        Ok(Self {
            info_hash,
            // A client that does not say what it needs may need something.
            peer: Peer { address, id, left: query.number("left").unwrap_or(u64::MAX), standing: Standing::default() },
            uploaded: query.number("uploaded").unwrap_or_default(),
            downloaded: query.number("downloaded").unwrap_or_default(),
            event: Event::parse(query),
            numwant: numwant.min(MAX_NUMWANT),
        })
    }
}

/// The torrents that a scrape asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeRequest {
    /// Each torrent once.
    pub info_hashes: HashSet<InfoHash>,
}

impl ScrapeRequest {
    /// Parses a scrape.
    ///
    /// # Errors
    /// Returns what is wrong with it. A scrape of all torrents is refused.
    pub fn parse(query: Query<'_>) -> Result<Self, Refusal> {
        let values: Vec<_> = query.all("info_hash").take(MAX_SCRAPED + 1).collect();
        if !(1..=MAX_SCRAPED).contains(&values.len()) {
            return Err(Refusal::Scrape);
        }
        let info_hashes = values.iter().map(|value| <[u8; 20]>::try_from(&**value).map(InfoHash::from));
        Ok(Self { info_hashes: info_hashes.collect::<Result<_, _>>().map_err(|_| Refusal::InfoHash)? })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const HASH: &str = "%00%01%02%03%04%05%06%07%08%09aaaaaaaaaa";
    const HOST: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

    fn announce(address: IpAddr, more: &str) -> AnnounceRequest {
        let query = format!("info_hash={HASH}&peer_id=-XX0001-abcdefghijkl&port=6881{more}");
        AnnounceRequest::parse(Query::new(&query), address).unwrap()
    }

    #[test]
    fn only_hash_id_and_port_are_required() {
        let request = announce(HOST, "");
        assert_eq!(request.info_hash.as_bytes(), b"\0\x01\x02\x03\x04\x05\x06\x07\x08\x09aaaaaaaaaa");
        assert_eq!(&request.peer.id, b"-XX0001-abcdefghijkl");
        assert_eq!(request.peer.address, SocketAddr::from(([192, 0, 2, 1], 6881)));
        assert!(!request.peer.is_seeder());
        assert_eq!((request.event, request.numwant), (Event::None, 50));
    }

    #[test]
    fn every_parameter_is_read() {
        let request = announce(HOST, "&left=0&uploaded=7&downloaded=9&numwant=3&compact=0");
        assert!(request.peer.is_seeder());
        assert_eq!((request.uploaded, request.downloaded, request.numwant), (7, 9, 3));
        for event in [Event::Started, Event::Completed, Event::Paused, Event::Stopped] {
            assert_eq!(announce(HOST, &format!("&event={}", event.as_str())).event, event);
        }
        for (value, numwant) in [("0", 0), ("100", 100), ("101", 100), ("-1", 50), ("many", 50), ("9999999999", 100)] {
            assert_eq!(announce(HOST, &format!("&numwant={value}")).numwant, numwant, "{value}");
        }
    }

    #[test]
    fn a_missing_or_wrong_parameter_is_named() {
        let parse = |query: &str| AnnounceRequest::parse(Query::new(query), HOST);
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
    fn an_ipv4_address_in_ipv6_is_an_ipv4_address() {
        assert_eq!(announce(Ipv4Addr::new(192, 0, 2, 1).to_ipv6_mapped().into(), "").peer.address.ip(), HOST);
        let own = IpAddr::V6(Ipv6Addr::LOCALHOST);
        assert_eq!(announce(own, "").peer.address.ip(), own);
    }

    #[test]
    fn a_scrape_names_one_to_74_torrents() {
        let parse = |query: &str| ScrapeRequest::parse(Query::new(query)).map(|request| request.info_hashes.len());
        let hashes = |number: usize| (0..number).map(|number| format!("info_hash={number:020}")).collect::<Vec<_>>();
        for (number, expected) in [(0, None), (1, Some(1)), (74, Some(74)), (75, None)] {
            assert_eq!(parse(&hashes(number).join("&")), expected.ok_or(Refusal::Scrape));
        }
        assert_eq!(parse("info_hash=short"), Err(Refusal::InfoHash));
        assert_eq!(parse(&[hashes(1), hashes(1)].concat().join("&")), Ok(1));
    }
}
