//! What an announce reads and writes.

use super::{
    Table, TableError,
    head::Head,
    item::Session,
    key::{Zone, address, session_key},
    page::{Found, Stale, Stored},
    reading::Wish,
};
use crate::tracker::{AnnounceRequest, Event, LIFETIME, MAX_IN_NETWORK, PreviousAnnounce, Swarm};

/// What the table has about an announcing client and its torrent.
pub struct AnnounceRecord {
    /// What the client's address announced before.
    pub previous: Option<PreviousAnnounce>,
    /// The client's session as it was before. `None` if nothing may be counted: more was counted already, or the client
    /// is one too many and is not stored.
    pub session: Option<Session>,
    /// The torrent's peers.
    pub swarm: Swarm,
    /// The torrent's length, if its mark has it.
    pub length: Option<u64>,
}

impl Table {
    /// Writes the client, and reads the other peers: mostly one read and one write. Returns `None` if the torrent is not
    /// registered. Then this writes nothing.
    pub async fn announce(
        &self,
        request: &AnnounceRequest,
        random: &mut fastrand::Rng,
        now: u64,
    ) -> Result<Option<AnnounceRecord>, TableError> {
        let Some(head) = self.head(request.info_hash, now).await? else { return Ok(None) };
        let (found, record) = if head.has_all_peers() {
            self.announce_to_few(request, head, random, now).await?
        } else {
            self.announce_to_many(request, head, random, now).await?
        };
        self.remove(request.info_hash, found.stale).await;
        Ok(Some(record))
    }

    /// The first page shows all peers, so whether the client is one too many.
    async fn announce_to_few(
        &self,
        request: &AnnounceRequest,
        mut head: Head,
        random: &mut fastrand::Rng,
        now: u64,
    ) -> Result<(Found, AnnounceRecord), TableError> {
        let is_new = head.found.peers.iter().all(|stored| stored.peer.address != request.peer.address);
        let (previous, session) = if head.found.thin_out(request, is_new) {
            (None, None)
        } else {
            let session = async { self.renew(request, self.session(request, &head).await?, now).await };
            tokio::try_join!(self.write(request, &head, now), session)?
        };
        let length = head.length;
        let (found, swarm) = self.rest(head, &Wish::random(random, now)).await?;
        Ok((found, AnnounceRecord { previous, session, swarm, length }))
    }

    /// The write shows whether the client is new, so where to read. Only then it is known whether it is one too many.
    async fn announce_to_many(
        &self,
        request: &AnnounceRequest,
        head: Head,
        random: &mut fastrand::Rng,
        now: u64,
    ) -> Result<(Found, AnnounceRecord), TableError> {
        let (previous, session) = tokio::try_join!(self.write(request, &head, now), self.session(request, &head))?;
        let is_known = previous.is_some_and(|previous| previous.at + LIFETIME > now);
        let is_new = !is_known && request.event != Event::Stopped;
        let length = head.length;
        let (mut found, swarm) = self.rest(head, &Wish::of(request, is_new, random, now)).await?;
        let session = if found.thin_out(request, is_new) {
            self.delete(request.info_hash, Zone::of(&request.peer).key_of(&request.peer)).await?;
            None
        } else {
            self.renew(request, session, now).await?
        };
        Ok((found, AnnounceRecord { previous, session, swarm, length }))
    }

    /// Writes the peer, or removes one that stops, and removes its other items: a leecher becomes a seeder. Returns what
    /// it announced before.
    async fn write(
        &self,
        request: &AnnounceRequest,
        head: &Head,
        now: u64,
    ) -> Result<Option<PreviousAnnounce>, TableError> {
        let (zone, peer, is_stopped) = (Zone::of(&request.peer), &request.peer, request.event == Event::Stopped);
        let key = zone.key_of(peer);
        let mut former: Vec<Vec<u8>> = head.keys_of(peer.address).map(<[u8]>::to_vec).collect();
        former.retain(|known| *known != key);
        let mut previous =
            if is_stopped { self.delete(request.info_hash, key).await? } else { self.put(request, &key, now).await? };
        let may_lie_behind = former.is_empty() && !head.has_all_peers() && (is_stopped || peer.is_seeder());
        if previous.is_none() && may_lie_behind {
            former.push(zone.other().key_of(peer));
        }
        for key in former {
            let old = self.delete(request.info_hash, key).await?;
            previous = previous.or(old);
        }
        if let Some(other) = previous.filter(|previous| previous.id != peer.id) {
            // Nobody can fill the table with peer IDs.
            self.delete(request.info_hash, session_key(&other.id)).await?;
        }
        Ok(previous)
    }

    /// Updates the client's session, if it needs one: only clients that announce by IPv6 may have another address, and
    /// only complete downloads are counted. Returns what it was before, or `None` if more was counted already.
    async fn renew(
        &self,
        request: &AnnounceRequest,
        session: Session,
        now: u64,
    ) -> Result<Option<Session>, TableError> {
        let has_ipv6 = session.has_ipv6 || request.peer.address.is_ipv6();
        if has_ipv6 || request.completes(None) { self.record(request, has_ipv6, now).await } else { Ok(Some(session)) }
    }
}

impl Found {
    /// Makes the peers stale that are too many in their network: those that announced last. Returns whether the
    /// announcing client is one of them. A client that is not new stays.
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
        self.stale.extend(excess.into_iter().map(|stored| Stale { key: stored.key.clone(), expires: stored.expires }));
        // The announce itself writes the client's items.
        self.stale.retain(|stale| address(&stale.key) != Some(peer.address));
        is_excess
    }
}
