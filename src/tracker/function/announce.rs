//! An announce: what it reads, writes and counts.

use super::{
    Tracker,
    event::Request,
    head::{Head, Stored, excess},
    item::{Session, Stale},
    key::{Zone, address, session_key},
    outcome::{Failure, Told},
    reading::{Reading, Wish},
    table::{Table, TableError, now},
};
use crate::{
    logging::causes,
    tracker::{Announce, Before, Bounds, Event, LIFETIME, MAX_IN_NETWORK, Refusal, announced},
};

/// What is known of an announcing client.
#[derive(Default)]
struct Client {
    before: Option<Before>,
    /// What was counted in its session, or `None` where that is more than it now says.
    session: Option<Session>,
    /// Whether it is in the table.
    is_stored: bool,
}

impl Tracker {
    /// Mostly one read and one write. What is not registered is not written.
    pub(super) async fn announce(&self, request: &Request<'_>, told: &mut Told) -> Result<Vec<u8>, Failure> {
        let announce = Announce::parse(request.query, request.address?)?;
        (told.info_hash, told.event) = (announce.torrent.to_string(), announce.event.as_str());
        let (mut random, now) = (fastrand::Rng::new(), now());
        let head = self.table.head(announce.torrent, now).await?.ok_or(Refusal::Unregistered)?;
        let length = head.length;
        let (client, Reading { found, swarm }) = self.table.exchange(&announce, head, &mut random, now).await?;
        if client.is_stored {
            let bounds = Bounds { length, others: swarm.others(&announce).peers(), now };
            self.count(&announce, &client, &bounds, told).await;
        }
        let peers = swarm.choose(&announce, &mut random);
        (told.counts, told.peers) = (swarm.counts_after(&announce), peers.len());
        let completed = swarm.completed + u64::from(told.completed);
        self.table.remove(announce.torrent, found.stale).await;
        Ok(announced(told.counts, completed, &peers, &mut random))
    }

    /// Counts what the client has moved since it was last counted, by whichever address, and whether it has completed
    /// its download.
    async fn count(&self, announce: &Announce, client: &Client, bounds: &Bounds, told: &mut Told) {
        let Some(session) = client.session else { return };
        let before = session.totals.or(client.before);
        let transfer = announce.transfer(before.as_ref(), bounds);
        (told.uploaded, told.downloaded) = (transfer.uploaded, transfer.downloaded);
        if announce.completes(client.before.as_ref()) && !session.completed {
            // A number that is too low by one is worth no failure.
            let counted = self.table.complete(announce.torrent).await;
            let warn = |error: &TableError| tracing::warn!(cause = causes(&**error), "a download is not counted");
            told.completed = counted.inspect_err(warn).is_ok();
        }
    }
}

impl Table {
    /// Writes the client, and reads the others.
    async fn exchange(
        &self,
        announce: &Announce,
        head: Head,
        random: &mut fastrand::Rng,
        now: u64,
    ) -> Result<(Client, Reading), TableError> {
        let session = head.session(announce.peer.id);
        if head.end_of_peers().is_none() {
            let wish = wish(announce, false, random, now);
            let is_stored = announce.event == Event::Stopped || !is_crowded(&head, announce);
            let client = if is_stored {
                let (before, session) =
                    tokio::try_join!(self.write(announce, &head, now), self.renew(announce, session, now))?;
                Client { before, session, is_stored }
            } else {
                Client::default()
            };
            let mut reading = self.rest(announce.torrent, head, &wish).await?;
            self.thin_out(announce, &mut reading, false, now).await?;
            return Ok((client, reading));
        }
        // What IPv6 needs is written in any case.
        let session_read = async {
            match session {
                None if announce.peer.address.is_ipv4() => self.session(announce.torrent, announce.peer.id).await,
                known => Ok(known.unwrap_or_default()),
            }
        };
        let (before, session) = tokio::try_join!(self.write(announce, &head, now), session_read)?;
        let was_there = before.is_some_and(|before| before.at + LIFETIME > now);
        let is_new = !was_there && announce.event != Event::Stopped;
        let mut reading = self.rest(announce.torrent, head, &wish(announce, is_new, random, now)).await?;
        let is_stored = !self.thin_out(announce, &mut reading, is_new, now).await?;
        let session = if is_stored { self.renew(announce, Some(session), now).await? } else { None };
        Ok((Client { before, session, is_stored }, reading))
    }

    /// Writes the peer, or removes one that has stopped, and removes what is left of it elsewhere: a leecher becomes a
    /// seeder. Returns what was known of it before.
    async fn write(&self, announce: &Announce, head: &Head, now: u64) -> Result<Option<Before>, TableError> {
        let (zone, is_all) = (Zone::of(&announce.peer), head.end_of_peers().is_none());
        let [key, other] = [zone, zone.other()].map(|zone| zone.key_of(&announce.peer));
        let known: Vec<Vec<u8>> = head.keys_of(announce.peer.address).map(<[u8]>::to_vec).collect();
        let (mut before, former) = if announce.event == Event::Stopped {
            let unknown = if is_all { vec![key] } else { vec![key, other] };
            (None, if known.is_empty() { unknown } else { known })
        } else {
            let before = self.put(announce, &key, now).await?;
            let mut former: Vec<Vec<u8>> = known.into_iter().filter(|known| *known != key).collect();
            if before.is_none() && former.is_empty() && !is_all && announce.peer.is_seed() {
                former.push(other);
            }
            (before, former)
        };
        for key in former {
            let old = self.delete(announce.torrent, &key).await?;
            before = before.or(old);
        }
        if let Some(other) = before.filter(|before| before.id != announce.peer.id) {
            // Nobody can fill the table with names.
            self.delete(announce.torrent, &session_key(&other.id)).await?;
        }
        Ok(before)
    }

    /// Brings the client's session up to date, if it needs one: only clients that announce by IPv6 may have another
    /// address, and only downloads that are complete are counted. Returns what it was before.
    async fn renew(
        &self,
        announce: &Announce,
        session: Option<Session>,
        now: u64,
    ) -> Result<Option<Session>, TableError> {
        let session = session.unwrap_or_default();
        let has_ipv6 = session.has_ipv6 || announce.peer.address.is_ipv6();
        if has_ipv6 || announce.completes(None) {
            let before = self.record(announce, has_ipv6, now).await?;
            return Ok(before.map(|before| if has_ipv6 { before } else { Session { totals: None, ..before } }));
        }
        Ok(Some(Session { totals: None, ..session }))
    }

    /// Finds out which peers are too many of one network, so that they are removed. Returns whether the announcing one
    /// is, and is removed.
    async fn thin_out(
        &self,
        announce: &Announce,
        reading: &mut Reading,
        is_new: bool,
        now: u64,
    ) -> Result<bool, TableError> {
        let key = Zone::of(&announce.peer).key_of(&announce.peer);
        let mut peers = reading.found.peers.clone();
        peers.retain(|stored| stored.peer.address != announce.peer.address);
        if announce.event != Event::Stopped {
            // Who was there before stays.
            let expires = if is_new { now + LIFETIME } else { 0 };
            peers.push(Stored { expires, key: key.clone(), peer: announce.peer });
        }
        let excess = excess(peers);
        let is_one = excess.iter().any(|stored| stored.key == key);
        let others = excess.into_iter().filter(|stored| stored.key != key);
        reading.found.stale.extend(others.map(|Stored { key, expires, .. }| Stale { key, expires }));
        // That was just written.
        reading.found.stale.retain(|stale| address(&stale.key) != Some(announce.peer.address));
        if is_one {
            self.delete(announce.torrent, &key).await?;
        }
        Ok(is_one)
    }
}

/// Returns whether a client that is not known yet has as many neighbours as one network may have.
fn is_crowded(head: &Head, announce: &Announce) -> bool {
    let peers = || head.found.peers.iter().map(|stored| stored.peer);
    let neighbours = peers().filter(|peer| peer.network() == announce.peer.network());
    neighbours.count() >= MAX_IN_NETWORK && !peers().any(|peer| peer.address == announce.peer.address)
}

/// Returns what to read of a torrent that is larger than a page: windows at random places. The window of a new peer is
/// where its network is, so that its neighbours are counted.
fn wish(announce: &Announce, is_new: bool, random: &mut fastrand::Rng, now: u64) -> Wish {
    let own = Zone::of(&announce.peer);
    let mut start =
        |zone: Zone| if is_new && zone == own { zone.place_of(&announce.peer) } else { random.u64(zone.places()) };
    let (seeders, leechers) = (start(Zone::Seeders), start(Zone::Leechers));
    let seeders = (is_new || own == Zone::Leechers).then_some(seeders);
    // It is not told of its own two addresses.
    let enough = if announce.event == Event::Stopped { 0 } else { announce.wanted + 2 };
    // The neighbours of a new peer follow its place.
    let is_backward = !is_new && random.bool();
    Wish { seeders, leechers, is_backward, enough, now }
}
