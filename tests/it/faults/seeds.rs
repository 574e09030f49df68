//! Seeds side by side, and what of them is told.

use std::{
    collections::BTreeMap,
    env,
    fmt::Debug,
    fs, panic,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

/// How many seeds run where `FAULT_SEEDS` is not set.
const SEEDS: u64 = 100;

/// Seeds side by side: what they do is mostly to wait.
const WORKERS: usize = 16;

/// What memory may grow by between a quarter of many seeds and their end, in KiB: as much as the allocator likes to keep.
const GROWTH: u64 = 64 * 1024;

/// What a seed stands for, and how that is carried out; alone, it is shown.
pub(super) struct Trial<P> {
    pub(super) plan: fn(u64) -> P,
    pub(super) run: fn(&P, bool) -> String,
}

impl<P: Debug> Trial<P> {
    /// Runs a seed; its outcome, or none where something did not hold.
    fn outcome(&self, seed: u64, is_alone: bool) -> Option<String> {
        let plan = (self.plan)(seed);
        let told = panic::catch_unwind(panic::AssertUnwindSafe(|| (self.run)(&plan, is_alone)));
        if told.is_err() {
            eprintln!("the seed is FAULT_SEED={seed}, its plan {plan:#?}");
        }
        told.ok()
    }

    /// All seeds, or so many times fewer; or the one that is asked for.
    pub(super) fn run_all(&self, fewer: u64) {
        if let Some(seed) = number("FAULT_SEED") {
            assert!(self.outcome(seed, true).is_some(), "seed {seed} failed");
            return;
        }
        let count = number("FAULT_SEEDS").unwrap_or(SEEDS).div_ceil(fewer);
        let (next, outcomes, early) = (AtomicU64::new(0), Mutex::new(Vec::new()), AtomicU64::new(u64::MAX));
        thread::scope(|scope| {
            for _ in 0..WORKERS {
                scope.spawn(|| {
                    loop {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= count {
                            return;
                        }
                        if seed == count / 4 {
                            early.store(resident().unwrap_or(u64::MAX), Ordering::Relaxed);
                        }
                        let outcome = self.outcome(seed, false);
                        outcomes.lock().expect("the outcomes' lock").push((seed, outcome));
                    }
                });
            }
        });
        let outcomes = outcomes.into_inner().expect("the outcomes' lock");
        let failed: Vec<_> = outcomes.iter().filter(|(_, outcome)| outcome.is_none()).map(|(seed, _)| seed).collect();
        assert!(failed.is_empty(), "seeds that failed: {failed:?}");
        // In the usual run other tests take memory beside this one.
        if number("FAULT_SEEDS").is_some() {
            let (early, late) = (early.into_inner(), resident().unwrap_or_default());
            println!("{early} KiB after a quarter, {late} KiB at the end");
            assert!(late.saturating_sub(early) < GROWTH, "memory is left behind");
        }
        tell(outcomes.into_iter().filter_map(|(_, outcome)| outcome));
    }
}

/// What the process takes, where the kernel tells, in KiB.
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// How often each outcome was.
fn tell(outcomes: impl Iterator<Item = String>) {
    let mut counts = BTreeMap::<_, u64>::new();
    outcomes.for_each(|outcome| *counts.entry(outcome).or_default() += 1);
    println!("{counts:#?}");
}
