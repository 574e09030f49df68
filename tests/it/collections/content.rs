//! What is in a collection's torrent: files, pieces, web seeds.

use std::time::{Duration, UNIX_EPOCH};

use get_object_torrent::torrent::Info;
use serde_bencode::value::Value;
use test_s3::{Bucket, FakeS3, Object, Rights, Who};

use super::{file, server, together};
use crate::harness::{Function, model};

#[tokio::test]
async fn a_prefix_is_a_torrent_of_its_objects_in_the_order_of_their_keys() {
    let s3 = server(&[("set/b", 300_000), ("set/a/é", 5), ("set/a-b", 0), ("set/c", 262_144), ("other", 1)]).await;
    let answer = Function::start(&s3, &[]).await.get("/data/set/").await;
    let Info { files, name, length, piece_length, pieces } = answer.torrent().info;
    assert_eq!(files, [file("a-b", 0), file("a/é", 5), file("b", 300_000), file("c", 262_144)]);
    assert_eq!((name.as_str(), length, piece_length), ("set", 562_149, 262_144));
    assert_eq!(pieces, model(&together(&s3, &["set/a/é", "set/b", "set/c"]), piece_length));
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

#[tokio::test]
async fn web_seeds_are_the_parent_folder_by_templates_that_end_in_the_key() {
    let s3 = server(&[("a b/é/x", 1), ("a b/é/y", 1), ("top/x", 1), ("top/y", 1)]).await;
    let seeds = "https://{bucket}.h/{key},https://h/{bucket}/{key},https://h/{key}/x";
    let function = Function::start(&s3, &[("WEB_SEEDS", seeds)]).await;
    let below = function.get("/data/a%20b/%C3%A9/").await.torrent();
    assert_eq!(below.web_seeds, ["https://data.h/a%20b/", "https://h/data/a%20b/"]);
    assert_eq!(below.info.name, "é");
    assert_eq!(function.get("/data/top/").await.torrent().web_seeds, ["https://data.h/", "https://h/data/"]);
}

#[tokio::test]
async fn the_only_file_is_a_web_seed_too_beside_each_folder() {
    let s3 = server(&[("a b/one/only.bin", 5), ("two/sub/é+.bin", 5), ("two/sub/", 0)]).await;
    let seeds = "https://{bucket}.h/{key},https://h/{bucket}/{key},https://h/{key}/x";
    let function = Function::start(&s3, &[("WEB_SEEDS", seeds)]).await;
    let web_seeds = async |path| function.get(path).await.torrent().web_seeds;
    assert_eq!(
        web_seeds("/data/a%20b/one/").await,
        [
            "https://data.h/a%20b/",
            "https://data.h/a%20b/one/only.bin",
            "https://h/data/a%20b/",
            "https://h/data/a%20b/one/only.bin"
        ]
    );
    assert_eq!(
        web_seeds("/data/two/").await,
        [
            "https://data.h/",
            "https://data.h/two/sub/%C3%A9%2B.bin",
            "https://h/data/",
            "https://h/data/two/sub/%C3%A9%2B.bin"
        ]
    );
    let dotted = "https://{bucket}.s3/{key},https://s3/{bucket}/{key}";
    let s3 = FakeS3::start([Bucket::public("my.data").allow(Who::Everyone, "*", Rights::LIST)]).await;
    s3.put("my.data", "one/only.bin", "content");
    let function = Function::start(&s3, &[("WEB_SEEDS", dotted), ("BUCKETS", "my.data")]).await;
    let torrent = function.get("/my.data/one/").await.torrent();
    assert_eq!(torrent.web_seeds, ["https://s3/my.data/", "https://s3/my.data/one/only.bin"]);
}

#[tokio::test]
async fn the_creation_date_is_that_of_the_newest_object() {
    let s3 = server(&[]).await;
    for (key, seconds) in [("p/a", 1_700_000_100), ("p/b", 1_700_000_900), ("p/c", 1_700_000_500)] {
        s3.put("data", key, Object::new(key).last_modified(UNIX_EPOCH + Duration::from_secs(seconds)));
    }
    let torrent = Function::start(&s3, &[]).await.get("/data/p/").await.torrent();
    assert_eq!(torrent.creation_date, Some(1_700_000_900));
}

#[tokio::test]
async fn many_long_names_make_larger_pieces_so_that_the_torrent_fits() {
    let s3 = server(&[]).await;
    for number in 0..20_000 {
        s3.put("data", &format!("p/{}/{number}", "n".repeat(150)), "");
    }
    s3.put("data", "p/z", test_s3::Content::cheap(2 * 1024 * 1024 * 1024, 1));
    let variables = [("MAX_COLLECTION_OBJECTS", "100000"), ("PIECE_LENGTH", "16384"), ("TIME_BUDGET_MS", "900000")];
    let answer = Function::start(&s3, &variables).await.get("/data/p/").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.text().contains("4500000"), "{}", answer.text());
}
