//! Prints as JSON what jobs are made of, for objects of several sizes or of those that you give: `cargo run -p
//! bench-tools --bin plan -- [LENGTH[/SPAN_SIZE]]…`. `benches/job_plan.py` turns it into times and prices.

mod figures;
#[cfg(test)]
mod limits;

use std::{env, num::ParseIntError};

use get_object_torrent::{object::MAX_OBJECT_BYTES, torrent::PieceLength};
use serde_json::{Value, json};

const GIB: u64 = 1024 * 1024 * 1024;
const TIB: u64 = 1024 * GIB;

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

fn main() -> Result<(), ParseIntError> {
    let asked: Vec<String> = env::args().skip(1).collect();
    let plans: Vec<Value> = if asked.is_empty() {
        SIZES.map(|(name, length, objects)| plan(name, length, 0, objects)).to_vec()
    } else {
        asked.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?
    };
    println!("{:#}", Value::from(plans));
    Ok(())
}

fn parsed(text: &str) -> Result<Value, ParseIntError> {
    let (length, span_size) = text.split_once('/').unwrap_or((text, "0"));
    Ok(plan(text, length.parse()?, span_size.parse()?, 0))
}

fn plan(name: &str, length: u64, span_size: u64, objects: usize) -> Value {
    let figures = figures::of(length, PieceLength::for_object_of(length), span_size, objects);
    json!({"name": name, "figures": figures})
}
