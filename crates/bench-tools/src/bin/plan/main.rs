//! Prints as JSON what jobs consist of, for objects and collections of several sizes: `cargo run -p bench-tools --bin
//! plan`. `benches/job_model.py` computes times and prices from it.

mod figures;
#[cfg(test)]
mod limits;

use get_object_torrent::{object::MAX_OBJECT_BYTES, torrent::PieceLength};
use serde_json::{Value, json};

const GIB: u64 = 1024 * 1024 * 1024;
const TIB: u64 = 1024 * GIB;

/// The name, the length, and the number of objects of a collection or 0.
const SIZES: [(&str, u64, usize); 9] = [
    ("1 GiB", GIB, 0),
    ("10 GiB", 10 * GIB, 0),
    ("100 GiB", 100 * GIB, 0),
    ("300 GiB", 300 * GIB, 0),
    ("1 TiB", TIB, 0),
    ("5 TiB", 5 * TIB, 0),
    ("48.8 TiB", MAX_OBJECT_BYTES, 0),
    ("100,000 of 5 KB", 500_000_000, 100_000),
    ("48.8 TiB of 100,000", MAX_OBJECT_BYTES, 100_000),
];

fn main() {
    let plans = SIZES.map(|(name, length, objects)| {
        let figures = figures::of(length, PieceLength::for_object_of(length), 0, objects);
        json!({"name": name, "figures": figures})
    });
    println!("{:#}", Value::from(plans.to_vec()));
}
