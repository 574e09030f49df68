//! The items of the table: a peer, a client's session, and the mark.

use std::collections::HashMap;

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};

use super::key;
use crate::{
    registry::{LENGTH, PEER},
    tracker::{Announce, Before, LIFETIME, Peer},
};

pub(super) type Item = HashMap<String, AttributeValue>;

/// The name of the peer for its session.
pub(super) const ID: &str = "id";
/// How many bytes the peer still needs.
pub(super) const LEFT: &str = "left";
/// How many bytes a client has uploaded and downloaded, as it last said.
pub(super) const UP: &str = "up";
pub(super) const DOWN: &str = "down";
/// When the item is out of date, in seconds since 1970. `DynamoDB` removes it some time after that.
pub(super) const EXPIRES: &str = "expires";
/// How many downloads were completed: an attribute of the mark. A session has it when its download was counted.
pub(super) const COMPLETED: &str = "completed";
/// An attribute of sessions of clients that announce by IPv6.
pub(super) const IPV6: &str = "ipv6";

/// An item as it was read: it is out of date, or one too many. It goes if it is still the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stale {
    pub(super) key: Vec<u8>,
    pub(super) expires: u64,
}

/// What is remembered of a client beside its addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Session {
    /// What was last counted, by whichever address.
    pub(super) totals: Option<Before>,
    /// Whether the client announces by IPv6, so that another address may be its own, too.
    pub(super) has_ipv6: bool,
    /// Whether its download was counted.
    pub(super) completed: bool,
}

impl Session {
    /// Reads the session of the client `id`.
    pub(super) fn of(item: &Item, id: [u8; 20]) -> Self {
        let totals = || {
            let [uploaded, downloaded, expires] = [UP, DOWN, EXPIRES].map(|name| number(item, name));
            let at = expires?.saturating_sub(LIFETIME);
            Some(Before { id, left: u64::MAX, uploaded: uploaded?, downloaded: downloaded?, at })
        };
        Self { totals: totals(), has_ipv6: item.contains_key(IPV6), completed: item.contains_key(COMPLETED) }
    }
}

/// Returns the item of an announcing peer, without its keys.
pub(super) fn attributes(announce: &Announce, expires: u64) -> Vec<(&'static str, AttributeValue)> {
    let number = |number: u64| AttributeValue::N(number.to_string());
    vec![
        (ID, AttributeValue::B(Blob::new(announce.peer.id))),
        (LEFT, number(announce.peer.left)),
        (UP, number(announce.uploaded)),
        (DOWN, number(announce.downloaded)),
        (EXPIRES, number(expires)),
    ]
}

/// Returns the peer of `item`, unless it is none.
pub(super) fn peer(item: &Item) -> Option<Peer> {
    Some(Peer { address: key::address(sort_key_of(item)?)?, id: id(item)?, left: number(item, LEFT)? })
}

/// Returns what `item` says of a peer that has announced anew.
pub(super) fn before(item: &Item) -> Option<Before> {
    let [left, uploaded, downloaded, expires] = [LEFT, UP, DOWN, EXPIRES].map(|name| number(item, name));
    let at = expires?.saturating_sub(LIFETIME);
    Some(Before { id: id(item)?, left: left?, uploaded: uploaded?, downloaded: downloaded?, at })
}

/// Returns the number of completed downloads and the length of the torrent, of its mark.
pub(super) fn mark(item: &Item) -> (u64, Option<u64>) {
    (number(item, COMPLETED).unwrap_or_default(), number(item, LENGTH))
}

/// Returns the sort key of `item`.
pub(super) fn sort_key_of(item: &Item) -> Option<&[u8]> {
    Some(item.get(PEER)?.as_b().ok()?.as_ref())
}

/// Returns an attribute that is a whole number.
pub(super) fn number(item: &Item, name: &str) -> Option<u64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

fn id(item: &Item) -> Option<[u8; 20]> {
    item.get(ID)?.as_b().ok()?.as_ref().try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::{collection::vec, prelude::*};

    use super::{super::key::Zone, *};
    use crate::tracker::Event;

    proptest! {
        #[test]
        fn a_peer_is_read_as_it_was_written(address: SocketAddr, id: [u8; 20], left: u64, now in 0..u64::MAX - LIFETIME) {
            let address = SocketAddr::new(address.ip(), address.port());
            let peer = Peer { address, id, left };
            let announce =
                Announce { torrent: [0; 20].into(), peer, uploaded: 1, downloaded: 2, event: Event::None, wanted: 0 };
            let attributes = attributes(&announce, now + LIFETIME).into_iter();
            let mut item: Item = attributes.map(|(name, value)| (name.to_owned(), value)).collect();
            item.insert(PEER.to_owned(), AttributeValue::B(Blob::new(Zone::of(&peer).key_of(&peer))));
            prop_assert_eq!(super::peer(&item), Some(peer));
            prop_assert_eq!(before(&item), Some(Before { id, left, uploaded: 1, downloaded: 2, at: now }));
        }

        #[test]
        fn no_item_makes_it_panic(key in vec(any::<u8>(), 0..40), id in vec(any::<u8>(), 0..40), left in any::<String>()) {
            let item = Item::from([
                (PEER.to_owned(), AttributeValue::B(Blob::new(key))),
                (ID.to_owned(), AttributeValue::B(Blob::new(id))),
                (LEFT.to_owned(), AttributeValue::N(left)),
                (EXPIRES.to_owned(), AttributeValue::N("9".to_owned())),
            ]);
            peer(&item);
            before(&item);
            mark(&item);
            Session::of(&item, [0; 20]);
        }
    }
}
