//! Reading: every size, ranges side by side, each held to the object that HEAD saw.

use test_s3::{Bucket, Content, FakeS3, Operation};

use super::harness::{Function, model};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

async fn pieces(length: u64, piece_length: u64, variables: &[(&str, &str)]) {
    let content = Content::cheap(length, length);
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", content.clone());
    let torrent = Function::start(&s3, variables).await.get("/data/a").await.torrent();
    assert_eq!((torrent.info.length, torrent.info.piece_length), (length, piece_length));
    assert_eq!(torrent.info.pieces, model(&content, piece_length), "{length} bytes");
}

#[tokio::test]
async fn every_size_around_a_piece_is_hashed_right() {
    let piece = 256 * KIB;
    for length in [1, 2, piece - 1, piece, piece + 1, 2 * piece, 3 * piece - 1, 5 * MIB + 3] {
        pieces(length, piece, &[]).await;
    }
}

#[tokio::test]
async fn every_size_around_a_range_is_hashed_right() {
    for length in [16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 64 * MIB] {
        pieces(length, 256 * KIB, &[]).await;
    }
}

#[tokio::test]
async fn ranges_are_rounded_up_to_whole_pieces() {
    let variables = [("PIECE_LENGTH", "65536"), ("RANGE_SIZE", "100000")];
    pieces(MIB + 7, 64 * KIB, &variables).await;
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::cheap(MIB + 7, 1));
    Function::try_start(&s3, &variables, None).await.expect("a function").get("/data/a").await.torrent();
    let mut ranges: Vec<_> = s3.calls_of(Operation::GetObject).iter().filter_map(|call| call.range).collect();
    ranges.sort_unstable();
    let step = 128 * KIB;
    let expected = (0..9).map(|number| (number * step, (number * step + step).min(MIB + 7) - 1));
    assert_eq!(ranges, expected.collect::<Vec<_>>());
}

#[tokio::test]
async fn pieces_larger_than_a_range_are_read_whole() {
    let variables = [("PIECE_LENGTH", "4194304"), ("RANGE_SIZE", "16384"), ("FETCH_CONCURRENCY", "3")];
    pieces(9 * MIB + 1, 4 * MIB, &variables).await;
}

#[tokio::test]
async fn every_read_carries_the_etag_and_each_byte_is_asked_for_once() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let content = Content::cheap(40 * MIB + 1, 3);
    s3.put("data", "a", content.clone());
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let gets: Vec<_> = s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.key == "a").collect();
    assert!(gets.iter().all(|call| call.if_match == Some(content.etag())), "{gets:?}");
    let asked: u64 = gets.iter().filter_map(|call| call.range).map(|(first, last)| last + 1 - first).sum();
    assert_eq!((gets.len(), asked), (3, content.length()));
}

#[tokio::test]
async fn no_more_reads_run_side_by_side_than_allowed() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::cheap(64 * MIB, 3));
    s3.set_latency(std::time::Duration::from_millis(30));
    for concurrency in [1, 5] {
        let variables = [("FETCH_CONCURRENCY", concurrency.to_string()), ("RANGE_SIZE", "2097152".to_owned())];
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        let function = Function::try_start(&s3, &variables, None).await.expect("a function");
        s3.clear_calls();
        function.get("/data/a").await.torrent();
        assert_eq!(s3.peak_gets(), concurrency);
    }
}

#[tokio::test]
async fn a_gibibyte_is_hashed_right() {
    // A debug build on a busy machine may need more than the default.
    pieces(1024 * MIB, 512 * KIB, &[("TIME_BUDGET_MS", "900000")]).await;
}
