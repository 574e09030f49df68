//! Time as the tracker counts it: its clock, and when clients announce.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A client must not announce more often, in seconds.
pub(super) const MIN_INTERVAL: u64 = 300;

/// The tracker's clock. Its seconds are real ones, unless a test lets it run faster (`TRACKER_TIME_SCALE`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// How many real seconds one of its seconds takes.
    scale: f64,
}

/// When clients announce, in seconds of the tracker's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// The time between two announces of a seeder, give or take a tenth: clients that started together drift apart.
    pub seeder: u64,
    /// The same for a leecher.
    pub leecher: u64,
    /// The tracker forgets a peer after so long: when it has missed an announce.
    pub lifetime: u64,
}

impl Schedule {
    /// Peers only have to find each other.
    pub const USUAL: Self = Self { seeder: 1_800, leecher: 1_800, lifetime: 3_600 };
    /// The tracker learns how fast they are, too.
    pub const CLOSE: Self = Self { seeder: 600, leecher: 300, lifetime: 1_200 };

    /// Returns the time until the next announce of a seeder or a leecher.
    pub(super) fn interval(self, is_seeder: bool, random: &mut fastrand::Rng) -> u64 {
        let interval = if is_seeder { self.seeder } else { self.leecher };
        random.u64(interval - interval / 10..=interval + interval / 10).max(MIN_INTERVAL)
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

// Seconds since 1970 are exact in a float, and so are the bytes of all but absurd claims.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
impl Clock {
    /// Makes a clock of which one second takes `scale` real seconds.
    pub fn new(scale: f64) -> Self {
        Self { scale }
    }

    /// Returns its time, in seconds since 1970.
    pub fn now(self) -> u64 {
        (SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() / self.scale) as u64
    }

    /// Returns how long `seconds` of it take.
    pub fn duration(self, seconds: u64) -> Duration {
        Duration::from_secs_f64(seconds as f64 * self.scale)
    }

    /// Returns `seconds` of it as a client counts them: in whole real seconds, and at least one.
    pub fn real_seconds(self, seconds: u64) -> u64 {
        ((seconds as f64 * self.scale).round() as u64).max(1)
    }

    /// Returns the rate, in bytes a real second, of `bytes` in `seconds` of it.
    pub fn rate(self, bytes: u64, seconds: u64) -> u64 {
        (bytes as f64 / (seconds.max(1) as f64 * self.scale)) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_vary_by_a_tenth_and_no_leecher_is_asked_early() {
        let mut random = fastrand::Rng::with_seed(1);
        let mut range = |schedule: Schedule, is_seeder| {
            let intervals: Vec<u64> = (0..5_000).map(|_| schedule.interval(is_seeder, &mut random)).collect();
            (*intervals.iter().min().unwrap(), *intervals.iter().max().unwrap())
        };
        assert_eq!(range(Schedule::USUAL, true), (1_620, 1_980));
        assert_eq!(range(Schedule::USUAL, false), (1_620, 1_980));
        assert_eq!(range(Schedule::CLOSE, true), (540, 660));
        assert_eq!(range(Schedule::CLOSE, false), (300, 330));
    }

    #[test]
    fn a_scaled_clock_runs_faster_and_rates_stay_real() {
        let clock = Clock::new(0.01);
        assert!(clock.now() / 100 - Clock::default().now() <= 1);
        assert_eq!((clock.real_seconds(1_800), clock.real_seconds(10)), (18, 1));
        assert_eq!((clock.rate(1_000, 100), Clock::default().rate(1_000, 100)), (1_000, 10));
        assert_eq!(clock.duration(60), Duration::from_millis(600));
    }
}
