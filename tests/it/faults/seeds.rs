//! Seeds side by side, each on a runtime of its own, so that what it leaves running can be counted.

use std::{
    env,
    fmt::Debug,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use tokio::runtime::Builder;

use crate::log::{Written, capture};

/// How many seeds run where `FAULT_SEEDS` is not set.
const SEEDS: u64 = 100;

/// Seeds side by side: what they do is mostly to wait.
const WORKERS: usize = 16;

/// Runs all seeds, or so many times fewer; or the one that is asked for, whose log is shown. `plan` says what a seed
/// stands for, and `run` carries that out.
pub(super) fn run_all<P: Debug>(plan: fn(u64) -> P, run: impl AsyncFn(&P, &Written) + Sync, fewer: u64) {
    let fails = |seed: &u64| {
        let plan = plan(*seed);
        let (written, _guard) = capture("debug");
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let has_failed = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(&plan, &written)))).is_err();
        if has_failed {
            eprintln!("the seed is FAULT_SEED={seed}, its plan {plan:#?}");
        }
        if number("FAULT_SEED").is_some() {
            println!("{}", written.text());
        }
        has_failed
    };
    let seeds = match number("FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("FAULT_SEEDS").unwrap_or(SEEDS).div_ceil(fewer),
    };
    let failed: Vec<u64> = thread::scope(|scope| {
        let of_worker = |first| seeds.clone().skip(first).step_by(WORKERS).filter(&fails).collect::<Vec<_>>();
        let workers: Vec<_> = (0..WORKERS).map(|first| scope.spawn(move || of_worker(first))).collect();
        workers.into_iter().flat_map(|worker| worker.join().expect("a worker")).collect()
    });
    assert!(failed.is_empty(), "seeds that failed: {failed:?}");
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok().map(|text| text.parse().expect("a number"))
}
