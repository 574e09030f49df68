//! What is read of a torrent besides its first page: windows at random places.

use std::{ops::Range, time::Duration};

use tokio::time::Instant;

use super::{
    Partition, Result,
    head::Head,
    key::{Position, Zone},
    page::{Found, Read},
    sample::ZoneSample,
};
use crate::tracker::{AnnounceRequest, Event, Swarm};

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
    /// At which place to read leechers.
    leechers: u64,
    direction: Direction,
    /// From which place on to read seeders, if they are wanted.
    seeders: Option<u64>,
    /// So many peers are enough.
    enough: usize,
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
    pub(super) fn random(random: &mut fastrand::Rng) -> Self {
        // Only one direction would leave out the zone's first peers, or its last.
        let direction = if random.bool() { Direction::Backward } else { Direction::Forward };
        let [leechers, seeders] = [Zone::Leechers, Zone::Seeders].map(|zone| random.u64(zone.places()));
        Self { leechers, direction, seeders: Some(seeders), enough: 0 }
    }

    /// What an announce needs. The window of a new peer begins at its network, so that its neighbours are counted.
    pub(super) fn of(request: &AnnounceRequest, is_new: bool, random: &mut fastrand::Rng) -> Self {
        let (mut wish, own) = (Self::random(random), Zone::of(&request.peer));
        if is_new {
            let place = own.place_of(&request.peer);
            wish.direction = Direction::Forward;
            match own {
                Zone::Seeders => wish.seeders = Some(place),
                Zone::Leechers => wish.leechers = place,
            }
        } else if own == Zone::Seeders {
            // A seeder needs no seeders. That leaves a read for all leechers, if they are few.
            wish.seeders = None;
            wish.direction = Direction::Around;
        }
        // Its own two addresses are not in the answer.
        wish.enough = if request.event == Event::Stopped { 0 } else { request.numwant + 2 };
        wish
    }
}

impl Partition {
    /// Reads some of the torrent's peers, as a sample of all. Returns `None` if it is not registered.
    pub async fn swarm(&self, random: &mut fastrand::Rng) -> Result<Option<Swarm>> {
        let Some(head) = self.head().await? else { return Ok(None) };
        Ok(Some(self.rest(head, &Wish::random(random)).await?.1))
    }

    /// Reads what is wished for besides the first page.
    pub(super) async fn rest(&self, head: Head, wish: &Wish) -> Result<(Found, Swarm)> {
        let [mut leechers, mut seeders] = [Zone::Leechers, Zone::Seeders].map(|zone| ZoneSample::of(&head, zone));
        let mut found = head.found;
        if found.is_mostly_stale() && wish.enough > 0 {
            for (sample, place) in [(&mut leechers, Some(wish.leechers)), (&mut seeders, wish.seeders)] {
                found.add(self.look_further(sample, place, wish.enough).await?);
            }
        } else {
            let fills_page = matches!(head.end, Some(Position::Peer(Zone::Seeders, _)));
            let limit = if fills_page { WINDOW_ITEMS / 2 } else { WINDOW_ITEMS };
            let (of_leechers, of_seeders) = tokio::try_join!(
                self.window(&mut leechers, Some(wish.leechers), wish.direction, limit),
                self.window(&mut seeders, wish.seeders, Direction::Forward, limit),
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
        place: Option<u64>,
        direction: Direction,
        limit: usize,
    ) -> Result<Found> {
        let Some(place) = place.filter(|_| !sample.is_whole()) else { return Ok(Found::default()) };
        let Range { start, end } = sample.zone.places();
        let read = |limit| Read { limit, ..Read::default() };
        if direction == Direction::Backward && !sample.has_head() {
            return self.add_places(sample, start..place, Read { is_backward: true, ..read(limit) }).await;
        }
        let end_of_head = sample.end_of_head(limit);
        let from = end_of_head.unwrap_or(place);
        let mut found = self.add_places(sample, from..end, read(limit)).await?;
        let left = limit.saturating_sub(found.items);
        if sample.has_head() {
            sample.wrap(from, if end_of_head.is_some() { usize::MAX } else { left });
        } else if left > 0 && direction == Direction::Around {
            found.add(self.add_places(sample, start..from, read(left)).await?);
        }
        Ok(found)
    }

    /// Looks for peers among many items that have expired: `DynamoDB` removes them late. Returns only peers.
    async fn look_further(&self, sample: &mut ZoneSample, place: Option<u64>, enough: usize) -> Result<Found> {
        let (mut found, started) = (Found::default(), Instant::now());
        let Some(place) = place else { return Ok(found) };
        sample.add(place..place, Vec::new());
        for _ in 0..MORE_PAGES {
            if sample.number() >= enough || started.elapsed() >= MORE_TIME {
                break;
            }
            let Some(gap) = sample.next_gap() else { break };
            let read = Read { is_alive: true, limit: MORE_ITEMS, ..Read::default() };
            found.add(self.add_places(sample, gap, read).await?);
        }
        Ok(found)
    }

    /// Reads what lies at `places`, adds it to the sample, and returns it.
    async fn add_places(&self, sample: &mut ZoneSample, places: Range<u64>, read: Read) -> Result<Found> {
        let Range { start, end } = places;
        let (is_backward, between) = (read.is_backward, [start, end].map(|place| sample.zone.key_at(place)));
        let (items, last) = self.page(Read { between: Some(between), ..read }).await?;
        let read = match last {
            Some(Position::Peer(_, last)) if is_backward => last.clamp(start, end)..end,
            Some(Position::Peer(_, last)) => start..last.clamp(start, end),
            _ => start..end,
        };
        let found = Found::of(&items, self.now);
        sample.add(read, found.peers.clone());
        Ok(found)
    }
}
