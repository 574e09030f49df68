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

const SIZES: [(&str, u64); 7] = [
    ("1 GiB", GIB),
    ("10 GiB", 10 * GIB),
    ("100 GiB", 100 * GIB),
    ("300 GiB", 300 * GIB),
    ("1 TiB", TIB),
    ("5 TiB", 5 * TIB),
    ("48.8 TiB", MAX_OBJECT_BYTES),
];

fn main() -> Result<(), ParseIntError> {
    let asked: Vec<String> = env::args().skip(1).collect();
    let plans: Vec<Value> = if asked.is_empty() {
        SIZES.map(|(name, length)| plan(name, length, 0)).to_vec()
    } else {
        asked.iter().map(|text| parsed(text)).collect::<Result<_, _>>()?
    };
    println!("{:#}", Value::from(plans));
    Ok(())
}

fn parsed(text: &str) -> Result<Value, ParseIntError> {
    let (length, span_size) = text.split_once('/').unwrap_or((text, "0"));
    Ok(plan(text, length.parse()?, span_size.parse()?))
}

fn plan(name: &str, length: u64, span_size: u64) -> Value {
    let figures = figures::of(length, PieceLength::for_object_of(length), span_size);
    json!({"name": name, "figures": figures})
}
