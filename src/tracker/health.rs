//! The health of a swarm: whether its seeders send so fast that nobody needs the web seeds (`ENOUGH_SPEED`).
//!
//! Seeders count by what they were seen to send. But who lies can claim any rate, so one leecher that gets too little
//! outweighs all of them for an hour. And where web seeds send, seeders have little to send, however fast they are. So
//! seeders that stay are tried: a few leechers at a time get no web seeds, one more than the rates seen so far are enough
//! for. Times are in seconds since 1970 of the tracker's [`Clock`].

use std::{cmp::Reverse, collections::HashSet};

use super::{AnnounceRequest, Clock, Event, Peer, PreviousAnnounce, Swarm};

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
/// A seeder is tried when it has stayed for so long, until its second announce.
const STAY_TIME: u64 = 9 * MINUTE;
/// Seeders are tried only if there are at most so many leechers for each of them.
const LEECHERS_FOR_EACH: u64 = 2;
/// After a trial that failed, the next is made with so many times the seeders, or an hour later.
const GROWTH: u64 = 2;

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
    /// Since when it has been a seeder.
    pub seeding_since: Option<u64>,
    /// Whether it is a leecher that may have no web seeds: it started while the swarm was fast enough.
    pub is_bare: bool,
    /// Since when it has been slow or stuck.
    pub slow_since: Option<u64>,
}

/// What is known of a peer that others may need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The rate at which it has proven to upload, in bytes a second, if the tracker has reached it.
    pub proven_rate: Option<u64>,
    /// See [`PeerHealth::seeding_since`].
    pub seeding_since: Option<u64>,
    /// See [`PeerHealth::is_bare`].
    pub is_bare: bool,
}

/// How fast a leecher downloads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It is too early to say, or nothing follows from it.
    Unknown,
    /// At `ENOUGH_SPEED` or faster.
    Fast,
    /// More slowly.
    Moderate,
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
    /// When the latest trial failed.
    pub failed: u64,
    /// How many seeders it had.
    pub failed_seeders: u64,
}

/// A swarm, as far as its speed depends on it. Of each network, and of each client, one seeder counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SwarmStrength {
    /// The seeders that the tracker has reached.
    pub seeders: u64,
    /// Those of them that have stayed.
    pub settled: u64,
    /// What they all upload together, in bytes a second, as far as that was seen.
    pub rate: u64,
    /// The peers that need them.
    pub leechers: u64,
    /// The leechers that may have no web seeds.
    pub bare: u64,
}

impl PeerHealth {
    /// Returns what others may need to know.
    pub fn standing(&self) -> Standing {
        let Self { rate, is_reached, seeding_since, is_bare, .. } = *self;
        Standing { proven_rate: is_reached.then_some(rate), seeding_since, is_bare }
    }

    /// Returns whether the tracker should try to reach the announcing client at `now`: only seeders, and once an hour.
    pub fn is_check_due(&self, request: &AnnounceRequest, now: u64) -> bool {
        let is_running = request.event != Event::Stopped;
        request.peer.is_seeder() && is_running && self.checked.is_none_or(|checked| checked + HOUR <= now)
    }
}

impl HealthRules {
    /// Returns the client's health and progress, as this announce at `now` shows them. `previous` is its previous
    /// announce, with its health then, and `is_fast` whether new torrents have no web seeds. Claims are bounded as in
    /// [`AnnounceRequest::transfer`].
    pub fn measure(
        &self,
        request: &AnnounceRequest,
        previous: Option<(PreviousAnnounce, PeerHealth)>,
        length: Option<u64>,
        others: u64,
        is_fast: bool,
        now: u64,
    ) -> (PeerHealth, Progress) {
        let (AnnounceRequest { uploaded, downloaded, .. }, is_seeder) = (*request, request.peer.is_seeder());
        let known = previous.map(|(_, health)| health).unwrap_or_default();
        let seeding_since = is_seeder.then_some(known.seeding_since.unwrap_or(now));
        let begin = PeerHealth { since: now, uploaded, downloaded, seeding_since, ..known };
        let previous = previous.map(|(previous, _)| previous).filter(|previous| request.continues(previous));
        let Some(previous) = previous.filter(|_| known.since > 0) else {
            // The address may still be reached, whoever is there.
            let is_bare = !is_seeder && is_fast;
            return (PeerHealth { rate: 0, slow_since: None, is_bare, ..begin }, Progress::Unknown);
        };
        let (seconds, was_seeder) = (now.saturating_sub(known.since), previous.left == 0);
        let base =
            PreviousAnnounce { uploaded: known.uploaded, downloaded: known.downloaded, at: known.since, ..previous };
        let transfer = request.transfer(Some(base), length, others, now);
        let rate = if seconds >= MINUTE { self.clock.rate(transfer.uploaded, seconds) } else { 0 };
        let progress =
            if was_seeder { Progress::Unknown } else { self.progress(request, transfer.downloaded, seconds) };
        let slow_since = match progress {
            Progress::Slow | Progress::Stuck => known.slow_since.or(Some(now)),
            Progress::Unknown => known.slow_since,
            Progress::Fast | Progress::Moderate => None,
        };
        // A seeder's measurement begins with its last piece.
        let is_over = seconds >= SLOW_TIME || is_seeder && (!was_seeder || seconds >= MINUTE);
        let next = if is_over { begin } else { PeerHealth { seeding_since, ..known } };
        (PeerHealth { rate: known.rate.max(rate), slow_since, ..next }, progress)
    }

    fn progress(&self, request: &AnnounceRequest, downloaded: u64, seconds: u64) -> Progress {
        let (rate, is_complete) = (self.clock.rate(downloaded, seconds), request.peer.is_seeder());
        let (is_minute, is_long) = (seconds >= MINUTE || is_complete, seconds >= SLOW_TIME);
        match rate {
            _ if rate >= self.enough_speed && is_minute => Progress::Fast,
            _ if is_complete => Progress::Moderate,
            _ if request.event == Event::Paused || !is_long => Progress::Unknown,
            0 if downloaded == 0 => Progress::Stuck,
            _ if rate < self.enough_speed / SLOW_PART => Progress::Slow,
            _ => Progress::Moderate,
        }
    }

    /// Returns whether a swarm is fast enough for one leecher more: by what its seeders were seen to send, or because that
    /// can be tried.
    fn is_enough(&self, mark: &SwarmHealth, swarm: &SwarmStrength, now: u64) -> bool {
        let needed = |leechers: u64| self.enough_speed.saturating_mul(leechers);
        let is_crowded = swarm.leechers > LEECHERS_FOR_EACH * swarm.seeders;
        let may_be_tried = mark.failed + HOUR <= now || swarm.settled >= GROWTH * mark.failed_seeders;
        let is_trial = swarm.settled > 0 && !is_crowded && may_be_tried;
        swarm.rate >= needed(swarm.leechers + 1) || is_trial && swarm.rate >= needed(swarm.bare)
    }

    /// Returns what the mark should say after an announce at `now` of a client with this health and progress.
    pub fn judge(
        &self,
        mark: SwarmHealth,
        peer: &PeerHealth,
        progress: Progress,
        swarm: &SwarmStrength,
        now: u64,
    ) -> SwarmHealth {
        let mut next = mark;
        if progress == Progress::Fast {
            next.fast_seen = now;
        }
        // What never gets better may want only a part of the torrent (BEP 21).
        let is_recent = peer.slow_since.is_none_or(|since| now < since + HOUR);
        let is_slow = match progress {
            Progress::Stuck => is_recent,
            // If others are fast, its own line is the limit.
            Progress::Slow => is_recent && next.fast_seen + HOUR <= now,
            Progress::Unknown | Progress::Fast | Progress::Moderate => false,
        };
        if is_slow {
            next.slow_until = now + HOUR;
        }
        match progress {
            Progress::Fast if peer.is_bare => (next.failed, next.failed_seeders) = (0, 0),
            Progress::Moderate | Progress::Slow | Progress::Stuck if peer.is_bare => {
                // The seeders may have left meanwhile.
                (next.failed, next.failed_seeders) = (now, swarm.settled.max(1));
            }
            _ => {}
        }
        let is_enough = next.slow_until <= now && self.is_enough(&next, swarm, now);
        next.fast_until = if is_enough { now + FAST_TIME } else { 0 };
        next
    }
}

impl SwarmHealth {
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
            || is_older(self.failed, next.failed)
            || self.failed > next.failed
            || next.is_fast(now) && is_older(self.fast_until, next.fast_until)
    }
}

impl Swarm {
    /// Returns the strength of the swarm at `now`, as it is after the announce.
    // Rates and numbers are far below 2^53, and most of them are estimates.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn strength(&self, request: &AnnounceRequest, now: u64) -> SwarmStrength {
        let own = (request.event != Event::Stopped).then_some((request.peer, 1.0));
        let others = self
            .samples
            .iter()
            .flat_map(|sample| sample.peers.iter().chain(&sample.spare).map(move |peer| (*peer, sample.share)));
        let others = others.filter(|(peer, _)| peer.address != request.peer.address);
        let (mut seeders, leechers): (Vec<_>, Vec<_>) =
            own.into_iter().chain(others).partition(|(peer, _)| peer.is_seeder());
        let bare = leechers.iter().filter(|(peer, _)| peer.standing.is_bare);
        let bare = bare.map(|(_, share)| 1.0 / share).sum::<f64>();
        seeders.retain(|(peer, _)| peer.standing.proven_rate.is_some());
        seeders.sort_by_key(|(peer, _)| Reverse(peer.standing.proven_rate));
        let (mut networks, mut clients) = (HashSet::new(), HashSet::new());
        seeders.retain(|(peer, _)| networks.insert(peer.network()) && clients.insert(peer.id));
        let has_settled = |peer: &Peer| peer.standing.seeding_since.is_some_and(|since| since + STAY_TIME <= now);
        let (mut rate, mut reached, mut settled) = (0.0, 0.0, 0.0);
        for (peer, share) in &seeders {
            rate += peer.standing.proven_rate.unwrap_or_default() as f64 / share;
            reached += 1.0 / share;
            settled += if has_settled(peer) { 1.0 / share } else { 0.0 };
        }
        SwarmStrength {
            seeders: reached as u64,
            settled: settled as u64,
            rate: rate as u64,
            leechers: self.counts_after(request).leechers,
            bare: bare as u64,
        }
    }
}
