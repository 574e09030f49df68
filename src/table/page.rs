//! Reading items that lie side by side.

use super::{
    EXPIRES, Table, TableError,
    item::{self, Item, bytes, number},
    key::Position,
};
use crate::{torrent::InfoHash, tracker::Peer};

/// Which items of a torrent to read, and how.
#[derive(Default)]
pub(super) struct Read {
    /// Only items from the first key to the second.
    pub(super) between: Option<[Vec<u8>; 2]>,
    /// At most so many items. Each of them costs.
    pub(super) limit: usize,
    /// Return only items that have not expired at that time.
    pub(super) alive_at: Option<u64>,
    /// See the latest writes, which costs twice as much.
    pub(super) is_consistent: bool,
    /// Read the last items first.
    pub(super) is_backward: bool,
}

/// Items that lie side by side.
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// Where the last item lies, if others may follow.
    pub(super) end: Option<Position>,
}

/// What was read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) peers: Vec<Stored>,
    pub(super) stale: Vec<Stale>,
    /// The number of items.
    pub(super) items: usize,
}

/// A peer in the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) expires: u64,
    pub(super) key: Vec<u8>,
    pub(super) peer: Peer,
}

/// An item that has expired, or is one too many. It is removed if it is still the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stale {
    pub(super) key: Vec<u8>,
    pub(super) expires: u64,
}

impl Found {
    /// Sorts out what was read at `now`.
    pub(super) fn of(items: &[Item], now: u64) -> Self {
        let mut found = Self { items: items.len(), ..Self::default() };
        for item in items {
            let (Some(key), Some(expires)) = (item::sort_key(item), item::number_of(item, EXPIRES)) else { continue };
            let key = key.to_vec();
            if expires <= now {
                found.stale.push(Stale { key, expires });
            } else if let Some(peer) = item::peer(item) {
                found.peers.push(Stored { expires, key, peer });
            }
        }
        found
    }

    /// Returns whether more than half has expired.
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

impl Table {
    /// Reads items of a torrent.
    pub(super) async fn page(&self, info_hash: InfoHash, read: Read) -> Result<Page, TableError> {
        let limit = i32::try_from(read.limit).unwrap_or(i32::MAX);
        let mut query = self.client.query().table_name(&self.name).limit(limit);
        query = query.consistent_read(read.is_consistent).scan_index_forward(!read.is_backward);
        query = query.expression_attribute_values(":torrent", bytes(*info_hash.as_bytes()));
        query = match read.between {
            None => query.key_condition_expression("torrent = :torrent"),
            Some([from, to]) => query
                .key_condition_expression("torrent = :torrent AND peer BETWEEN :from AND :to")
                .expression_attribute_values(":from", bytes(from))
                .expression_attribute_values(":to", bytes(to)),
        };
        if let Some(now) = read.alive_at {
            query = query.filter_expression("expires > :now").expression_attribute_values(":now", number(now));
        }
        // Boxed, since the SDK's futures are large.
        let output = Box::pin(query.send()).await?;
        let end = output.last_evaluated_key().and_then(item::sort_key).map(Position::of);
        Ok(Page { items: output.items.unwrap_or_default(), end })
    }
}
