//! What was read of one zone of a torrent, and which share of the zone that is.

use std::{collections::HashSet, iter, ops::Range};

use super::{
    head::Head,
    key::{Position, Zone},
    page::Stored,
};
use crate::tracker::{Peer, Sample};

/// How sure the estimate must be that one more page has all of the zone.
const CAUTION: f64 = 0.9;

/// What was read of a zone.
pub(super) struct ZoneSample {
    pub(super) zone: Zone,
    /// The places that were not read.
    gaps: Vec<Range<u64>>,
    /// Where the latest read ended.
    last: u64,
    /// How many of the first page's items are in the zone.
    head_items: usize,
    /// A random choice of the zone's peers.
    peers: Vec<Stored>,
    /// The first page's peers that are not among the others.
    spare: Vec<Stored>,
    keys: HashSet<Vec<u8>>,
}

impl ZoneSample {
    /// Takes what the first page has of `zone`.
    pub(super) fn of(head: &Head, zone: Zone) -> Self {
        let is_here = |key: &[u8]| matches!(Position::of(key), Position::Peer(other, _) if other == zone);
        let spare: Vec<Stored> = head.found.peers.iter().filter(|stored| is_here(&stored.key)).cloned().collect();
        let head_items = spare.len() + head.found.stale.keys().filter(|key| is_here(key)).count();
        let Range { start, end } = zone.places();
        let last = match head.end {
            Some(Position::Peer(Zone::Seeders, _)) if zone == Zone::Leechers => start,
            Some(Position::Peer(other, place)) if zone == other => place.clamp(start, end),
            _ => end,
        };
        let gaps = iter::once(last..end).filter(|gap| !gap.is_empty()).collect();
        Self { zone, gaps, last, head_items, peers: Vec::new(), spare, keys: HashSet::new() }
    }

    /// Returns whether all of the zone was read.
    pub(super) fn is_whole(&self) -> bool {
        self.gaps.is_empty()
    }

    /// Returns whether the first page has a part of the zone.
    pub(super) fn has_head(&self) -> bool {
        self.head_items > 0
    }

    /// Returns how many peers were read.
    pub(super) fn number(&self) -> usize {
        self.peers.len() + self.spare.len()
    }

    /// Returns where the first page ended, if `limit` more items seem to be all.
    #[allow(clippy::cast_precision_loss)]
    pub(super) fn end_of_head(&self, limit: usize) -> Option<u64> {
        let fits = self.head_items as f64 <= self.share() * CAUTION * (self.head_items + limit) as f64;
        (fits && self.has_head()).then_some(self.last)
    }

    /// Returns the first places that follow the latest read and were not read.
    pub(super) fn next_gap(&self) -> Option<Range<u64>> {
        self.gaps.iter().min_by_key(|gap| gap.start.wrapping_sub(self.last)).cloned()
    }

    /// Adds `peers`, which are all at the places `read`.
    pub(super) fn add(&mut self, read: Range<u64>, peers: Vec<Stored>) {
        let gaps = self.gaps.iter();
        let rest = gaps.flat_map(|gap| [gap.start..gap.end.min(read.start), gap.start.max(read.end)..gap.end]);
        self.gaps = rest.filter(|gap| !gap.is_empty()).collect();
        self.last = read.end;
        self.peers.extend(peers.into_iter().filter(|stored| self.keys.insert(stored.key.clone())));
        self.spare.retain(|stored| !self.keys.contains(&stored.key));
    }

    /// Takes the first page's peers before `place`, at most `number`, as if they followed the zone's last peer.
    pub(super) fn wrap(&mut self, place: u64, number: usize) {
        let is_before = |stored: &&Stored| matches!(Position::of(&stored.key), Position::Peer(_, at) if at < place);
        let first = self.spare.iter().filter(is_before).take(number).cloned().collect();
        self.add(place..place, first);
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
        let missing: u64 = self.gaps.iter().map(|gap| gap.end - gap.start).sum();
        (end - start - missing).max(1) as f64 / (end - start) as f64
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::tracker::Standing;

    const END: u64 = u64::MAX;

    fn stored(place: u64) -> Stored {
        let address = SocketAddr::from((place.to_be_bytes().map(u16::from), 1));
        let peer = Peer { address, id: [0; 20], left: 0, standing: Standing::default() };
        Stored { expires: 1, key: Zone::Seeders.key_at(place), peer }
    }

    /// A first page with seeders at `places`, which ends at `end`.
    fn sample(places: &[u64], end: u64) -> ZoneSample {
        let mut head = Head::empty(Some(Position::Peer(Zone::Seeders, end)));
        head.found.peers = places.iter().copied().map(stored).collect();
        ZoneSample::of(&head, Zone::Seeders)
    }

    #[test]
    fn the_next_gap_follows_the_latest_read() {
        let mut sample = sample(&[1, 9], 10);
        assert_eq!(sample.gaps, [Range { start: 10, end: END }]);
        sample.add(100..200, vec![stored(150)]);
        assert_eq!((sample.next_gap(), sample.gaps.len()), (Some(200..END), 2));
        sample.add(5..50, vec![stored(9), stored(20)]);
        assert_eq!((sample.next_gap(), sample.gaps.len()), (Some(50..100), 2));
        assert_eq!((sample.peers.len(), sample.spare.len(), sample.number()), (3, 1, 4));
        sample.add(50..END, Vec::new());
        assert!(sample.is_whole() && sample.next_gap().is_none());
        assert!((sample.sample().share - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn the_first_peer_follows_the_last() {
        let mut sample = sample(&[1, 2, 3, 4], 5);
        sample.wrap(4, 2);
        assert_eq!(sample.peers, [stored(1), stored(2)]);
        assert_eq!(sample.spare, [stored(3), stored(4)]);
        sample.wrap(4, 2);
        assert_eq!(sample.spare, [stored(4)]);
    }

    #[test]
    fn a_small_zone_is_read_on_from_the_first_page() {
        assert_eq!(sample(&[1; 96], END / 2).end_of_head(64), None);
        assert_eq!(sample(&[], 0).end_of_head(64), None);
        assert_eq!(sample(&[1; 96], END / 10 * 8).end_of_head(64), Some(END / 10 * 8));
    }
}
