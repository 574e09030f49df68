//! An announce (BEP 3, 23, 7): what a client says of itself, checked.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{Query, Refusal};
use crate::torrent::InfoHash;

/// As many peers are told where `numwant` does not say otherwise, and never more than [`MAX_WANTED`].
const DEFAULT_WANTED: usize = 50;
/// The most peers in an answer.
const MAX_WANTED: usize = 100;

/// What a client announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announce {
    /// The torrent.
    pub torrent: InfoHash,
    /// The client, as others are told of it.
    pub peer: Peer,
    /// How many bytes it has uploaded since it started.
    pub uploaded: u64,
    /// How many bytes it has downloaded since it started.
    pub downloaded: u64,
    /// What has happened.
    pub event: Event,
    /// How many peers it wants to know.
    pub wanted: usize,
}

/// A peer of a torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its name for this session.
    pub id: [u8; 20],
    /// How many bytes it still needs.
    pub left: u64,
}

/// Why a client announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The interval is over.
    None,
    /// The client has started.
    Started,
    /// The client has the last byte.
    Completed,
    /// The client ends.
    Stopped,
}

impl Peer {
    /// Returns whether the peer has all of the torrent.
    pub fn is_seed(&self) -> bool {
        self.left == 0
    }

    /// Returns the network that the peer is in, as far as one person commonly has all of it: an IPv4 address, or the
    /// first address of an IPv6 /64.
    pub fn network(&self) -> IpAddr {
        match self.address.ip() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        }
    }
}

impl Event {
    /// Returns the value of `event`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Started => "started",
            Self::Completed => "completed",
            Self::Stopped => "stopped",
        }
    }
}

impl Announce {
    /// Checks the query of an announce that came from `address`. That is the only address that is believed: nobody can
    /// point a swarm at somebody else.
    ///
    /// # Errors
    /// Returns what is missing or wrong.
    pub fn parse(query: Query<'_>, address: IpAddr) -> Result<Self, Refusal> {
        let twenty_bytes = |name| query.first(name).and_then(|value| <[u8; 20]>::try_from(&*value).ok());
        let torrent = twenty_bytes("info_hash").ok_or(Refusal::InfoHash)?.into();
        let id = twenty_bytes("peer_id").ok_or(Refusal::PeerId)?;
        let port = query.number("port").and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0);
        let address = SocketAddr::new(address.to_canonical(), port.ok_or(Refusal::Port)?);
        let event = match query.first("event").as_deref() {
            Some(b"started") => Event::Started,
            Some(b"completed") => Event::Completed,
            Some(b"stopped") => Event::Stopped,
            _ => Event::None,
        };
        let wanted =
            query.number("numwant").map_or(DEFAULT_WANTED, |number| usize::try_from(number).unwrap_or(MAX_WANTED));
        Ok(Self {
            torrent,
            // A client that does not say what it needs may need something.
            peer: Peer { address, id, left: query.number("left").unwrap_or(u64::MAX) },
            uploaded: query.number("uploaded").unwrap_or_default(),
            downloaded: query.number("downloaded").unwrap_or_default(),
            event,
            wanted: wanted.min(MAX_WANTED),
        })
    }
}
