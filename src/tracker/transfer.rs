//! What a client has moved since its previous announce: what it claims, within the limits of what is possible.

use super::{AnnounceRequest, Event, Schedule};

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
    /// less than before. Of a torrent of `length`, if that is known, it needs each byte once, and can send each once to
    /// each of the `others`. `now` is the time in seconds since 1970.
    pub fn transfer(&self, previous: Option<PreviousAnnounce>, length: Option<u64>, others: u64, now: u64) -> Transfer {
        let Some(previous) = previous.filter(|previous| self.continues(previous)) else { return Transfer::default() };
        // Times are whole seconds.
        let in_time = BYTES_PER_SECOND * (now.saturating_sub(previous.at).min(Schedule::USUAL.lifetime) + 1);
        let length = length.unwrap_or(u64::MAX);
        let to_others = length.saturating_mul(others.max(1));
        Transfer {
            uploaded: (self.uploaded - previous.uploaded).min(in_time).min(to_others),
            downloaded: (self.downloaded.min(length) - previous.downloaded.min(length)).min(in_time),
        }
    }

    /// Returns whether the client is still in the session of its `previous` announce.
    pub(super) fn continues(&self, previous: &PreviousAnnounce) -> bool {
        let is_later = previous.uploaded <= self.uploaded && previous.downloaded <= self.downloaded;
        previous.id == self.peer.id && is_later && self.event != Event::Started
    }

    /// Returns whether the client says that its download is complete, and was no seeder at its `previous` announce.
    pub fn completes(&self, previous: Option<PreviousAnnounce>) -> bool {
        let was_seeder = previous.is_some_and(|previous| previous.id == self.peer.id && previous.left == 0);
        self.event == Event::Completed && self.peer.is_seeder() && !was_seeder
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;
    use crate::tracker::{Peer, Standing};

    const NOW: u64 = 1_000 + 1_800;
    const SECOND: u64 = 125_000_000;

    fn request(event: Event, left: u64, uploaded: u64, downloaded: u64) -> AnnounceRequest {
        let peer =
            Peer { address: SocketAddr::from(([192, 0, 2, 1], 1)), id: [7; 20], left, standing: Standing::default() };
        AnnounceRequest { info_hash: [0; 20].into(), peer, uploaded, downloaded, event, numwant: 0 }
    }

    fn previous(uploaded: u64, downloaded: u64) -> PreviousAnnounce {
        PreviousAnnounce { id: [7; 20], left: 1, uploaded, downloaded, at: 1_000 }
    }

    #[test]
    fn only_bytes_since_the_previous_announce_are_counted() {
        let other = PreviousAnnounce { id: [1; 20], ..previous(5, 5) };
        for (event, previous, uploaded, downloaded) in [
            (Event::None, Some(previous(5, 5)), 2, 4),
            (Event::None, Some(previous(7, 9)), 0, 0),
            (Event::None, Some(previous(8, 9)), 0, 0),
            (Event::None, Some(previous(5, 10)), 0, 0),
            (Event::None, None, 0, 0),
            (Event::None, Some(other), 0, 0),
            (Event::Started, Some(previous(5, 5)), 0, 0),
        ] {
            let transfer = request(event, 1, 7, 9).transfer(previous, Some(100), 3, NOW);
            assert_eq!(transfer, Transfer { uploaded, downloaded }, "{event:?} {previous:?}");
        }
    }

    #[test]
    fn nobody_moves_more_than_the_torrent_and_the_time_allow() {
        for (length, others, now, uploaded, downloaded) in [
            // Each of the others may get the whole torrent from this client, which itself needed 70 more bytes.
            (Some(100), 3, NOW, 300, 70),
            (Some(100), 0, NOW, 100, 70),
            (None, 3, NOW, SECOND * 1_801, SECOND * 1_801),
            (None, 3, 1_000, SECOND, SECOND),
            (None, 3, u64::MAX, SECOND * 3_601, SECOND * 3_601),
        ] {
            let claim = request(Event::None, 1, 1 << 60, 1 << 60);
            let transfer = claim.transfer(Some(previous(0, 30)), length, others, now);
            assert_eq!(transfer, Transfer { uploaded, downloaded }, "{length:?} {others} {now}");
        }
    }

    #[test]
    fn only_a_client_that_was_no_seeder_completes_a_download() {
        let completed = request(Event::Completed, 0, 0, 0);
        let seeder = PreviousAnnounce { left: 0, ..previous(0, 0) };
        assert!(completed.completes(None));
        assert!(completed.completes(Some(previous(0, 0))));
        assert!(completed.completes(Some(PreviousAnnounce { id: [1; 20], ..seeder })));
        assert!(!completed.completes(Some(seeder)));
        assert!(!request(Event::Completed, 1, 0, 0).completes(None));
        assert!(!request(Event::Started, 0, 0, 0).completes(None));
    }
}
