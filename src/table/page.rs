//! Reading items that lie side by side.

use std::collections::BTreeMap;

use super::{
    EXPIRES, Partition, Result,
    item::{self, Item, bytes, number},
    key::Position,
};
use crate::tracker::Peer;

/// Which items of a torrent to read, and how.
#[derive(Default)]
pub(super) struct Read {
    /// Only items from the first key to the second.
    pub(super) between: Option<[Vec<u8>; 2]>,
    /// At most so many items. Each of them costs.
    pub(super) limit: usize,
    /// Return only items that have not expired.
    pub(super) is_alive: bool,
    /// See the latest writes, which costs twice as much.
    pub(super) is_consistent: bool,
    /// Read the last items first.
    pub(super) is_backward: bool,
}

/// What was read.
#[derive(Default)]
pub(super) struct Found {
    pub(super) peers: Vec<Stored>,
    /// The items that have expired or are one too many, by sort key, with what they say when they expire.
    pub(super) stale: BTreeMap<Vec<u8>, u64>,
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

impl Found {
    /// Sorts out what was read at `now`.
    pub(super) fn of(items: &[Item], now: u64) -> Self {
        let mut found = Self { items: items.len(), ..Self::default() };
        for item in items {
            let (Some(key), Some(expires)) = (item::sort_key(item), item::number_of(item, EXPIRES)) else { continue };
            let key = key.to_vec();
            if expires <= now {
                found.stale.insert(key, expires);
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

impl Partition {
    /// Reads items. Returns where the last one lies, too, if others may follow.
    pub(super) async fn page(&self, read: Read) -> Result<(Vec<Item>, Option<Position>)> {
        let limit = i32::try_from(read.limit).unwrap_or(i32::MAX);
        let mut query = self.client.query().table_name(&self.table).limit(limit);
        query = query.consistent_read(read.is_consistent).scan_index_forward(!read.is_backward);
        query = query.expression_attribute_values(":torrent", bytes(*self.info_hash.as_bytes()));
        query = match read.between {
            None => query.key_condition_expression("torrent = :torrent"),
            Some([from, to]) => query
                .key_condition_expression("torrent = :torrent AND peer BETWEEN :from AND :to")
                .expression_attribute_values(":from", bytes(from))
                .expression_attribute_values(":to", bytes(to)),
        };
        if read.is_alive {
            query = query.filter_expression("expires > :now").expression_attribute_values(":now", number(self.now));
        }
        // Boxed, since the SDK's futures are large.
        let output = Box::pin(query.send()).await?;
        let end = output.last_evaluated_key().and_then(item::sort_key).map(Position::of);
        Ok((output.items.unwrap_or_default(), end))
    }
}
