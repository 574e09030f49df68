//! The health of a swarm: whether its seeders send so fast that nobody needs the web seeds (`ENOUGH_SPEED`).
//!
//! Seeders count by what they were seen to send. But who lies can claim any rate, so one leecher that gets too little
//! outweighs all of them for an hour. Times are in seconds since 1970 of the tracker's [`Clock`].

use std::{cmp::Reverse, collections::HashSet};

use super::{AnnounceRequest, Clock, Event, PreviousAnnounce, Swarm};

const MINUTE: u64 = 60;
const HOUR: u64 = 3_600;
/// A leecher is slow or stuck only over so long.
const SLOW_TIME: u64 = 5 * MINUTE;
/// The swarm counts as fast enough for so long after an announce that shows it.
const FAST_TIME: u64 = 15 * MINUTE;
/// What the mark says is written again after so long.
const RENEWAL_TIME: u64 = 5 * MINUTE;
/// A leecher that gets less than this part of `ENOUGH_SPEED` is slow.
const SLOW_PART: u64 = 4;

/// What the tracker goes by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthRules {
    /// How fast a download must be without web seeds, in bytes a second: `ENOUGH_SPEED`.
    pub enough_speed: u64,
    /// The tracker's clock.
    pub clock: Clock,
}

/// What is known of a peer besides its announces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerHealth {
    /// The best rate at which it has uploaded for a minute or more, in bytes a second.
    pub rate: u64,
    /// When the present measurement began, and what the peer had uploaded and downloaded by then.
    pub since: u64,
    /// See `since`.
    pub uploaded: u64,
    /// See `since`.
    pub downloaded: u64,
    /// When the tracker last tried to reach it.
    pub checked: Option<u64>,
    /// Whether that succeeded.
    pub is_reached: bool,
    /// Since when it has been slow or stuck.
    pub slow_since: Option<u64>,
}

/// How fast a leecher downloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is too early to say, or nothing follows from it.
    Unknown,
    /// At `ENOUGH_SPEED` or faster.
    Fast,
    /// At less than a quarter of it.
    Slow,
    /// Not at all.
    Stuck,
}

/// What a torrent's mark says about its swarm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwarmHealth {
    /// Until when the swarm is fast enough, so that torrents need no web seeds.
    pub fast_until: u64,
    /// Until when torrents have web seeds in any case, because a leecher was slow or stuck.
    pub slow_until: u64,
    /// When a leecher was last seen at `ENOUGH_SPEED`.
    pub fast_seen: u64,
}

/// The seeders of a swarm that the tracker has reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reachable {
    /// How many of them were read.
    pub seeders: usize,
    /// What they upload together, in bytes a second, as far as that was seen.
    pub rate: u64,
}

impl PeerHealth {
    /// Returns the rate that the peer has proven, if it was reached.
    pub fn proven_rate(&self) -> Option<u64> {
        self.is_reached.then_some(self.rate)
    }

    /// Returns whether the tracker should try to reach the announcing client at `now`: only seeders, and once an hour.
    pub fn is_check_due(&self, request: &AnnounceRequest, now: u64) -> bool {
        let is_running = request.event != Event::Stopped;
        request.peer.is_seeder() && is_running && self.checked.is_none_or(|checked| checked + HOUR <= now)
    }
}

impl HealthRules {
    /// Returns the client's health and progress, as this announce at `now` shows them. `previous` is its previous
    /// announce, with its health then. Claims are bounded as in [`AnnounceRequest::transfer`].
    pub fn measure(
        &self,
        request: &AnnounceRequest,
        previous: Option<(PreviousAnnounce, PeerHealth)>,
        length: Option<u64>,
        others: u64,
        now: u64,
    ) -> (PeerHealth, Progress) {
        let known = previous.map(|(_, health)| health).unwrap_or_default();
        let begin = PeerHealth { since: now, uploaded: request.uploaded, downloaded: request.downloaded, ..known };
        let Some((previous, _)) = previous.filter(|(previous, _)| request.continues(previous) && known.since > 0)
        else {
            // The address may still be reached, whoever is there.
            return (PeerHealth { rate: 0, slow_since: None, ..begin }, Progress::Unknown);
        };
        let (seconds, was_seeder) = (now.saturating_sub(known.since), previous.left == 0);
        let base =
            PreviousAnnounce { uploaded: known.uploaded, downloaded: known.downloaded, at: known.since, ..previous };
        let transfer = request.transfer(Some(base), length, others, now);
        let rate = if seconds >= MINUTE { self.clock.rate(transfer.uploaded, seconds) } else { 0 };
        let progress =
            if was_seeder { Progress::Unknown } else { self.progress(request, transfer.downloaded, seconds) };
        // A seeder's measurement begins with its last piece.
        let is_over = seconds >= SLOW_TIME || request.peer.is_seeder() && (!was_seeder || seconds >= MINUTE);
        let slow_since = match progress {
            Progress::Slow | Progress::Stuck => known.slow_since.or(Some(now)),
            Progress::Unknown => known.slow_since,
            Progress::Fast => None,
        };
        let next = if is_over { begin } else { known };
        (PeerHealth { rate: known.rate.max(rate), slow_since, ..next }, progress)
    }

    fn progress(&self, request: &AnnounceRequest, downloaded: u64, seconds: u64) -> Progress {
        let (rate, is_seeder) = (self.clock.rate(downloaded, seconds), request.peer.is_seeder());
        match () {
            () if rate >= self.enough_speed && (seconds >= MINUTE || is_seeder) => Progress::Fast,
            () if is_seeder || request.event == Event::Paused || seconds < SLOW_TIME => Progress::Unknown,
            () if downloaded == 0 => Progress::Stuck,
            () if rate < self.enough_speed / SLOW_PART => Progress::Slow,
            () => Progress::Unknown,
        }
    }

    /// Returns whether seeders that upload at `rate` are fast enough for so many leechers and one more.
    pub fn is_enough(&self, rate: u64, leechers: u64) -> bool {
        rate >= self.enough_speed.saturating_mul(leechers + 1)
    }
}

impl SwarmHealth {
    /// Returns what the mark should say after an announce at `now` of a client with this health and progress, in a swarm
    /// whose seeders are enough or not.
    pub fn after(self, peer: &PeerHealth, progress: Progress, is_enough: bool, now: u64) -> Self {
        let fast_seen = if progress == Progress::Fast { now } else { self.fast_seen };
        // What never gets better may want only a part of the torrent (BEP 21).
        let is_recent = peer.slow_since.is_none_or(|since| now < since + HOUR);
        let is_slow = match progress {
            Progress::Stuck => is_recent,
            // If others are fast, its own line is the limit.
            Progress::Slow => is_recent && fast_seen + HOUR <= now,
            Progress::Unknown | Progress::Fast => false,
        };
        let slow_until = if is_slow { now + HOUR } else { self.slow_until };
        let fast_until = if is_enough && slow_until <= now { now + FAST_TIME } else { 0 };
        Self { fast_until, slow_until, fast_seen }
    }

    /// Returns whether torrents need no web seeds at `now`.
    pub fn is_fast(&self, now: u64) -> bool {
        self.fast_until > now && self.slow_until <= now
    }

    /// Returns whether the mark must be written at `now`, if it says `self` and should say `next`: when that changes, and
    /// else at most once in five minutes.
    pub fn is_due(&self, next: &Self, now: u64) -> bool {
        let is_older = |old: u64, new: u64| new >= old + RENEWAL_TIME;
        self.is_fast(now) != next.is_fast(now)
            || is_older(self.slow_until, next.slow_until)
            || is_older(self.fast_seen, next.fast_seen)
            || next.is_fast(now) && is_older(self.fast_until, next.fast_until)
    }
}

impl Swarm {
    /// Returns the reached seeders, as they are after the announce. Of each network, and of each client, one counts.
    // Rates are far below 2^53, and their sum is an estimate.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn reachable(&self, request: &AnnounceRequest) -> Reachable {
        let own = (request.event != Event::Stopped).then_some((request.peer, 1.0));
        let others = self
            .samples
            .iter()
            .flat_map(|sample| sample.peers.iter().chain(&sample.spare).map(move |peer| (*peer, sample.share)));
        let others = others.filter(|(peer, _)| peer.address != request.peer.address);
        let mut seeders: Vec<_> = own.into_iter().chain(others).filter(|(peer, _)| peer.is_seeder()).collect();
        seeders.retain(|(peer, _)| peer.proven_rate.is_some());
        seeders.sort_by_key(|(peer, _)| Reverse(peer.proven_rate));
        let (mut networks, mut clients) = (HashSet::new(), HashSet::new());
        seeders.retain(|(peer, _)| networks.insert(peer.network()) && clients.insert(peer.id));
        let rates = seeders.iter().map(|(peer, share)| peer.proven_rate.unwrap_or_default() as f64 / share);
        Reachable { seeders: seeders.len(), rate: rates.sum::<f64>() as u64 }
    }
}
