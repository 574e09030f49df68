//! What is in a collection's torrent: files, pieces, web seeds.

use std::time::{Duration, UNIX_EPOCH};

use get_object_torrent::torrent::Info;
use serde_bencode::value::Value;
use test_s3::{Bucket, Content, FakeS3, Object, Rights, Who};

use super::{file, server, together};
use crate::harness::{Function, model};

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

#[tokio::test]
async fn a_torrent_that_fits_no_response_is_refused() {
    let s3 = server(&[]).await;
    for number in 0..2_500 {
        s3.put("data", &format!("p/{}/{number}", "n".repeat(235)), "");
    }
    s3.put("data", "p/z", Content::random(3 * 1024 * 1024 * 1024, 1));
    let variables = [("MAX_COLLECTION_OBJECTS", "100000"), ("PIECE_LENGTH", "16384")];
    let answer = Function::start(&s3, &variables).await.get("/data/p/").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.text().contains("4500000"), "{}", answer.text());
}
