//! What is read of a torrent besides its first page: windows at random places.

use std::{ops::Range, time::Duration};

use tokio::time::Instant;

use super::{
    Table, TableError,
    head::Head,
    key::{Position, Zone},
    page::{Found, Read},
    sample::ZoneSample,
};
use crate::{
    torrent::InfoHash,
    tracker::{AnnounceRequest, Event, Swarm},
};

/// The number of items in a window. With the first page and a session these are 3 read units at most.
const WINDOW_ITEMS: usize = 64;
/// If most of the first page has expired, so many more pages of a zone are read. A page has at most 1 MB, about as many
/// items.
const MORE_PAGES: usize = 2;
const MORE_ITEMS: usize = 9_000;
/// No further page is begun after so long.
const MORE_TIME: Duration = Duration::from_millis(1_500);

/// What to read.
pub(super) struct Wish {
    leechers: Window,
    seeders: Option<Window>,
    /// So many peers are enough.
    enough: usize,
    now: u64,
}

/// Where to read in a zone.
#[derive(Clone, Copy)]
struct Window {
    place: u64,
    direction: Direction,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// What follows the place.
    Forward,
    /// What lies before the place, if the first page has nothing of the zone. Otherwise what follows.
    Backward,
    /// What follows the place, and then the zone's first items.
    Around,
}

impl Wish {
    /// Windows at random places.
    pub(super) fn random(random: &mut fastrand::Rng, now: u64) -> Self {
        // Only one direction would leave out the zone's first peers, or its last.
        let direction = if random.bool() { Direction::Backward } else { Direction::Forward };
        let leechers = Window { place: random.u64(Zone::Leechers.places()), direction };
        let seeders = Window { place: random.u64(Zone::Seeders.places()), direction: Direction::Forward };
        Self { leechers, seeders: Some(seeders), enough: 0, now }
    }

    /// What an announce needs. The window of a new peer begins at its network, so that its neighbours are counted.
    pub(super) fn of(request: &AnnounceRequest, is_new: bool, random: &mut fastrand::Rng, now: u64) -> Self {
        let (mut wish, own) = (Self::random(random, now), Zone::of(&request.peer));
        if is_new {
            let neighbours = Window { place: own.place_of(&request.peer), direction: Direction::Forward };
            wish.leechers.direction = Direction::Forward;
            match own {
                Zone::Seeders => wish.seeders = Some(neighbours),
                Zone::Leechers => wish.leechers = neighbours,
            }
        } else if own == Zone::Seeders {
            // A seeder needs no seeders. That leaves a read for all leechers, if they are few.
            wish.seeders = None;
            wish.leechers.direction = Direction::Around;
        }
        // Its own two addresses are not in the answer.
        wish.enough = if request.event == Event::Stopped { 0 } else { request.numwant + 2 };
        wish
    }
}

impl Table {
    /// Reads some of the peers of a torrent, as a sample of all. Returns `None` if it is not registered.
    pub async fn swarm(
        &self,
        info_hash: InfoHash,
        random: &mut fastrand::Rng,
        now: u64,
    ) -> Result<Option<Swarm>, TableError> {
        let Some(head) = self.head(info_hash, now).await? else { return Ok(None) };
        Ok(Some(self.rest(head, &Wish::random(random, now)).await?.1))
    }

    /// Reads what is wished for besides the first page.
    pub(super) async fn rest(&self, head: Head, wish: &Wish) -> Result<(Found, Swarm), TableError> {
        let [mut leechers, mut seeders] = [Zone::Leechers, Zone::Seeders].map(|zone| ZoneSample::of(&head, zone));
        let mut found = head.found;
        if found.is_mostly_stale() && wish.enough > 0 {
            for (sample, window) in [(&mut leechers, Some(wish.leechers)), (&mut seeders, wish.seeders)] {
                found.add(self.look_further(sample, window, wish).await?);
            }
        } else {
            let fills_page = matches!(head.end, Some(Position::Peer(Zone::Seeders, _)));
            let limit = if fills_page { WINDOW_ITEMS / 2 } else { WINDOW_ITEMS };
            let (of_leechers, of_seeders) = tokio::try_join!(
                self.window(&mut leechers, Some(wish.leechers), limit, wish.now),
                self.window(&mut seeders, wish.seeders, limit, wish.now),
            )?;
            found.add(of_leechers);
            found.add(of_seeders);
        }
        let samples = vec![leechers.sample(), seeders.sample()];
        Ok((found, Swarm { samples, completed: head.completed }))
    }

    /// Reads a window of a zone, or on from where the first page ended, if that seems to be all.
    async fn window(
        &self,
        sample: &mut ZoneSample,
        window: Option<Window>,
        limit: usize,
        now: u64,
    ) -> Result<Found, TableError> {
        let Some(Window { place, direction }) = window.filter(|_| !sample.is_whole()) else {
            return Ok(Found::default());
        };
        let Range { start, end } = sample.zone.places();
        let read = |limit| Read { limit, ..Read::default() };
        if direction == Direction::Backward && !sample.has_head() {
            return self.add_places(sample, start..place, Read { is_backward: true, ..read(limit) }, now).await;
        }
        let end_of_head = sample.end_of_head(limit);
        let from = end_of_head.unwrap_or(place);
        let mut found = self.add_places(sample, from..end, read(limit), now).await?;
        let left = limit.saturating_sub(found.items);
        if sample.has_head() {
            sample.wrap(from, if end_of_head.is_some() { usize::MAX } else { left });
        } else if left > 0 && direction == Direction::Around {
            found.add(self.add_places(sample, start..from, read(left), now).await?);
        }
        Ok(found)
    }

    /// Looks for peers among many items that have expired: `DynamoDB` removes them late. Returns only peers.
    async fn look_further(
        &self,
        sample: &mut ZoneSample,
        window: Option<Window>,
        wish: &Wish,
    ) -> Result<Found, TableError> {
        let (mut found, started) = (Found::default(), Instant::now());
        let Some(Window { place, .. }) = window else { return Ok(found) };
        sample.add(place..place, Vec::new());
        for _ in 0..MORE_PAGES {
            if sample.number() >= wish.enough || started.elapsed() >= MORE_TIME {
                break;
            }
            let Some(gap) = sample.next_gap() else { break };
            let read = Read { alive_at: Some(wish.now), limit: MORE_ITEMS, ..Read::default() };
            found.add(self.add_places(sample, gap, read, wish.now).await?);
        }
        Ok(found)
    }

    /// Reads what lies at `places`, adds it to the sample, and returns it.
    async fn add_places(
        &self,
        sample: &mut ZoneSample,
        places: Range<u64>,
        read: Read,
        now: u64,
    ) -> Result<Found, TableError> {
        let Range { start, end } = places;
        let (is_backward, between) = (read.is_backward, [start, end].map(|place| sample.zone.key_at(place)));
        let page = self.page(sample.info_hash, Read { between: Some(between), ..read }).await?;
        let read = match page.end {
            Some(Position::Peer(_, last)) if is_backward => last.clamp(start, end)..end,
            Some(Position::Peer(_, last)) => start..last.clamp(start, end),
            _ => start..end,
        };
        let found = Found::of(&page.items, now);
        sample.add(read, found.peers.clone());
        Ok(found)
    }
}
