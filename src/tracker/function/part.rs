//! One of a torrent's zones: what was read of it, and what share of the zone that is.

use std::{collections::HashSet, ops::Range};

use super::{
    head::{Found, Stored},
    key::{Position, Zone},
};
use crate::tracker::{Peer, Sample};

/// How sure the estimate must be that there are no more items than a page takes.
const CAUTION: f64 = 0.9;

/// What was read of a zone.
pub(super) struct Part {
    pub(super) zone: Zone,
    /// The places that were read, in the order of reading.
    read: Vec<Range<u64>>,
    /// How many of the first page's items are in the zone.
    items: usize,
    /// A random choice of the zone's peers.
    peers: Vec<Stored>,
    /// The peers of the first page, as far as they are not among the others.
    spare: Vec<Stored>,
    keys: HashSet<Vec<u8>>,
}

impl Part {
    /// Returns what the first page, which goes to `end`, has of `zone`.
    pub(super) fn of(head: &Found, zone: Zone, end: Position) -> Self {
        let is_here = |key: &[u8]| matches!(Position::of(key), Position::Peer(of, _) if of == zone);
        let spare: Vec<Stored> = head.peers.iter().filter(|stored| is_here(&stored.key)).cloned().collect();
        let items = spare.len() + head.stale.iter().filter(|stale| is_here(&stale.key)).count();
        let Range { start, end: last } = zone.places();
        let read_to = match (zone, end) {
            (Zone::Leechers, Position::Peer(Zone::Seeders, _)) => start,
            (_, Position::Peer(of, place)) if of == zone => place.clamp(start, last),
            _ => last,
        };
        Self {
            zone,
            read: Vec::from([Range { start, end: read_to }]),
            items,
            peers: Vec::new(),
            spare,
            keys: HashSet::new(),
        }
    }

    /// Returns whether all of the zone was read.
    pub(super) fn is_whole(&self) -> bool {
        self.missing().is_empty()
    }

    /// Returns whether the first page has some of the zone.
    pub(super) fn has_head(&self) -> bool {
        self.items > 0
    }

    /// Returns up to where was read last.
    pub(super) fn end(&self) -> u64 {
        self.read.last().map_or(self.zone.places().start, |read| read.end)
    }

    /// Returns how many peers were read.
    pub(super) fn number(&self) -> usize {
        self.peers.len() + self.spare.len()
    }

    /// Returns where the first page ended, if `limit` more items seem to be all.
    pub(super) fn end_of_head(&self, limit: usize) -> Option<u64> {
        let fits = to_float(self.items) <= self.share() * CAUTION * to_float(self.items + limit);
        self.read.first().filter(|_| fits && self.has_head()).map(|read| read.end)
    }

    /// Adds peers that lie in `read`, a random place.
    pub(super) fn add(&mut self, read: Range<u64>, peers: Vec<Stored>) {
        self.read.push(read);
        self.peers.extend(peers.into_iter().filter(|stored| self.keys.insert(stored.key.clone())));
        self.spare.retain(|stored| !self.keys.contains(&stored.key));
    }

    /// Takes the first page's peers before `place`, at most `number`, as if they followed the zone's last.
    pub(super) fn wrap(&mut self, place: u64, number: usize) {
        let lies_before = |stored: &Stored| matches!(Position::of(&stored.key), Position::Peer(_, of) if of < place);
        let first = self.spare.iter().filter(|stored| lies_before(stored)).take(number).cloned().collect();
        self.add(place..place, first);
    }

    /// Returns the places that were not read, beginning with those that follow what was read last.
    pub(super) fn missing(&self) -> Vec<Range<u64>> {
        let Range { start, end } = self.zone.places();
        let mut read = self.read.clone();
        read.sort_unstable_by_key(|read| read.start);
        let mut gaps = Vec::new();
        let mut at = start;
        for read in read {
            if at < read.start {
                gaps.push(at..read.start);
            }
            at = at.max(read.end);
        }
        if at < end {
            gaps.push(at..end);
        }
        let last = self.end();
        gaps.sort_by_key(|gap| gap.start.wrapping_sub(last));
        gaps
    }

    /// Returns the peers as a sample of all in the zone.
    pub(super) fn sample(self) -> Sample {
        let share = self.share();
        let peers = |stored: Vec<Stored>| -> Vec<Peer> { stored.into_iter().map(|stored| stored.peer).collect() };
        Sample { peers: peers(self.peers), spare: peers(self.spare), share }
    }

    #[allow(clippy::cast_precision_loss)]
    fn share(&self) -> f64 {
        let Range { start, end } = self.zone.places();
        let missing: u64 = self.missing().iter().map(|gap| gap.end - gap.start).sum();
        (end - start - missing).max(1) as f64 / (end - start) as f64
    }
}

#[allow(clippy::cast_precision_loss)]
fn to_float(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    const PLACES: Range<u64> = 0..u64::MAX;

    fn stored(place: u64) -> Stored {
        let address = SocketAddr::from((place.to_be_bytes().map(u16::from), 1));
        let peer = Peer { address, id: [0; 20], left: 0 };
        Stored { expires: 1, key: Zone::Seeders.key_at(place), peer }
    }

    fn part(places: &[u64], end: u64) -> Part {
        let peers = places.iter().copied().map(stored).collect();
        Part::of(&Found { peers, stale: Vec::new(), items: 0 }, Zone::Seeders, Position::Peer(Zone::Seeders, end))
    }

    #[test]
    fn what_is_missing_begins_behind_what_was_read_last() {
        let mut part = part(&[1, 9], 10);
        assert_eq!(part.missing(), [Range { start: 10, end: PLACES.end }]);
        part.add(100..200, vec![stored(150)]);
        assert_eq!(part.missing(), [200..PLACES.end, 10..100]);
        part.add(5..50, vec![stored(9), stored(20)]);
        assert_eq!(part.missing(), [50..100, 200..PLACES.end]);
        assert_eq!((part.peers.len(), part.spare.len()), (3, 1));
        part.add(50..PLACES.end, Vec::new());
        assert!(part.is_whole());
        assert!((part.sample().share - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn behind_the_last_peer_comes_the_first() {
        let mut part = part(&[1, 2, 3, 4], 5);
        part.wrap(4, 2);
        assert_eq!(part.peers, [stored(1), stored(2)]);
        assert_eq!(part.spare, [stored(3), stored(4)]);
    }

    #[test]
    fn a_zone_that_seems_small_is_read_on_from_the_first_page() {
        assert_eq!(part(&[1; 96], PLACES.end / 2).end_of_head(64), None);
        assert_eq!(part(&[], 0).end_of_head(64), None);
        assert_eq!(part(&[1; 96], PLACES.end / 10 * 8).end_of_head(64), Some(PLACES.end / 10 * 8));
    }
}
