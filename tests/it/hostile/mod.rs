//! Odd input of every kind, through all of the function: an answer of the contract and no other, whatever comes.
//!
//! `ODD_CASES=10000` tries ten times as many as usual, as CI does.

mod answers;
mod odd;
mod requests;

use std::env;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

/// `usual` cases, and as many more or fewer as `ODD_CASES` is from its own default of 1,000; at least one.
pub(crate) fn cases<S: Strategy>(usual: usize, strategy: S) -> impl Iterator<Item = S::Value> {
    let odd_cases = env::var("ODD_CASES").map_or(1_000, |text| text.parse().expect("a number"));
    let count = (usual * odd_cases).div_ceil(1_000);
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).expect("a value").current())
}
