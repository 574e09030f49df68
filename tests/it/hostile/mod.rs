//! Odd input of every kind, through all of the function: an answer of the contract and no other, whatever comes.
//!
//! `ODD_CASES=100000` tries more.

mod answers;
mod jobs;
mod odd;
mod presigned;
mod requests;

use std::env;

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};

/// As many of a test's cases as it has, or as are asked for.
pub(crate) fn cases<S: Strategy>(usual: usize, strategy: S) -> impl Iterator<Item = S::Value> {
    let count = env::var("ODD_CASES").ok().map_or(usual, |text| text.parse().expect("a number"));
    let mut runner = TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).expect("a value").current())
}
