//! Items, as they are read and written.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use super::{COMPLETED, DOWN, EXPIRES, ID, IPV6, LEFT, PEER, TORRENT, UP, health, key};
use crate::{
    torrent::InfoHash,
    tracker::{AnnounceRequest, Peer, PreviousAnnounce},
};

pub(super) type Item = HashMap<String, AttributeValue>;

/// What is remembered of a client besides its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was last counted, by whichever address.
    pub totals: Option<PreviousAnnounce>,
    /// Whether the client announces by IPv6, so that another address may also be its own.
    pub has_ipv6: bool,
    /// Whether its download was counted.
    pub completed: bool,
}

impl Session {
    /// Reads the session of the client `id`.
    pub(super) fn of(item: &Item, id: [u8; 20], lifetime: u64) -> Self {
        // A session does not say how much is left.
        let totals = totals(item, id, u64::MAX, lifetime);
        Self { totals, has_ipv6: item.contains_key(IPV6), completed: item.contains_key(COMPLETED) }
    }
}

/// Returns the item of an announcing peer.
pub(super) fn of_peer(request: &AnnounceRequest, sort_key: &[u8], expires: u64) -> Item {
    let mut item = key(request.info_hash, sort_key);
    let AnnounceRequest { peer, uploaded, downloaded, .. } = *request;
    item.insert(ID.to_owned(), bytes(peer.id));
    for (name, value) in [(LEFT, peer.left), (UP, uploaded), (DOWN, downloaded), (EXPIRES, expires)] {
        item.insert(name.to_owned(), number(value));
    }
    item
}

/// Returns the key of an item.
pub(super) fn key(info_hash: InfoHash, sort_key: impl Into<Vec<u8>>) -> Item {
    let keys = [(TORRENT, bytes(*info_hash.as_bytes())), (PEER, bytes(sort_key))];
    keys.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Returns the peer of `item`, if it is one.
pub(super) fn peer(item: &Item) -> Option<Peer> {
    let (address, id, left) = (key::address(sort_key(item)?)?, id(item)?, number_of(item, LEFT)?);
    Some(Peer { address, id, left, standing: health::of_peer(item).standing() })
}

/// Returns the announce that `item`, a peer, was written for.
pub(super) fn previous(item: &Item, lifetime: u64) -> Option<PreviousAnnounce> {
    totals(item, id(item)?, number_of(item, LEFT)?, lifetime)
}

/// Returns the sort key of `item`.
pub(super) fn sort_key(item: &Item) -> Option<&[u8]> {
    Some(item.get(PEER)?.as_b().ok()?.as_ref())
}

/// Returns an attribute that is a whole number.
pub(super) fn number_of(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn totals(item: &Item, id: [u8; 20], left: u64, lifetime: u64) -> Option<PreviousAnnounce> {
    let [uploaded, downloaded, expires] = [UP, DOWN, EXPIRES].map(|name| number_of(item, name));
    let at = expires?.saturating_sub(lifetime);
    Some(PreviousAnnounce { id, left, uploaded: uploaded?, downloaded: downloaded?, at })
}

fn id(item: &Item) -> Option<[u8; 20]> {
    item.get(ID)?.as_b().ok()?.as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::{super::key::Zone, *};
    use crate::tracker::{Event, Standing};

    proptest! {
        #[test]
        fn a_peer_is_read_as_it_was_written(address: SocketAddr, id: [u8; 20], left: u64) {
            let peer = Peer { address: SocketAddr::new(address.ip(), address.port()), id, left, standing: Standing::default() };
            let (uploaded, downloaded, event) = (1, 2, Event::None);
            let request = AnnounceRequest { info_hash: [0; 20].into(), peer, uploaded, downloaded, event, numwant: 0 };
            let item = of_peer(&request, &Zone::of(&peer).key_of(&peer), 10);
            prop_assert_eq!(super::peer(&item), Some(peer));
            prop_assert_eq!(previous(&item, 3), Some(PreviousAnnounce { id, left, uploaded, downloaded, at: 7 }));
        }
    }
}
