//! The first page of a torrent's items, which every announce reads. Mostly it has all of them.

use std::net::SocketAddr;

use super::{
    item::{self, EXPIRES, Item, Session, Stale},
    key::{Position, session_key},
    table::{Keys, Page, Read, Table, TableError},
};
use crate::{
    registry::MARK,
    torrent::InfoHash,
    tracker::{MAX_IN_NETWORK, Peer},
};

/// As many items are read first. Items have at most 128 bytes, and 4 KiB take half a read unit: 1.5 units.
const HEAD_ITEMS: usize = 96;

/// The first page.
pub(super) struct Head {
    pub(super) found: Found,
    /// How many downloads were completed.
    pub(super) completed: u64,
    /// The torrent's length, where its mark has it.
    pub(super) length: Option<u64>,
    /// The sort key of the last item, where others follow it.
    pub(super) end: Option<Vec<u8>>,
    items: Vec<Item>,
}

/// What was read: peers, and what is out of date.
#[derive(Default)]
pub(super) struct Found {
    pub(super) peers: Vec<Stored>,
    pub(super) stale: Vec<Stale>,
    /// How many items these were.
    pub(super) items: usize,
}

/// A peer in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) expires: u64,
    pub(super) key: Vec<u8>,
    pub(super) peer: Peer,
}

impl Found {
    /// Takes apart what was read at `now`.
    pub(super) fn of(items: &[Item], now: u64) -> Self {
        let mut found = Self { items: items.len(), ..Self::default() };
        for item in items {
            let (Some(key), Some(expires)) = (item::sort_key_of(item), item::number(item, EXPIRES)) else { continue };
            let key = key.to_vec();
            if expires <= now {
                found.stale.push(Stale { key, expires });
            } else if let Some(peer) = item::peer(item) {
                found.peers.push(Stored { expires, key, peer });
            }
        }
        found
    }

    /// Returns whether more is out of date than not.
    pub(super) fn is_mostly_stale(&self) -> bool {
        self.stale.len() * 2 > self.items
    }

    /// Adds what else was read.
    pub(super) fn add(&mut self, more: Self) {
        self.peers.extend(more.peers);
        self.stale.extend(more.stale);
        self.items += more.items;
    }
}

impl Head {
    fn of(page: Page, now: u64) -> Option<Self> {
        let mark = page.items.iter().find(|item| item::sort_key_of(item) == Some(&MARK))?;
        let (completed, length) = item::mark(mark);
        Some(Self { found: Found::of(&page.items, now), completed, length, end: page.end, items: page.items })
    }

    /// Returns where the page ends, where peers follow it.
    pub(super) fn end_of_peers(&self) -> Option<Position> {
        self.end.as_deref().map(Position::of).filter(|end| *end != Position::Session)
    }

    /// Returns the session of the client `id`, or `None` where it may not be in the page.
    pub(super) fn session(&self, id: [u8; 20]) -> Option<Session> {
        let key = session_key(&id);
        let item = self.items.iter().find(|item| item::sort_key_of(item) == Some(&key));
        match item {
            None if self.end.is_some() => None,
            found => Some(found.map(|item| Session::of(item, id)).unwrap_or_default()),
        }
    }

    /// Returns the keys of the items of `address`, of which there should be one.
    pub(super) fn keys_of(&self, address: SocketAddr) -> impl Iterator<Item = &[u8]> {
        let keys = self.items.iter().filter_map(item::sort_key_of);
        keys.filter(move |key| super::key::address(key) == Some(address))
    }
}

/// Returns those of `peers` that are too many of one network: the ones that announced last.
pub(super) fn excess(mut peers: Vec<Stored>) -> Vec<Stored> {
    peers.sort_by_cached_key(|stored| (stored.peer.network(), stored.expires, stored.key.clone()));
    peers.dedup_by(|one, other| one.key == other.key);
    let networks = peers.chunk_by(|one, other| one.peer.network() == other.peer.network());
    networks.flat_map(|peers| peers.get(MAX_IN_NETWORK..).unwrap_or_default()).cloned().collect()
}

impl Table {
    /// Reads the first page of `torrent` at `now`. There is none where the torrent is not registered.
    pub(super) async fn head(&self, torrent: InfoHash, now: u64) -> Result<Option<Head>, TableError> {
        // What is most likely up to date is enough: a peer that is missing for a moment is told of the next time.
        let head = Head::of(self.page(torrent, Keys::All, Read::first(HEAD_ITEMS)).await?, now);
        if head.is_some() {
            return Ok(head);
        }
        // The torrent may just have been registered. Only this costs a read that is always up to date.
        let read = Read { is_consistent: true, ..Read::first(HEAD_ITEMS) };
        Ok(Head::of(self.page(torrent, Keys::All, read).await?, now))
    }
}
