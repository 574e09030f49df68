//! What is in a collection's torrent: files, pieces, web seeds.

use std::time::{Duration, UNIX_EPOCH};

use get_object_torrent::torrent::Info;
use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any},
    prop_oneof,
    test_runner::{Config, TestRunner},
};
use serde_bencode::value::Value;
use test_s3::{Bucket, Content, FakeS3, Object, Operation, Rights, Who};
use tokio::runtime::Runtime;

use super::{file, server, together};
use crate::harness::{Function, model};

const KIB: u64 = 1024;
const PIECE: u64 = 16 * KIB;

#[tokio::test]
async fn a_prefix_is_a_torrent_of_its_objects_in_the_order_of_their_keys() {
    let s3 = server(&[("set/b", 300_000), ("set/a/é", 5), ("set/a-b", 0), ("set/c", 262_144), ("other", 1)]).await;
    let newest = Object::new("12345").last_modified(UNIX_EPOCH + Duration::from_secs(4_000_000_000));
    s3.put("data", "set/a/é", newest);
    let answer = Function::start(&s3, &[]).await.get("/data/set/").await;
    let torrent = answer.torrent();
    let Info { files, name, length, piece_length, pieces } = torrent.info;
    assert_eq!(files, [file("a-b", 0), file("a/é", 5), file("b", 300_000), file("c", 262_144)]);
    assert_eq!((name.as_str(), length, piece_length), ("set", 562_149, 262_144));
    assert_eq!(pieces, model(&together(&s3, &["set/a/é", "set/b", "set/c"]), piece_length));
    assert_eq!(torrent.creation_date, Some(4_000_000_000));
    assert_eq!((answer.header("x-torrent-files"), answer.origin()), (Some("4"), "object"));
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"set.torrent\""));
    let Value::Dict(metainfo) = serde_bencode::from_bytes(&answer.body).expect("bencode") else {
        panic!("a dictionary")
    };
    let Value::Dict(info) = &metainfo[&b"info"[..]] else { panic!("a dictionary") };
    let mut keys: Vec<_> = info.keys().map(|key| String::from_utf8_lossy(key)).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["files", "name", "piece length", "pieces"]);
}

/// By templates that end in the key.
#[tokio::test]
async fn web_seeds_are_the_parent_folder_and_the_only_file_too() {
    let s3 = server(&[("a b/é/x", 1), ("a b/é/y", 1), ("top/x", 1), ("top/y", 1)]).await;
    for (key, size) in [("a b/one/only.bin", 5), ("two/sub/é+.bin", 5), ("two/sub/", 0)] {
        s3.put("data", key, Content::random(size, 1));
    }
    let seeds = "https://{bucket}.h/{key},https://h/{bucket}/{key},https://h/{key}/x";
    let function = Function::start(&s3, &[("WEB_SEEDS", seeds)]).await;
    for (path, expected) in [
        ("a%20b/%C3%A9/", &["a%20b/"][..]),
        ("top/", &[""]),
        ("a%20b/one/", &["a%20b/", "a%20b/one/only.bin"]),
        ("two/", &["", "two/sub/%C3%A9%2B.bin"]),
    ] {
        let torrent = function.get(&format!("/data/{path}")).await.torrent();
        let at = |host| expected.iter().map(move |path| format!("https://{host}/{path}"));
        assert_eq!(torrent.web_seeds, at("data.h").chain(at("h/data")).collect::<Vec<_>>());
    }
    let s3 = FakeS3::start([Bucket::public("my.data").allow(Who::Everyone, "*", Rights::LIST)]).await;
    s3.put("my.data", "one/only.bin", "content");
    let variables = [("WEB_SEEDS", "https://{bucket}.s3/{key},https://s3/{bucket}/{key}"), ("BUCKETS", "my.data")];
    let torrent = Function::start(&s3, &variables).await.get("/my.data/one/").await.torrent();
    assert_eq!(torrent.web_seeds, ["https://s3/my.data/", "https://s3/my.data/one/only.bin"]);
}

/// Pieces run across objects of these sizes.
fn size() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => prop_oneof![Just(0), Just(1), Just(PIECE - 1), Just(PIECE), Just(PIECE + 1), Just(4 * PIECE)],
        3 => 0..5 * KIB,
        2 => 0..5 * PIECE,
        1 => 0..2 * KIB * KIB,
    ]
}

#[test]
fn any_sizes_at_any_piece_length_concurrency_and_range_equal_the_naive_model() {
    let runtime = Runtime::new().expect("a runtime");
    let piece_length = (0_u32..8).prop_map(|power| PIECE << power);
    let range = prop_oneof![Just(PIECE), Just(100_000), Just(1024 * KIB), Just(16 * 1024 * KIB)];
    let cases = (vec(size(), 1..40), piece_length, 1_usize..=64, range, any::<bool>());
    let mut runner = TestRunner::new(Config { cases: 12, failure_persistence: None, ..Config::default() });
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
    let keys: Vec<_> = (0..200).map(|number| format!("p/{number:03}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let sizes = (0..200).map(|number| number % 97 * 61);
    let s3 = server(&keys.iter().copied().zip(sizes).collect::<Vec<_>>()).await;
    let function = Function::start(&s3, &[("FETCH_CONCURRENCY", "32")]).await;
    let info = function.get("/data/p/").await.torrent().info;
    assert_eq!(info.pieces, model(&together(&s3, &keys), info.piece_length));
    // A piece's end within an object makes no further request, and of three objects nothing is asked for.
    let reads = s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.range.is_some());
    assert_eq!(reads.count(), 200 - 3);
}
