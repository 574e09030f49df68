//! Sort keys: where the items of a torrent lie.
//!
//! | item | sort key |
//! | --- | --- |
//! | the mark, which registers the torrent | one byte, 0 |
//! | a seeder | two bytes of 0, then as for a leecher |
//! | a leecher | a hash of its network (8 bytes), its address (4 or 16) and port (2) |
//! | a client's session | two bytes of 255, then the peer ID |
//!
//! So the first page has the seeders, if they are few. Nobody chooses the order of peers: those behind a random place
//! are a random choice, and their density shows how many there are. The peers of one network lie side by side.

use std::{
    net::{IpAddr, SocketAddr},
    ops::Range,
};

use sha1::{Digest, Sha1};

use crate::tracker::{Peer, compact};

/// The sort key of the mark.
pub(super) const MARK: [u8; 1] = [0];
const SEEDERS: [u8; 2] = [0, 0];
const SESSIONS: [u8; 2] = [0xff, 0xff];
const PLACE_BYTES: usize = 8;

/// A kind of peers, which lie together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zone {
    Seeders,
    Leechers,
}

/// Where an item of a torrent lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// At this place of a zone.
    Peer(Zone, u64),
    /// Behind all peers.
    Session,
}

impl Zone {
    /// Returns the zone of `peer`.
    pub(super) fn of(peer: &Peer) -> Self {
        if peer.is_seeder() { Self::Seeders } else { Self::Leechers }
    }

    /// Returns the other zone.
    pub(super) fn other(self) -> Self {
        match self {
            Self::Seeders => Self::Leechers,
            Self::Leechers => Self::Seeders,
        }
    }

    /// Returns all places of the zone. Those of leechers leave room for the keys before and behind them.
    pub(super) fn places(self) -> Range<u64> {
        match self {
            Self::Seeders => 0..u64::MAX,
            Self::Leechers => 1 << 48..u64::from(u16::MAX) << 48,
        }
    }

    /// Returns the key before all peers at `place` or behind it.
    pub(super) fn key_at(self, place: u64) -> Vec<u8> {
        let prefix = if self == Self::Seeders { &SEEDERS[..] } else { &[] };
        [prefix, &place.to_be_bytes()].concat()
    }

    /// Returns the place of all peers of `peer`'s network.
    pub(super) fn place_of(self, peer: &Peer) -> u64 {
        let hash = match peer.network() {
            IpAddr::V4(address) => Sha1::digest(address.octets()),
            IpAddr::V6(address) => Sha1::digest(&address.octets()[..8]),
        };
        let Range { start, end } = self.places();
        place(&hash).clamp(start, end - 1)
    }

    /// Returns the sort key of `peer`.
    pub(super) fn key_of(self, peer: &Peer) -> Vec<u8> {
        [self.key_at(self.place_of(peer)), compact(peer.address)].concat()
    }
}

impl Position {
    /// Returns where `key` lies, whatever it is.
    pub(super) fn of(key: &[u8]) -> Self {
        match key.strip_prefix(&SEEDERS) {
            Some(rest) => Self::Peer(Zone::Seeders, place(rest)),
            None if key.starts_with(&SESSIONS) => Self::Session,
            None => Self::Peer(Zone::Leechers, place(key)),
        }
    }
}

/// Returns the sort key of the session of the client `id`.
pub(super) fn session_key(id: &[u8; 20]) -> Vec<u8> {
    [&SESSIONS[..], id].concat()
}

/// Returns the address in a sort key, if it is a peer's. Earlier versions had no zone for seeders, and another hash.
pub(super) fn address(key: &[u8]) -> Option<SocketAddr> {
    let key = if matches!(key.len(), 16 | 28) { key.strip_prefix(&SEEDERS)? } else { key };
    let (address, port) = key.get(PLACE_BYTES..)?.split_last_chunk::<2>()?;
    let address = match address.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(address).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(address).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_be_bytes(*port)))
}

fn place(bytes: &[u8]) -> u64 {
    let mut place = [0; PLACE_BYTES];
    place.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tracker::Standing;

    proptest! {
        #[test]
        fn a_key_has_the_address_and_lies_in_its_zone(address: SocketAddr, left in 0..2_u64, id: [u8; 20]) {
            let peer = Peer { address: SocketAddr::new(address.ip(), address.port()), id, left, standing: Standing::default() };
            let zone = Zone::of(&peer);
            let key = zone.key_of(&peer);
            prop_assert_eq!(super::address(&key), Some(peer.address));
            prop_assert_eq!(Position::of(&key), Position::Peer(zone, zone.place_of(&peer)));
            prop_assert!(zone.places().contains(&zone.place_of(&peer)));
            let Range { start, end } = zone.places();
            prop_assert!(zone.key_at(start) <= key && key < zone.key_at(end));
            prop_assert!(key.as_slice() > &MARK[..] && key < session_key(&id));
            prop_assert!(Zone::Seeders.key_of(&peer) < Zone::Leechers.key_of(&peer));
            prop_assert_eq!(Position::of(&session_key(&id)), Position::Session);
            prop_assert_eq!(super::address(&session_key(&id)), None);
        }
    }

    #[test]
    fn the_peers_of_one_network_lie_side_by_side() {
        let peer = |address: &str| Peer {
            address: address.parse().unwrap(),
            id: [0; 20],
            left: 1,
            standing: Standing::default(),
        };
        for zone in [Zone::Seeders, Zone::Leechers] {
            let place = |address| zone.place_of(&peer(address));
            assert_eq!(place("192.0.2.1:1"), place("192.0.2.1:2"));
            assert_ne!(place("192.0.2.1:1"), place("192.0.2.2:1"));
            assert_eq!(place("[2001:db8::1]:1"), place("[2001:db8::2:0:0:3]:2"));
        }
    }
}
