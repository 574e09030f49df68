//! Pieces run across objects: whatever their sizes, the hashes are those of the bytes one after the other.

use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof,
    test_runner::{Config, TestRunner},
};
use test_s3::Operation;
use tokio::runtime::Runtime;

use super::{server, together};
use crate::harness::{Function, model};

const KIB: u64 = 1024;
const PIECE: u64 = 16 * KIB;

fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => prop_oneof![Just(0), Just(1), Just(PIECE - 1), Just(PIECE), Just(PIECE + 1), Just(4 * PIECE)],
        3 => 0..5 * KIB,
        2 => 0..5 * PIECE,
        1 => 0..3 * KIB * KIB,
    ]
}

#[test]
fn any_sizes_at_any_piece_length_concurrency_and_range_equal_the_naive_model() {
    let runtime = Runtime::new().expect("a runtime");
    let piece_length = (0_u32..8).prop_map(|power| PIECE << power);
    let range = prop_oneof![Just(PIECE), Just(100_000), Just(1024 * KIB), Just(16 * 1024 * KIB)];
    let cases = (vec(size(), 1..40), piece_length, 1_usize..=64, range, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 20, failure_persistence: None, ..Config::default() });
    let ran = runner.run(&cases, |(sizes, piece_length, concurrency, range, nested)| {
        runtime.block_on(holds(&sizes, piece_length, concurrency, range, nested));
        Ok(())
    });
    ran.expect("every case holds");
}

async fn holds(sizes: &[u64], piece_length: u64, concurrency: usize, range: u64, nested: bool) {
    let folder = if nested { "d/" } else { "" };
    let keys: Vec<_> = (0..sizes.len()).map(|number| format!("p/{folder}{number:03}")).collect();
    let objects: Vec<_> = keys.iter().map(String::as_str).zip(sizes.iter().copied()).collect();
    let s3 = server(&objects).await;
    let variables = [
        ("PIECE_LENGTH", &*piece_length.to_string()),
        ("FETCH_CONCURRENCY", &*concurrency.to_string()),
        ("RANGE_SIZE", &*range.to_string()),
    ];
    let answer = Function::start(&s3, &variables).await.get("/data/p/").await;
    if sizes.iter().all(|size| *size == 0) {
        assert_eq!(answer.error(), (400, "InvalidRequest".into()));
        return;
    }
    let info = answer.torrent().info;
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let whole = together(&s3, &keys);
    assert_eq!((info.pieces, info.length), (model(&whole, piece_length), whole.length()));
    assert!(s3.peak_gets() <= concurrency.max(2), "{} GETs at once", s3.peak_gets());
}

#[tokio::test]
async fn many_small_objects_are_read_once_each_and_side_by_side() {
    let keys: Vec<_> = (0..600).map(|number| format!("p/{number:03}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let sizes = (0..600).map(|number| number % 97 * 61);
    let s3 = server(&keys.iter().copied().zip(sizes).collect::<Vec<_>>()).await;
    let function = Function::start(&s3, &[("FETCH_CONCURRENCY", "32")]).await;
    let info = function.get("/data/p/").await.torrent().info;
    assert_eq!(info.pieces, model(&together(&s3, &keys), info.piece_length));
    // A piece's end within an object makes no further request, and of seven objects nothing is asked for.
    let reads = s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.range.is_some());
    assert_eq!(reads.count(), 600 - 7);
}
