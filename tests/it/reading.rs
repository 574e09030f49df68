//! Reading: every size, ranges side by side, each held to the object that HEAD saw.

use test_s3::{Content, FakeS3, Fault, Matcher, Operation};

use super::{
    harness::{model, serving},
    setup::Setup,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Reads an object of `length` bytes, whose hashes are right.
async fn read(length: u64, piece_length: u64, variables: &[(&str, &str)]) -> FakeS3 {
    let content = Content::random(length, length);
    let s3 = serving(content.clone()).await;
    let setup = Setup::new(&s3).identity(None);
    let torrent = setup.set_all(variables).function().await.get("/data/a").await.torrent();
    assert_eq!((torrent.info.length, torrent.info.piece_length), (length, piece_length));
    assert_eq!(torrent.info.pieces, model(&content, piece_length), "{length} bytes");
    s3
}

fn ranges(s3: &FakeS3) -> Vec<(u64, u64)> {
    let gets = s3.calls_of(Operation::GetObject);
    let etag = s3.object("data", "a").expect("the object").etag;
    assert!(gets.iter().all(|call| call.if_match.as_ref() == Some(&etag)), "{gets:?}");
    let mut ranges: Vec<_> = gets.iter().filter_map(|call| call.range).collect();
    ranges.sort_unstable();
    ranges
}

#[tokio::test]
async fn every_size_around_a_piece_or_a_range_is_hashed_right() {
    let piece = 256 * KIB;
    for length in [1, 2, piece - 1, piece, piece + 1, 2 * piece, 3 * piece - 1, 5 * MIB + 3] {
        read(length, piece, &[]).await;
    }
    for length in [16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 40 * MIB] {
        read(length, piece, &[]).await;
    }
}

#[tokio::test]
async fn half_a_gibibyte_and_more_has_larger_pieces() {
    read(513 * MIB, 512 * KIB, &[]).await;
}

#[tokio::test]
async fn ranges_are_whole_pieces_and_each_byte_is_asked_for_once_with_the_etag() {
    for (piece, range, step) in [(64 * KIB, "100000", 128 * KIB), (MIB, "16384", MIB)] {
        let length = 2 * MIB + 7;
        let s3 = read(length, piece, &[("PIECE_LENGTH", &piece.to_string()), ("RANGE_SIZE", range)]).await;
        let starts = (0..length.div_ceil(step)).map(|number| number * step);
        let expected = starts.map(|start| (start, (start + step).min(length) - 1));
        assert_eq!(ranges(&s3), expected.collect::<Vec<_>>());
    }
    assert_eq!(ranges(&read(40 * MIB + 1, 256 * KIB, &[]).await).len(), 3);
}

#[tokio::test]
async fn no_more_reads_run_side_by_side_than_allowed() {
    let s3 = serving(Content::random(16 * MIB, 3)).await;
    s3.fault(Matcher::any(), Fault::Delay(std::time::Duration::from_millis(30)));
    for concurrency in [1, 5] {
        let setup = Setup::new(&s3).identity(None).set("RANGE_SIZE", "524288");
        let function = setup.set("FETCH_CONCURRENCY", concurrency.to_string()).function().await;
        s3.clear_calls();
        function.get("/data/a").await.torrent();
        assert_eq!(s3.peak_gets(), concurrency);
    }
}
