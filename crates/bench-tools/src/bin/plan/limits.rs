//! The largest jobs keep Step Functions' limits.

use get_object_torrent::{object::MAX_OBJECT_BYTES, torrent::PieceLength};

use crate::figures::of;

/// <https://docs.aws.amazon.com/step-functions/latest/dg/express-limits.html>: of any state's input or output, and of
/// what a map passes on without a `ResultWriter`.
const STATE_BYTES: usize = 262_144;
/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
const ITEMS_BYTES: usize = 10_000_000_000;
/// As many as `SPAN_SIZE` may lead to.
const MOST_SPANS: u64 = 20_000;
const TIB: u64 = 1024 * 1024 * 1024 * 1024;

#[test]
fn the_largest_jobs_keep_the_limits_of_states_items_and_children() {
    for (length, piece_length, span_size, objects) in [
        (MAX_OBJECT_BYTES, 256 << 20, 0, 0),
        (MAX_OBJECT_BYTES, 256 << 20, 1, 0),
        (MAX_OBJECT_BYTES, 256 << 20, 1 << 32, 0),
        (5 * TIB, 32 << 20, 1 << 20, 0),
        (3_000_000_000, 16 << 10, 1, 0),
        (MAX_OBJECT_BYTES, 256 << 20, 0, 100_000),
        (500_000_000, 256 << 10, 0, 100_000),
        (100_000, 256 << 10, 0, 100_000),
    ] {
        let figures = of(length, PieceLength::new(piece_length).expect("a piece length"), span_size, objects);
        assert!(figures.state_bytes < STATE_BYTES, "{figures:?}");
        assert!(figures.items_bytes < ITEMS_BYTES, "{figures:?}");
        assert!(figures.spans <= MOST_SPANS, "{figures:?}");
        assert!(figures.manifest_bytes < 20_000_000 && figures.fragment_bytes <= 4_000_000, "{figures:?}");
        assert!(objects == 0 || length != 500_000_000 || figures.most_reads < 2_100, "{figures:?}");
    }
}
