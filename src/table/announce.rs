//! What an announce reads and writes.

use fastrand::Rng;

use super::{
    Partition, Result,
    head::Head,
    item::Session,
    key::{Zone, address, session_key},
    page::{Found, Stored},
    reading::Wish,
};
use crate::tracker::{AnnounceRequest, Event, MAX_IN_NETWORK, PeerHealth, PreviousAnnounce, Swarm, SwarmHealth};

/// What the table has about an announcing client and its torrent.
pub struct AnnounceRecord {
    /// The previous announce from the client's address.
    pub previous: Option<PreviousAnnounce>,
    /// The client's session as it was before. `None` if nothing may be counted: more was counted already, or the client
    /// is one too many and is not stored.
    pub session: Option<Session>,
    /// The torrent's peers.
    pub swarm: Swarm,
    /// The torrent's length, if its mark has it.
    pub length: Option<u64>,
}

/// An announce whose first page is read, and of which nothing is written.
pub struct Opened<'a> {
    partition: &'a Partition,
    request: &'a AnnounceRequest,
    head: Head,
}

impl Opened<'_> {
    /// Returns the torrent's length, if its mark has it.
    pub fn length(&self) -> Option<u64> {
        self.head.length
    }

    /// Returns how many other peers the first page has.
    pub fn others(&self) -> u64 {
        let peers = self.head.found.peers.iter();
        peers.filter(|stored| stored.peer.address != self.request.peer.address).count() as u64
    }

    /// Returns the client's previous announce, and its health then.
    pub async fn known(&self) -> Result<Option<(PreviousAnnounce, PeerHealth)>> {
        self.partition.known(self.request, &self.head).await
    }

    /// Returns what the mark says about the swarm.
    pub fn swarm_health(&self) -> SwarmHealth {
        self.head.health
    }

    /// Writes the client with its `health`, and reads the other peers: mostly one write.
    pub async fn announce(self, health: Option<&PeerHealth>, random: &mut Rng) -> Result<AnnounceRecord> {
        let Self { partition, request, head } = self;
        partition.announce(request, head, health, random).await
    }
}

impl Partition {
    /// Reads the first page for an announce. If the torrent is not registered, this returns `None`.
    pub async fn open<'a>(&'a self, request: &'a AnnounceRequest) -> Result<Option<Opened<'a>>> {
        Ok(self.head().await?.map(|head| Opened { partition: self, request, head }))
    }

    async fn announce(
        &self,
        request: &AnnounceRequest,
        mut head: Head,
        health: Option<&PeerHealth>,
        random: &mut Rng,
    ) -> Result<AnnounceRecord> {
        // If the first page has all peers, it shows whether the client is new, and whether it is one too many.
        let (is_small, length) = (head.has_all_peers(), head.length);
        let is_unknown = head.found.peers.iter().all(|stored| stored.peer.address != request.peer.address);
        let (previous, mut session) = if is_small && head.found.thin_out(request, is_unknown) {
            (None, None)
        } else {
            let session = async {
                let session = self.session(request, &head).await?;
                if is_small { self.renew(request, session).await } else { Ok(Some(session)) }
            };
            tokio::try_join!(self.write(request, health, &head), session)?
        };
        // Otherwise the write shows whether it is new, and only a window at its place whether it is one too many.
        let is_known = previous.is_some_and(|previous| previous.at + self.lifetime > self.now);
        let is_new = !is_known && request.event != Event::Stopped;
        let (mut found, swarm) = self.rest(head, &Wish::of(request, is_new, random)).await?;
        if !is_small && found.thin_out(request, is_new) {
            self.delete(Zone::of(&request.peer).key_of(&request.peer)).await?;
            session = None;
        } else if !is_small {
            session = self.renew(request, session.unwrap_or_default()).await?;
        }
        self.remove(found.stale).await;
        Ok(AnnounceRecord { previous, session, swarm, length })
    }

    /// Writes the peer, or removes one that stops, and removes its other items: a leecher becomes a seeder. Returns its
    /// previous announce.
    async fn write(
        &self,
        request: &AnnounceRequest,
        health: Option<&PeerHealth>,
        head: &Head,
    ) -> Result<Option<PreviousAnnounce>> {
        let (zone, peer, is_stopped) = (Zone::of(&request.peer), &request.peer, request.event == Event::Stopped);
        let key = zone.key_of(peer);
        let mut former: Vec<Vec<u8>> = head.keys_of(peer.address).map(<[u8]>::to_vec).collect();
        former.retain(|known| *known != key);
        let mut previous = if is_stopped { self.delete(key).await? } else { self.put(request, health, &key).await? };
        let may_lie_behind = former.is_empty() && !head.has_all_peers() && (is_stopped || peer.is_seeder());
        if previous.is_none() && may_lie_behind {
            former.push(zone.other().key_of(peer));
        }
        for key in former {
            let old = self.delete(key).await?;
            previous = previous.or(old);
        }
        if let Some(other) = previous.filter(|previous| previous.id != peer.id) {
            // Nobody can fill the table with peer IDs.
            self.delete(session_key(&other.id)).await?;
        }
        Ok(previous)
    }

    /// Updates the client's session, if it needs one: only clients that announce by IPv6 may have another address, and
    /// only complete downloads are counted. Returns what it was before, or `None` if more was counted already.
    async fn renew(&self, request: &AnnounceRequest, session: Session) -> Result<Option<Session>> {
        let has_ipv6 = session.has_ipv6 || request.peer.address.is_ipv6();
        if has_ipv6 || request.completes(None) { self.record(request, has_ipv6).await } else { Ok(Some(session)) }
    }
}

impl Found {
    /// Marks peers in excess of their network's limit as stale: the newest ones. Returns whether the announcing client
    /// is one of them. A client that is not new stays.
    fn thin_out(&mut self, request: &AnnounceRequest, is_new: bool) -> bool {
        let (peer, mut peers) = (request.peer, self.peers.clone());
        peers.retain(|stored| stored.peer.address != peer.address);
        if request.event != Event::Stopped {
            peers.push(Stored { expires: if is_new { u64::MAX } else { 0 }, key: Zone::of(&peer).key_of(&peer), peer });
        }
        peers.sort_by_cached_key(|stored| (stored.peer.network(), stored.expires, stored.key.clone()));
        peers.dedup_by(|one, other| one.key == other.key);
        let networks = peers.chunk_by(|one, other| one.peer.network() == other.peer.network());
        let excess: Vec<_> = networks.flat_map(|peers| peers.get(MAX_IN_NETWORK..).unwrap_or_default()).collect();
        let is_excess = excess.iter().any(|stored| stored.peer.address == peer.address);
        self.stale.extend(excess.into_iter().map(|stored| (stored.key.clone(), stored.expires)));
        // The announce itself writes the client's items.
        self.stale.retain(|key, _| address(key) != Some(peer.address));
        is_excess
    }
}
