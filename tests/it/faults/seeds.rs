//! Seeds side by side, and what of them is told.

use std::{
    collections::BTreeMap,
    env,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
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

/// Runs all seeds, or so many times fewer; or the one that is asked for, which is shown. `plan` says what a seed stands
/// for, and `run` carries that out. Tells how often each outcome was.
pub(super) fn run_all<P: Debug>(plan: fn(u64) -> P, run: fn(&P, bool) -> String, fewer: u64) {
    // None where something did not hold.
    let outcome = |seed, is_alone| {
        let plan = plan(seed);
        let told = catch_unwind(AssertUnwindSafe(|| run(&plan, is_alone)));
        if told.is_err() {
            eprintln!("the seed is FAULT_SEED={seed}, its plan {plan:#?}");
        }
        told.ok()
    };
    if let Some(seed) = number("FAULT_SEED") {
        assert!(outcome(seed, true).is_some(), "seed {seed} failed");
        return;
    }
    let count = number("FAULT_SEEDS").unwrap_or(SEEDS).div_ceil(fewer);
    let (next, outcomes) = (AtomicU64::new(0), Mutex::new(BTreeMap::<_, Vec<u64>>::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < count) {
                    let outcome = outcome(seed, false);
                    outcomes.lock().expect("the outcomes' lock").entry(outcome).or_default().push(seed);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("the outcomes' lock");
    for (outcome, seeds) in &outcomes {
        println!("{:6} {}", seeds.len(), outcome.as_deref().unwrap_or("FAILED"));
    }
    assert_eq!(outcomes.get(&None), None, "seeds that failed");
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
