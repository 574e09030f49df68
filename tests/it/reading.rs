//! Reading: every size, ranges side by side, each held to the object that HEAD saw. The largest object's torrent fits.

use std::time::UNIX_EPOCH;

use get_object_torrent::torrent::{Info, Metainfo, PieceHash, PieceLength, Pieces, torrent_name};
use sha1::{Digest, Sha1};
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Operation};

use super::{
    harness::{Answer, Function, function_url, model, serving},
    setup::Setup,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// S3's largest object: 48.8 TiB.
const LARGEST: u64 = 53_687_091_200_000;
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, as Lambda counts it.
const LAMBDA_RESPONSE: usize = 6_291_556;

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
    let around_a_range = [16 * MIB - 1, 16 * MIB, 16 * MIB + 1, 40 * MIB];
    for length in [1, piece - 1, piece, piece + 1, 2 * piece, 5 * MIB + 3].into_iter().chain(around_a_range) {
        read(length, piece, &[]).await;
    }
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

/// A torrent of `length` bytes with hashes that only look like some, kept as the sidecar of `key`.
fn sidecar(bucket: &str, key: &str, object: &Object) -> Object {
    let length = object.content.length();
    let piece_length = PieceLength::for_object_of(length);
    let hashes: Vec<PieceHash> =
        (0..piece_length.piece_count(length)).map(|piece| Sha1::digest(piece.to_be_bytes()).into()).collect();
    let pieces = Pieces::from(hashes);
    let info = Info { length, files: Vec::new(), name: torrent_name(key), piece_length: piece_length.get(), pieces };
    let info_hash = info.info_hash().expect("an info hash").to_string();
    let metainfo = Metainfo::new(info, None, &[], Vec::new());
    Object::new(metainfo.to_bytes().expect("a torrent"))
        .metadata("torrent-format", "1")
        .metadata("torrent-source-key-sha1", &hex::encode(Sha1::digest(format!("{bucket}/{key}"))))
        .metadata("torrent-source-etag", &object.etag)
        .metadata("torrent-source-length", &length.to_string())
        .metadata("torrent-info-hash", &info_hash)
}

#[tokio::test]
async fn the_largest_torrents_fit_a_lambda_response() {
    // As much as can stand around the hashes: a key of 1,016 bytes, percent-encoded in each web seed.
    let folder = format!("{}/", "ü".repeat(380));
    let key = format!("{folder}{}", "%".repeat(255));
    let path = format!("/data/{}/{}", "%C3%BC".repeat(380), "%25".repeat(255));
    let trackers: Vec<_> = (0..20).map(|number| format!("udp://tracker{number}.example.org:6969")).collect();
    let variables = [("MAX_OBJECT_SIZE", LARGEST.to_string()), ("TRACKERS", trackers.join(","))];
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let object = Object::new(Content::repeated(LARGEST, vec![7; 65_536]));
    s3.put("data", &format!("{key}.torrent"), sidecar("data", &key, &object));
    s3.put("data", &key, object);
    let function = Function::start(&s3, &variables).await;
    let response = function.invoke(&function_url("GET", &path, "torrent", &[]), UNIX_EPOCH).await;
    let size = response.to_string().len();
    let answer = Answer::from(response);
    assert_eq!((answer.origin(), answer.torrent().info.pieces.count()), ("sidecar", 200_000));
    assert!(size < LAMBDA_RESPONSE, "{size}");
}
