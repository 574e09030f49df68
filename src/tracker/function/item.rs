//! A peer as an item of the table: its sort key, its attributes, and its place among all peers of a torrent.
//!
//! The sort key begins with a hash, so that the peers of a torrent lie in no order that anybody chose. What follows a
//! random place is a random choice of them, and how far apart they lie tells how many there are.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use sha1::{Digest, Sha1};

use crate::{
    registry::PEER,
    tracker::{Announce, Before, Peer, compacted},
};

pub(super) type Item = HashMap<String, AttributeValue>;

/// The name of the peer for its session.
pub(super) const ID: &str = "id";
/// How many bytes the peer still needs.
pub(super) const LEFT: &str = "left";
/// How many bytes the peer has uploaded and downloaded, as it last said.
pub(super) const UP: &str = "up";
pub(super) const DOWN: &str = "down";
/// When the item is out of date, in seconds since 1970. `DynamoDB` removes it some time after that.
pub(super) const EXPIRES: &str = "expires";
/// How many downloads were completed: an attribute of the mark.
pub(super) const COMPLETED: &str = "completed";

const HASH_BYTES: usize = 8;

/// Returns the sort key of the peer at `address`.
pub(super) fn sort_key(address: SocketAddr) -> Vec<u8> {
    let address = compacted(address);
    let mut key = Sha1::digest(&address)[..HASH_BYTES].to_vec();
    key.extend(address);
    key
}

/// Returns the lowest sort key at `place`.
pub(super) fn first_key_at(place: u64) -> Vec<u8> {
    place.to_be_bytes().to_vec()
}

/// Returns the place of a sort key among all that there can be. The mark has the first.
pub(super) fn place(key: &[u8]) -> u64 {
    let hash: Option<[u8; HASH_BYTES]> = key.get(..HASH_BYTES).and_then(|hash| hash.try_into().ok());
    hash.map_or(0, u64::from_be_bytes)
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

/// Returns the peer of `item`, unless it is out of date at `now` or no peer.
pub(super) fn peer(item: &Item, now: u64) -> Option<Peer> {
    let is_current = number(item, EXPIRES)? > now;
    is_current
        .then(|| Some(Peer { address: address(sort_key_of(item)?)?, id: id(item)?, left: number(item, LEFT)? }))?
}

/// Returns what `item` says of a peer that has announced anew.
pub(super) fn before(item: &Item) -> Option<Before> {
    let [left, uploaded, downloaded] = [LEFT, UP, DOWN].map(|name| number(item, name));
    Some(Before { id: id(item)?, left: left?, uploaded: uploaded?, downloaded: downloaded? })
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

fn address(key: &[u8]) -> Option<SocketAddr> {
    let (address, port) = key.get(HASH_BYTES..)?.split_last_chunk::<2>()?;
    let address = match address.len() {
        4 => IpAddr::from(<[u8; 4]>::try_from(address).ok()?),
        16 => IpAddr::from(<[u8; 16]>::try_from(address).ok()?),
        _ => return None,
    };
    Some(SocketAddr::new(address, u16::from_be_bytes(*port)))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;
    use crate::registry::MARK;

    proptest! {
        #[test]
        fn a_peer_is_found_at_its_address(address: SocketAddr, id: [u8; 20], left: u64, now in 0..u64::MAX) {
            let address = SocketAddr::new(address.ip(), address.port());
            let peer = Peer { address, id, left };
            let announce = Announce {
                torrent: [0; 20].into(), peer, uploaded: 1, downloaded: 2, event: crate::tracker::Event::None, wanted: 0,
            };
            let mut item: Item =
                attributes(&announce, now + 1).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            item.insert(PEER.to_owned(), AttributeValue::B(Blob::new(sort_key(address))));
            prop_assert_eq!(super::peer(&item, now), Some(peer));
            prop_assert_eq!(super::peer(&item, now + 1), None);
            prop_assert_eq!(before(&item), Some(Before { id, left, uploaded: 1, downloaded: 2 }));
            prop_assert!(sort_key(address) >= first_key_at(place(&sort_key(address))));
            prop_assert!(sort_key(address) > MARK.to_vec());
        }

        #[test]
        fn no_item_makes_it_panic(key in vec(any::<u8>(), 0..40), id in vec(any::<u8>(), 0..40), left in any::<String>()) {
            let item = Item::from([
                (PEER.to_owned(), AttributeValue::B(Blob::new(key.clone()))),
                (ID.to_owned(), AttributeValue::B(Blob::new(id))),
                (LEFT.to_owned(), AttributeValue::N(left)),
                (EXPIRES.to_owned(), AttributeValue::N("9".to_owned())),
            ]);
            peer(&item, 0);
            before(&item);
            place(&key);
        }
    }
}
