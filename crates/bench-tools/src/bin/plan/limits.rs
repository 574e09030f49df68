//! The largest jobs keep Step Functions' limits.

use get_object_torrent::{object::MAX_OBJECT_BYTES, torrent::PieceLength};

use crate::figures::{Figures, of};

/// <https://docs.aws.amazon.com/step-functions/latest/dg/express-limits.html>: of any state's input or output, and of
/// what a map passes on without a `ResultWriter`.
const STATE_BYTES: usize = 262_144;
/// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>
const ITEMS_BYTES: usize = 10_000_000_000;
/// As many as `SPAN_SIZE` may lead to.
const MOST_SPANS: u64 = 20_000;
const TIB: u64 = 1024 * 1024 * 1024 * 1024;

fn keeps_the_limits(figures: &Figures) {
    assert!(figures.state_bytes < STATE_BYTES, "{figures:?}");
    assert!(figures.items_bytes < ITEMS_BYTES, "{figures:?}");
    assert!(figures.spans <= MOST_SPANS, "{figures:?}");
}

#[test]
fn the_largest_object_keeps_the_limits_of_states_and_items() {
    let figures = of(MAX_OBJECT_BYTES, PieceLength::for_object_of(MAX_OBJECT_BYTES), 0, 0);
    keeps_the_limits(&figures);
    assert_eq!((figures.spans, figures.pieces, figures.fragment_bytes), (12_500, 200_000, 4_000_000));
}

#[test]
fn no_span_size_makes_more_children_than_the_map_can_tell_of() {
    for (length, piece_length) in [(MAX_OBJECT_BYTES, 256 << 20), (5 * TIB, 32 << 20), (3_000_000_000, 16 << 10)] {
        let piece_length = PieceLength::new(piece_length).expect("a piece length");
        for span_size in [1, 1 << 20, 1 << 26, 1 << 32] {
            keeps_the_limits(&of(length, piece_length, span_size, 0));
        }
    }
}

#[test]
fn the_largest_collections_keep_them_too() {
    for length in [MAX_OBJECT_BYTES, 500_000_000, 100_000] {
        let figures = of(length, PieceLength::for_object_of(length), 0, 100_000);
        keeps_the_limits(&figures);
        assert!(figures.manifest_bytes < 20_000_000, "{figures:?}");
    }
    let figures = of(500_000_000, PieceLength::for_object_of(500_000_000), 0, 100_000);
    assert!(figures.most_reads < 2_100, "{figures:?}");
}
