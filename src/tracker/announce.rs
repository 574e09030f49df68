//! An announce (BEP 3, 23, 7): what a client says of itself, checked.

use std::net::{IpAddr, SocketAddr};

use super::{Query, Refusal};
use crate::torrent::InfoHash;

/// As many peers are told where `numwant` does not say otherwise, and never more than [`MAX_WANTED`].
const DEFAULT_WANTED: usize = 50;
/// The most peers in an answer.
const MAX_WANTED: usize = 100;
/// No client moves a tebibyte from one announce to the next. One that says so must not spoil the sums.
const MAX_TRANSFER: u64 = 1 << 40;

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

/// What was known of a peer before it announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// The peer's name at that time.
    pub id: [u8; 20],
    /// How many bytes it still needed.
    pub left: u64,
    /// How many bytes it had uploaded.
    pub uploaded: u64,
    /// How many bytes it had downloaded.
    pub downloaded: u64,
}

/// Bytes that a client has moved since its announce before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// To other peers. Web seeds take none, so peers have as many bytes from one another.
    pub uploaded: u64,
    /// From peers and web seeds.
    pub downloaded: u64,
}

impl Peer {
    /// Returns whether the peer has all of the torrent.
    pub fn is_seed(&self) -> bool {
        self.left == 0
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

    /// Returns what was moved since the announce `before`. A client that has just started begins at 0. Of any other
    /// that was not known, nobody can tell what was counted already.
    pub fn transfer(&self, before: Option<&Before>) -> Transfer {
        let known = before.filter(|before| {
            before.id == self.peer.id && before.uploaded <= self.uploaded && before.downloaded <= self.downloaded
        });
        let (uploaded, downloaded) = match (known, self.event) {
            (Some(before), _) => (before.uploaded, before.downloaded),
            (None, Event::Started) => (0, 0),
            (None, _) => return Transfer::default(),
        };
        Transfer {
            uploaded: (self.uploaded - uploaded).min(MAX_TRANSFER),
            downloaded: (self.downloaded - downloaded).min(MAX_TRANSFER),
        }
    }

    /// Returns whether this completes a download that was not counted before.
    pub fn completes(&self, before: Option<&Before>) -> bool {
        self.event == Event::Completed && self.peer.is_seed() && before.is_none_or(|before| before.left > 0)
    }
}
