//! What is read of a torrent for one request: the first page, and where that is not all, windows at random places.

use std::{ops::Range, time::Duration};

use tokio::time::Instant;

use super::{
    head::{Found, Head, Stored},
    key::{Position, Zone},
    part::Part,
    table::{Keys, Read, Table, TableError},
};
use crate::{
    torrent::InfoHash,
    tracker::{Sample, Swarm},
};

/// As many items are read behind a random place. With the first page and a session these are 3 read units at most.
const WINDOW_ITEMS: usize = 64;
/// Where most of the first page is out of date, so many pages of a zone are looked through. A page has at most 1 MB, which
/// is about as many items.
const MORE_PAGES: usize = 2;
const MORE_ITEMS: usize = 9_000;
/// No further page is begun after so long.
const MORE_TIME: Duration = Duration::from_millis(1_500);

/// What to read.
pub(super) struct Wish {
    /// Where to begin among the seeders, if they are wanted, and among the leechers.
    pub(super) seeders: Option<u64>,
    pub(super) leechers: u64,
    /// Whether to read the leechers before that place rather than those behind it.
    pub(super) is_backward: bool,
    /// As many peers are enough.
    pub(super) enough: usize,
    pub(super) now: u64,
}

/// A page of a zone at a random place.
#[derive(Clone, Copy)]
struct Window {
    place: u64,
    limit: usize,
    is_backward: bool,
    /// Whether the zone's first items follow its last ones, where the first page does not have them.
    wraps: bool,
}

/// What was read.
pub(super) struct Reading {
    pub(super) found: Found,
    pub(super) swarm: Swarm,
}

impl Table {
    /// Reads of `torrent` what is wished beside its first page.
    pub(super) async fn rest(&self, torrent: InfoHash, head: Head, wish: &Wish) -> Result<Reading, TableError> {
        let end = head.end_of_peers();
        let Head { mut found, completed, .. } = head;
        let Some(end) = end else {
            let peers = found.peers.iter().map(|stored| stored.peer).collect();
            let samples = vec![Sample { peers, spare: Vec::new(), share: 1.0 }];
            return Ok(Reading { found, swarm: Swarm { samples, completed } });
        };
        let [mut leechers, mut seeders] = [Zone::Leechers, Zone::Seeders].map(|zone| Part::of(&found, zone, end));
        let limit = if end_is_in(end, Zone::Seeders) { WINDOW_ITEMS / 2 } else { WINDOW_ITEMS };
        if found.is_mostly_stale() && wish.enough > 0 {
            for (part, place) in [(&mut leechers, Some(wish.leechers)), (&mut seeders, wish.seeders)] {
                found.peers.extend(self.look_further(torrent, part, place, wish).await?);
            }
        } else {
            // A seed needs no seeders. Then there is a read left for all leechers, where they are few.
            let wraps = wish.seeders.is_none();
            let window = |place| Window { place, limit, is_backward: false, wraps: false };
            let of_leechers = Window { is_backward: wish.is_backward && !wraps, wraps, ..window(wish.leechers) };
            let read = tokio::try_join!(
                self.window(torrent, &mut leechers, Some(of_leechers), wish.now),
                self.window(torrent, &mut seeders, wish.seeders.map(window), wish.now),
            )?;
            found.add(read.0);
            found.add(read.1);
        }
        let samples = vec![leechers.sample(), seeders.sample()];
        Ok(Reading { found, swarm: Swarm { samples, completed } })
    }

    /// Reads a window of a zone, or on from where the first page ended, if that seems to be all.
    async fn window(
        &self,
        torrent: InfoHash,
        part: &mut Part,
        window: Option<Window>,
        now: u64,
    ) -> Result<Found, TableError> {
        let Some(window) = window.filter(|_| !part.is_whole()) else { return Ok(Found::default()) };
        let (places, limit) = (part.zone.places(), window.limit);
        let end_of_head = part.end_of_head(limit);
        let from = end_of_head.unwrap_or(window.place);
        // What wraps, or goes on from the first page, has all peers alike. Otherwise one direction would leave out the
        // first, or the last.
        if window.is_backward && !part.has_head() {
            let read = Read { is_backward: true, ..Read::first(limit) };
            return self.add_places(torrent, part, places.start..from, read, now).await;
        }
        let mut found = self.add_places(torrent, part, from..places.end, Read::first(limit), now).await?;
        let left = limit.saturating_sub(found.items);
        if end_of_head.is_some() {
            part.wrap(from, usize::MAX);
        } else if left > 0 && part.has_head() {
            part.wrap(from, left);
        } else if left > 0 && window.wraps {
            let first = self.add_places(torrent, part, places.start..from, Read::first(left), now).await?;
            found.add(first);
        }
        Ok(found)
    }

    /// Looks for peers where most items are out of date, from `place` on: `DynamoDB` removes them late. Only what is alive
    /// is returned.
    async fn look_further(
        &self,
        torrent: InfoHash,
        part: &mut Part,
        place: Option<u64>,
        wish: &Wish,
    ) -> Result<Vec<Stored>, TableError> {
        let (mut found, started) = (Vec::new(), Instant::now());
        let Some(place) = place.filter(|_| !part.is_whole()) else { return Ok(found) };
        part.add(place..place, Vec::new());
        let mut pages = MORE_PAGES;
        for gap in part.missing() {
            let mut from = gap.start;
            while from < gap.end && pages > 0 && part.number() < wish.enough && started.elapsed() < MORE_TIME {
                let read = Read { alive_at: Some(wish.now), ..Read::first(MORE_ITEMS) };
                found.extend(self.add_places(torrent, part, from..gap.end, read, wish.now).await?.peers);
                pages -= 1;
                from = part.end().max(from + 1);
            }
        }
        Ok(found)
    }

    /// Reads what lies at `places`, and adds it to the part. Returns it, too.
    async fn add_places(
        &self,
        torrent: InfoHash,
        part: &mut Part,
        places: Range<u64>,
        read: Read,
        now: u64,
    ) -> Result<Found, TableError> {
        let keys = Keys::Between(part.zone.key_at(places.start), part.zone.key_at(places.end));
        let is_backward = read.is_backward;
        let page = self.page(torrent, keys, read).await?;
        let end = match page.end.as_deref().map(Position::of) {
            Some(Position::Peer(_, place)) => Some(place.clamp(places.start, places.end)),
            _ => None,
        };
        let read = match end {
            None => places,
            Some(end) if is_backward => end..places.end,
            Some(end) => places.start..end,
        };
        let found = Found::of(&page.items, now);
        part.add(read, found.peers.clone());
        Ok(found)
    }
}

fn end_is_in(end: Position, zone: Zone) -> bool {
    matches!(end, Position::Peer(of, _) if of == zone)
}
