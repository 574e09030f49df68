//! What a client has moved since its previous announce: what it claims, within the limits of what is possible.

use super::{AnnounceRequest, Event, LIFETIME};

/// No client moves more than 1 Gbit/s.
const BYTES_PER_SECOND: u64 = 125_000_000;

/// What a client last announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreviousAnnounce {
    /// Its peer ID.
    pub id: [u8; 20],
    /// How many bytes it still needed.
    pub left: u64,
    /// How many bytes it had uploaded.
    pub uploaded: u64,
    /// How many bytes it had downloaded.
    pub downloaded: u64,
    /// When it announced, in seconds since 1970.
    pub at: u64,
}

/// What limits a client's claims.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The torrent's length in bytes, if it is known.
    pub length: Option<u64>,
    /// How many other peers the torrent has.
    pub others: u64,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Bytes that a client has moved since its previous announce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// To other peers. Web seeds take no bytes, so peers have received as many from one another.
    pub uploaded: u64,
    /// From peers and web seeds.
    pub downloaded: u64,
}

impl AnnounceRequest {
    /// Returns what the client has moved since its `previous` announce: nothing if it has just started, is new, or says
    /// less than before. It needs each byte once, and can send the torrent once to each other peer.
    pub fn transfer(&self, previous: Option<&PreviousAnnounce>, bounds: &Bounds) -> Transfer {
        let counted = previous.filter(|previous| {
            let is_later = previous.uploaded <= self.uploaded && previous.downloaded <= self.downloaded;
            previous.id == self.peer.id && is_later && self.event != Event::Started
        });
        let Some(previous) = counted else { return Transfer::default() };
        // Times are whole seconds.
        let in_time = BYTES_PER_SECOND * (bounds.now.saturating_sub(previous.at).min(LIFETIME) + 1);
        let length = bounds.length.unwrap_or(u64::MAX);
        let to_others = length.saturating_mul(bounds.others.max(1));
        Transfer {
            uploaded: (self.uploaded - previous.uploaded).min(in_time).min(to_others),
            downloaded: (self.downloaded.min(length) - previous.downloaded.min(length)).min(in_time),
        }
    }

    /// Returns whether the client says that its download is complete, and was no seeder at its `previous` announce.
    pub fn completes(&self, previous: Option<&PreviousAnnounce>) -> bool {
        let was_seeder = previous.is_some_and(|previous| previous.id == self.peer.id && previous.left == 0);
        self.event == Event::Completed && self.peer.is_seeder() && !was_seeder
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::prelude::*;

    use super::*;
    use crate::tracker::Peer;

    const BOUNDS: Bounds = Bounds { length: Some(100), others: 3, now: 1_000 + 1_800 };
    const SECOND: u64 = 125_000_000;

    fn request(event: Event, left: u64, uploaded: u64, downloaded: u64) -> AnnounceRequest {
        let peer = Peer { address: SocketAddr::from(([192, 0, 2, 1], 1)), id: [7; 20], left };
        AnnounceRequest { info_hash: [0; 20].into(), peer, uploaded, downloaded, event, numwant: 0 }
    }

    fn previous(uploaded: u64, downloaded: u64) -> PreviousAnnounce {
        PreviousAnnounce { id: [7; 20], left: 1, uploaded, downloaded, at: 1_000 }
    }

    fn transfer(request: &AnnounceRequest, previous: Option<PreviousAnnounce>, bounds: Bounds) -> (u64, u64) {
        let Transfer { uploaded, downloaded } = request.transfer(previous.as_ref(), &bounds);
        (uploaded, downloaded)
    }

    #[test]
    fn only_bytes_since_the_previous_announce_are_counted() {
        let other = PreviousAnnounce { id: [1; 20], ..previous(5, 5) };
        for (event, previous, moved) in [
            (Event::None, Some(previous(5, 5)), (2, 4)),
            (Event::None, Some(previous(7, 9)), (0, 0)),
            (Event::None, Some(previous(8, 9)), (0, 0)),
            (Event::None, Some(previous(5, 10)), (0, 0)),
            (Event::None, None, (0, 0)),
            (Event::None, Some(other), (0, 0)),
            (Event::Started, Some(previous(5, 5)), (0, 0)),
        ] {
            assert_eq!(transfer(&request(event, 1, 7, 9), previous, BOUNDS), moved, "{event:?} {previous:?}");
        }
    }

    #[test]
    fn nobody_moves_more_than_the_torrent_and_the_time_allow() {
        let unbounded = Bounds { length: None, ..BOUNDS };
        for (bounds, moved) in [
            // Each of the others may get the whole torrent from this client, which itself needed 70 more bytes.
            (BOUNDS, (300, 70)),
            (Bounds { others: 0, ..BOUNDS }, (100, 70)),
            (unbounded, (SECOND * 1_801, SECOND * 1_801)),
            (Bounds { now: 1_000, ..unbounded }, (SECOND, SECOND)),
            (Bounds { now: u64::MAX, ..unbounded }, (SECOND * 3_601, SECOND * 3_601)),
        ] {
            let claim = request(Event::None, 1, 1 << 60, 1 << 60);
            assert_eq!(transfer(&claim, Some(previous(0, 30)), bounds), moved, "{bounds:?}");
        }
    }

    #[test]
    fn only_a_client_that_was_no_seeder_completes_a_download() {
        let completed = request(Event::Completed, 0, 0, 0);
        let seeder = PreviousAnnounce { left: 0, ..previous(0, 0) };
        assert!(completed.completes(None));
        assert!(completed.completes(Some(&previous(0, 0))));
        assert!(completed.completes(Some(&PreviousAnnounce { id: [1; 20], ..seeder })));
        assert!(!completed.completes(Some(&seeder)));
        assert!(!request(Event::Completed, 1, 0, 0).completes(None));
        assert!(!request(Event::Started, 0, 0, 0).completes(None));
    }

    proptest! {
        #[test]
        fn no_claim_exceeds_its_bounds(
            up: u64, down: u64, was_up: u64, was_down: u64, length: Option<u64>, others: u64, now: u64
        ) {
            let bounds = Bounds { length, others, now };
            let claim = request(Event::None, 1, up, down);
            let (uploaded, downloaded) = transfer(&claim, Some(previous(was_up, was_down)), bounds);
            let most = SECOND * (now.saturating_sub(1_000).min(3_600) + 1);
            prop_assert!(uploaded <= up.min(most) && downloaded <= down.min(most).min(length.unwrap_or(u64::MAX)));
        }
    }
}
