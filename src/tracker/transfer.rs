//! What a client has moved since its last announce: what it says, as far as that can be true.

use super::{Announce, Event, LIFETIME};

/// No client moves more bytes in a second: 1 Gbit/s.
const BYTES_PER_SECOND: u64 = 125_000_000;

/// What was known of a client before it announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Before {
    /// Its name at that time.
    pub id: [u8; 20],
    /// How many bytes it still needed.
    pub left: u64,
    /// How many bytes it had uploaded.
    pub uploaded: u64,
    /// How many bytes it had downloaded.
    pub downloaded: u64,
    /// When that was, in seconds since 1970.
    pub at: u64,
}

/// What bounds the claims of a client.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The torrent's length in bytes, where it is known.
    pub length: Option<u64>,
    /// How many other peers the torrent has.
    pub others: u64,
    /// The time, in seconds since 1970.
    pub now: u64,
}

/// Bytes that a client has moved since its announce before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfer {
    /// To other peers. Web seeds take none, so peers have as many bytes from one another.
    pub uploaded: u64,
    /// From peers and web seeds.
    pub downloaded: u64,
}

impl Announce {
    /// Returns what was moved since the announce `before`. Nobody can tell what a client moved that has just started or
    /// was not known.
    ///
    /// A client needs each byte once, and can send the torrent once to each of the others.
    pub fn transfer(&self, before: Option<&Before>, bounds: &Bounds) -> Transfer {
        let known = before.filter(|before| {
            let is_later = before.uploaded <= self.uploaded && before.downloaded <= self.downloaded;
            before.id == self.peer.id && is_later && self.event != Event::Started
        });
        let Some(before) = known else { return Transfer::default() };
        // Times are whole seconds.
        let seconds = bounds.now.saturating_sub(before.at).min(LIFETIME) + 1;
        let in_time = BYTES_PER_SECOND * seconds;
        let length = bounds.length.unwrap_or(u64::MAX);
        Transfer {
            uploaded: (self.uploaded - before.uploaded).min(in_time).min(length.saturating_mul(bounds.others.max(1))),
            downloaded: (self.downloaded.min(length) - before.downloaded.min(length)).min(in_time),
        }
    }

    /// Returns whether the client says that its download is complete, and was not known to be a seed before.
    pub fn completes(&self, before: Option<&Before>) -> bool {
        let was_seed = before.is_some_and(|before| before.id == self.peer.id && before.left == 0);
        self.event == Event::Completed && self.peer.is_seed() && !was_seed
    }
}
