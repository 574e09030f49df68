//! The largest objects: their torrents still fit a Lambda response and what clients load.

use std::time::UNIX_EPOCH;

use get_object_torrent::torrent::{Info, Metainfo, PieceHash, PieceLength, Pieces, torrent_name};
use sha1::{Digest, Sha1};
use test_s3::{Bucket, Content, FakeS3, Object};

use super::harness::{Answer, Function, function_url};

const MIB: u64 = 1024 * 1024;
const TIB: u64 = 1024 * 1024 * MIB;
/// S3's largest object: 48.8 TiB.
const LARGEST: u64 = 53_687_091_200_000;
/// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>, as Lambda counts it.
const LAMBDA_RESPONSE: usize = 6_291_556;
/// libtorrent's `max_pieces`.
const LIBTORRENT_PIECES: u64 = 2_097_152;

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
    for (length, piece_length) in [(5 * TIB, 32 * MIB), (LARGEST, 256 * MIB)] {
        let s3 = FakeS3::start([Bucket::public("data")]).await;
        let object = Object::new(Content::random(length, 1));
        s3.put("data", &format!("{key}.torrent"), sidecar("data", &key, &object));
        s3.put("data", &key, object);
        let function = Function::start(&s3, &variables).await;
        let response = function.invoke(&function_url("GET", &path, "torrent", &[]), UNIX_EPOCH).await;
        let size = response.to_string().len();
        let answer = Answer::from(response);
        let torrent = answer.torrent();
        assert_eq!((answer.origin(), torrent.info.piece_length), ("sidecar", piece_length));
        let pieces = torrent.info.pieces.count();
        assert_eq!(pieces, length.div_ceil(piece_length));
        assert!(pieces <= LIBTORRENT_PIECES && size < LAMBDA_RESPONSE, "{length}: {pieces}, {size}");
    }
}
