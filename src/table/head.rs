//! The first page of a torrent's items, which every announce reads. Mostly it has all of them.

use std::net::SocketAddr;

use super::{
    COMPLETED, LENGTH, Partition, Result, health,
    item::{self, Item, Session},
    key::{self, MARK, Position, Zone, session_key},
    page::{Found, Read},
};
use crate::tracker::{AnnounceRequest, PeerHealth, PreviousAnnounce, SwarmHealth};

/// The number of items in the first page. An item has at most 128 bytes (220 with its health), and 4 KiB take half a read
/// unit: 1.5 units (3).
const HEAD_ITEMS: usize = 96;

/// The first page.
pub(super) struct Head {
    pub(super) found: Found,
    /// How many downloads were completed.
    pub(super) completed: u64,
    /// The torrent's length, if its mark has it.
    pub(super) length: Option<u64>,
    pub(super) health: SwarmHealth,
    /// Where the page ends, if other items follow.
    pub(super) end: Option<Position>,
    items: Vec<Item>,
}

impl Head {
    fn of(items: Vec<Item>, end: Option<Position>, now: u64) -> Option<Self> {
        let mark = items.iter().find(|item| item::sort_key(item) == Some(&MARK))?;
        let completed = item::number_of(mark, COMPLETED).unwrap_or_default();
        let length = item::number_of(mark, LENGTH);
        Some(Self { found: Found::of(&items, now), completed, length, health: health::of_swarm(mark), end, items })
    }

    /// An empty page that ends at `end`.
    #[cfg(test)]
    pub(super) fn empty(end: Option<Position>) -> Self {
        Self {
            found: Found::default(),
            completed: 0,
            length: None,
            health: SwarmHealth::default(),
            end,
            items: Vec::new(),
        }
    }

    /// Returns whether no peers follow the page.
    pub(super) fn has_all_peers(&self) -> bool {
        !matches!(self.end, Some(Position::Peer(..)))
    }

    /// Returns the keys of the items of `address`. There should be one.
    pub(super) fn keys_of(&self, address: SocketAddr) -> impl Iterator<Item = &[u8]> {
        let keys = self.items.iter().filter_map(item::sort_key);
        keys.filter(move |key| key::address(key) == Some(address))
    }
}

impl Partition {
    /// Reads the first page, or returns `None` if the torrent is not registered.
    pub(super) async fn head(&self) -> Result<Option<Head>> {
        // An eventually consistent read is enough: a peer that it misses is in the next answer. But the torrent may be
        // new.
        for is_consistent in [false, true] {
            let read = Read { limit: HEAD_ITEMS, is_consistent, ..Read::default() };
            let (items, end) = self.page(read).await?;
            if let Some(head) = Head::of(items, end, self.now) {
                return Ok(Some(head));
            }
        }
        Ok(None)
    }

    /// Returns the announcing client's previous announce and its health then: from the first page, or by a read if they
    /// may lie behind that.
    pub(super) async fn known(
        &self,
        request: &AnnounceRequest,
        head: &Head,
    ) -> Result<Option<(PreviousAnnounce, PeerHealth)>> {
        let known = |item: &Item| Some((item::previous(item, self.lifetime)?, health::of_peer(item)));
        let key = Zone::of(&request.peer).key_of(&request.peer);
        let address = request.peer.address;
        let here = head.items.iter().filter(|item| item::sort_key(item).and_then(key::address) == Some(address));
        // A leecher that has become a seeder may still have both items.
        if let Some(item) = here.max_by_key(|item| item::sort_key(item) == Some(&key)) {
            return Ok(known(item));
        }
        if head.has_all_peers() { Ok(None) } else { Ok(self.get(key).await?.as_ref().and_then(known)) }
    }

    async fn get(&self, sort_key: Vec<u8>) -> Result<Option<Item>> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(item::key(self.info_hash, sort_key)));
        Ok(Box::pin(get.send()).await?.item)
    }

    /// Returns the announcing client's session: from the first page, or by a read if it may lie behind that. A client
    /// that announces by IPv6 needs no such read, since it writes its session anyway.
    pub(super) async fn session(&self, request: &AnnounceRequest, head: &Head) -> Result<Session> {
        let (id, key) = (request.peer.id, session_key(&request.peer.id));
        if let Some(item) = head.items.iter().find(|item| item::sort_key(item) == Some(&key)) {
            return Ok(Session::of(item, id, self.lifetime));
        }
        if head.end.is_none() || request.peer.address.is_ipv6() {
            return Ok(Session::default());
        }
        let item = self.get(key).await?;
        Ok(item.map(|item| Session::of(&item, id, self.lifetime)).unwrap_or_default())
    }
}
