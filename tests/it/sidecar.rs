//! The sidecar: a cache that is verified, renewed, never in the way, and never over anything of the user's.

use std::time::{Duration, UNIX_EPOCH};

use get_object_torrent::torrent::Metainfo;
use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::harness::{Answer, Function, function_url};

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    s3
}

fn sidecar(s3: &FakeS3) -> Object {
    s3.object("data", "a.torrent").expect("a sidecar")
}

/// How many GETs of the object's bytes there were.
fn reads(s3: &FakeS3) -> usize {
    s3.calls_of(Operation::GetObject).iter().filter(|call| call.key == "a").count()
}

fn role() -> Who {
    Who::AccessKey(Identity::role().access_key)
}

async fn assert_cached(s3: &FakeS3, function: &Function) -> Answer {
    s3.clear_calls();
    let answer = function.get("/data/a").await;
    assert_eq!((answer.origin(), reads(s3)), ("sidecar", 0));
    answer
}

#[tokio::test]
async fn the_second_answer_comes_from_the_sidecar_in_two_requests() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let first = function.get("/data/a").await;
    assert_eq!(first.origin(), "object");
    let second = assert_cached(&s3, &function).await;
    assert_eq!(second.body, first.body);
    assert_eq!(s3.calls().len(), 2, "{:?}", s3.calls());
}

#[tokio::test]
async fn it_is_a_plain_download_that_names_its_source() {
    let s3 = server().await;
    let answer = Function::start(&s3, &[]).await.get("/data/a").await;
    let sidecar = sidecar(&s3);
    assert_eq!(sidecar.content.to_bytes(), answer.body);
    assert_eq!(sidecar.content_type.as_deref(), Some("application/x-bittorrent"));
    assert_eq!(sidecar.content_disposition.as_deref(), Some("attachment; filename=\"a.torrent\""));
    let etag = s3.object("data", "a").expect("the object").etag;
    for (name, value) in [
        ("torrent-format", "1"),
        ("torrent-source-key-sha1", "9f09093e4b23584d5975610a1fabaabb49555c8b"),
        ("torrent-source-etag", &etag),
        ("torrent-source-length", "7"),
        ("torrent-info-hash", answer.header("x-torrent-info-hash").expect("an info hash")),
    ] {
        assert_eq!(sidecar.metadata.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!(sidecar.metadata.len(), 5, "{:?}", sidecar.metadata);
}

#[tokio::test]
async fn writes_are_conditional() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    let first = sidecar(&s3).etag;
    s3.put("data", "a", "changed");
    function.get("/data/a").await.torrent();
    let puts = s3.calls_of(Operation::PutObject);
    assert_eq!(puts.len(), 2);
    assert_eq!((puts[0].if_none_match.as_deref(), &puts[0].if_match), (Some("*"), &None));
    assert_eq!((&puts[1].if_none_match, &puts[1].if_match), (&None, &Some(first)));
}

#[tokio::test]
async fn it_is_renewed_when_the_object_changed() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let before = function.get("/data/a").await.torrent();
    for object in [Object::new("changed"), Object::new("longer content"), Object::new("content").etag("\"other\"")] {
        s3.put("data", "a", object);
        assert_eq!(function.get("/data/a").await.origin(), "object");
        assert_cached(&s3, &function).await;
    }
    assert_eq!(function.get("/data/a").await.torrent().info, before.info);
}

#[tokio::test]
async fn another_version_of_the_same_bytes_has_its_own_metadata() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    let second = s3.put("data", "a", "content");
    assert_eq!(function.get("/data/a").await.origin(), "object");
    assert_eq!(sidecar(&s3).metadata.get("torrent-source-version"), second.as_ref());
    assert_cached(&s3, &function).await;
}

#[tokio::test]
async fn a_version_asked_for_has_a_sidecar_of_its_own() {
    let versions = Rights::READ | Rights::READ_VERSION;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", versions)]).await;
    let first = s3.put("data", "a", "first").expect("a version");
    s3.put("data", "a", "second");
    let function = Function::start(&s3, &[]).await;
    let event = function_url("GET", "/data/a", &format!("torrent&versionId={first}"), &[]);
    for origin in ["object", "sidecar"] {
        let answer = function.send(&event).await;
        assert_eq!((answer.origin(), answer.torrent().info.length), (origin, 5));
    }
    assert_eq!(s3.keys("data"), ["a".to_owned(), format!("a.{first}.torrent")]);
}

#[tokio::test]
async fn two_objects_that_share_a_sidecar_key_leave_each_other_alone() {
    let versions = Rights::READ | Rights::READ_VERSION;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", versions)]).await;
    let id = s3.put("data", "v", "a version of v").expect("a version");
    s3.put("data", &format!("v.{id}"), "another object");
    let function = Function::start(&s3, &[]).await;
    let event = function_url("GET", "/data/v", &format!("torrent&versionId={id}"), &[]);
    let of_version = function.send(&event).await.torrent().info;
    let path = format!("/data/v.{id}");
    for _ in 0..2 {
        let answer = function.get(&path).await;
        assert_eq!((answer.origin(), answer.torrent().info.length), ("object", 14));
    }
    let again = function.send(&event).await;
    assert_eq!((again.origin(), again.torrent().info), ("sidecar", of_version));
}

#[tokio::test]
async fn only_the_wrapping_is_renewed_when_only_that_changed() {
    let s3 = server().await;
    let info = Function::start(&s3, &[]).await.get("/data/a").await.torrent().info;
    let variables = [("TRACKERS", "udp://t.example:1"), ("WEB_SEEDS", "https://cdn.example/{key}")];
    let function = Function::start(&s3, &variables).await;
    let wrapped = assert_cached(&s3, &function).await.torrent();
    assert_eq!((&wrapped.info, wrapped.announce.as_deref()), (&info, Some("udp://t.example:1")));
    assert_eq!(Metainfo::from_bytes(&sidecar(&s3).content.to_bytes()).expect("a torrent"), wrapped);
    assert_cached(&s3, &function).await;
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 0, "nothing was to be stored any more");

    let later = UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    s3.put("data", "a", Object::new("content").last_modified(later));
    assert_eq!(assert_cached(&s3, &function).await.torrent().creation_date, Some(2_000_000_000));
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 1);
}

#[tokio::test]
async fn a_sidecar_with_the_three_web_seeds_of_before_is_renewed_without_a_read() {
    let s3 = server().await;
    let three = [
        "https://{bucket}.s3.{region}.{suffix}/{key}",
        "https://s3.{region}.{suffix}/{bucket}/{key}",
        "https://s3.dualstack.{region}.{suffix}/{bucket}/{key}",
    ];
    let before = Function::start(&s3, &[("WEB_SEEDS", &three.join(","))]).await.get("/data/a").await.torrent();
    assert_eq!(before.web_seeds.len(), 3);
    let renewed = assert_cached(&s3, &Function::start(&s3, &[]).await).await.torrent();
    let two = [before.web_seeds[0].clone(), before.web_seeds[2].clone()];
    assert_eq!((renewed.info, renewed.web_seeds), (before.info, two.to_vec()));
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 1);
}

#[tokio::test]
async fn another_fixed_piece_length_is_hashed_anew() {
    let s3 = server().await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let fixed = Function::start(&s3, &[("PIECE_LENGTH", "65536")]).await;
    assert_eq!(fixed.get("/data/a").await.origin(), "object");
    assert_eq!(assert_cached(&s3, &fixed).await.torrent().info.piece_length, 65_536);
    let by_size = Function::start(&s3, &[]).await;
    assert_eq!(assert_cached(&s3, &by_size).await.torrent().info.piece_length, 65_536);
}

#[tokio::test]
async fn any_damaged_byte_is_noticed_and_mended() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::random(40_000, 5));
    let function = Function::start(&s3, &[("PIECE_LENGTH", "16384")]).await;
    let right = function.get("/data/a").await.body;
    let stored = sidecar(&s3);
    for position in 0..right.len() {
        let mut bytes = right.clone();
        bytes[position] ^= 0x11;
        s3.put("data", "a.torrent", Object { content: bytes.into(), ..stored.clone() });
        assert_eq!(function.get("/data/a").await.body, right, "byte {position}");
        assert_eq!(sidecar(&s3).content.to_bytes(), right, "byte {position} was not mended");
    }
    for length in [0, 1, 20, right.len() - 1] {
        let bytes = right[..length].to_vec();
        s3.put("data", "a.torrent", Object { content: bytes.into(), ..stored.clone() });
        assert_eq!(function.get("/data/a").await.body, right, "{length} bytes");
    }
}

#[tokio::test]
async fn lying_metadata_are_not_believed() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let right = function.get("/data/a").await.body;
    let stored = sidecar(&s3);
    for (name, value) in [
        ("torrent-format", "2"),
        ("torrent-source-etag", "\"other\""),
        ("torrent-source-version", "v1"),
        ("torrent-source-length", "8"),
        ("torrent-source-length", "seven"),
        ("torrent-info-hash", "0000000000000000000000000000000000000000"),
    ] {
        s3.put("data", "a.torrent", stored.clone().metadata(name, value));
        let answer = function.get("/data/a").await;
        assert_eq!((answer.origin(), &answer.body), ("object", &right), "{name}: {value}");
        assert_eq!(sidecar(&s3).metadata, stored.metadata, "{name} was not renewed");
    }
}

#[tokio::test]
async fn a_torrent_of_another_name_or_length_is_not_believed() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let right = function.get("/data/a").await;
    let stored = sidecar(&s3);
    let mut other = right.torrent();
    other.info.name = "b".to_owned();
    let info_hash = other.info.info_hash().expect("an info hash").to_string();
    let bytes = other.to_bytes().expect("bytes");
    let forged = Object { content: bytes.into(), ..stored.clone() }.metadata("torrent-info-hash", &info_hash);
    s3.put("data", "a.torrent", forged);
    assert_eq!(function.get("/data/a").await.body, right.body);
}

#[tokio::test]
async fn an_object_of_the_users_is_left_alone() {
    for metadata in [None, Some(("torrent-format", "1")), Some(("torrent-source-key-sha1", "00"))] {
        let s3 = server().await;
        let users = Object::new("the user's own");
        let users = metadata.map_or(users.clone(), |(name, value)| users.metadata(name, value));
        s3.put("data", "a.torrent", users.clone());
        let function = Function::start(&s3, &[]).await;
        for _ in 0..2 {
            assert_eq!(function.get("/data/a").await.origin(), "object");
        }
        assert_eq!(sidecar(&s3).content.to_bytes(), users.content.to_bytes());
        assert_eq!(s3.calls_of(Operation::PutObject).len(), 0, "{metadata:?}");
    }
}

#[tokio::test]
async fn an_object_that_appears_meanwhile_is_left_alone() {
    let s3 = server().await;
    s3.fault(Matcher::put(), Fault::replace("data", "a.torrent", "the user's own"));
    let function = Function::start(&s3, &[]).await;
    assert_eq!(function.get("/data/a").await.status, 200);
    assert_eq!(sidecar(&s3).content.to_bytes(), "the user's own");

    s3.clear_faults();
    s3.put("data", "b", "content");
    function.get("/data/b").await.torrent();
    s3.put("data", "b", "changed");
    s3.fault(Matcher::put(), Fault::replace("data", "b.torrent", "the user's own"));
    assert_eq!(function.get("/data/b").await.status, 200);
    assert_eq!(s3.object("data", "b.torrent").expect("an object").content.to_bytes(), "the user's own");
}

#[tokio::test]
async fn no_trouble_with_it_fails_a_request() {
    let of_sidecar = || Matcher::any().key_contains(".torrent");
    for fault in [
        Fault::access_denied(),
        Fault::internal_error(),
        Fault::slow_down(),
        Fault::conflict(),
        Fault::precondition_failed(),
        Fault::error(400, "InvalidArgument"),
        Fault::Reset,
        Fault::CutBody(10),
        Fault::Delay(Duration::from_secs(30)),
    ] {
        let s3 = server().await;
        let function = Function::start(&s3, &[]).await;
        function.get("/data/a").await.torrent();
        s3.fault(of_sidecar(), fault.clone());
        let answer = function.get("/data/a").await;
        assert_eq!(answer.status, 200, "{fault:?}: {}", answer.text());
        s3.put("data", "a", "a longer content");
        assert_eq!(function.get("/data/a").await.torrent().info.length, 16, "{fault:?}");
    }
}

#[tokio::test]
async fn one_that_takes_over_two_seconds_to_read_is_not_waited_for() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    s3.fault(Matcher::get().key("a.torrent").nth(1), Fault::Delay(Duration::from_secs(3)));
    assert_eq!(function.get("/data/a").await.origin(), "object");
    assert_cached(&s3, &function).await;
}

#[tokio::test]
async fn one_that_may_not_be_read_counts_as_missing_and_is_written() {
    let s3 = server().await;
    s3.alter("data", |bucket| bucket.deny(role(), "*.torrent", Rights::READ));
    let function = Function::start(&s3, &[]).await;
    for _ in 0..2 {
        assert_eq!(function.get("/data/a").await.origin(), "object");
    }
    assert_eq!(s3.keys("data"), ["a", "a.torrent"]);
    let puts = s3.calls_of(Operation::PutObject);
    assert!(puts.iter().all(|put| put.if_none_match.as_deref() == Some("*")), "{puts:?}");
}

#[tokio::test]
async fn an_archived_object_in_its_place_is_left_alone() {
    let s3 = server().await;
    s3.put("data", "a.torrent", Object::new("the user's own").storage_class("GLACIER"));
    assert_eq!(Function::start(&s3, &[]).await.get("/data/a").await.origin(), "object");
    assert_eq!(sidecar(&s3).content.to_bytes(), "the user's own");
}

#[tokio::test]
async fn a_deeply_nested_one_is_damaged_and_mended() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let right = function.get("/data/a").await.body;
    let stored = sidecar(&s3);
    for start in ["d1:a", "d13:announce-list", "d8:url-list", "d4:infod1:a", "d4:infod6:pieces", ""] {
        let depth = 200_000;
        let nested = format!("{start}{}{}e", "l".repeat(depth), "e".repeat(depth));
        s3.put("data", "a.torrent", Object { content: nested.into(), ..stored.clone() });
        assert_eq!(function.get("/data/a").await.body, right, "{start}");
        assert_eq!(sidecar(&s3).content.to_bytes(), right, "{start}");
    }
}

#[tokio::test]
async fn it_is_written_for_the_object_that_was_read_at_last() {
    let s3 = server().await;
    s3.fault(Matcher::get().key("a").nth(1), Fault::replace("data", "a", "changed content"));
    let answer = Function::start(&s3, &[]).await.get("/data/a").await;
    assert_eq!((answer.origin(), answer.torrent().info.length), ("object", 15));
    assert_eq!(sidecar(&s3).content.to_bytes(), answer.body);
}

#[tokio::test]
async fn without_rights_on_it_the_torrent_is_served_uncached() {
    let s3 = server().await;
    s3.alter("data", |bucket| bucket.deny(role(), "*.torrent", Rights::ALL));
    let function = Function::start(&s3, &[]).await;
    for _ in 0..2 {
        assert_eq!(function.get("/data/a").await.origin(), "object");
    }
    assert_eq!(s3.keys("data"), ["a"]);
}

#[tokio::test]
async fn it_may_lie_elsewhere() {
    let s3 = server().await;
    s3.add(Bucket::private("torrents"));
    let variables = [("SIDECAR_BUCKET", "torrents"), ("SIDECAR_PREFIX", "t/"), ("SIDECAR_SUFFIX", "")];
    let function = Function::start(&s3, &variables).await;
    function.get("/data/a").await.torrent();
    assert_cached(&s3, &function).await;
    assert_eq!((s3.keys("torrents"), s3.keys("data")), (vec!["t/data/a".to_owned()], vec!["a".to_owned()]));
}

#[tokio::test]
async fn a_key_too_long_for_a_sidecar_is_served_uncached() {
    let s3 = server().await;
    let key = "k".repeat(1017);
    s3.put("data", &key, "content");
    let function = Function::start(&s3, &[]).await;
    for _ in 0..2 {
        assert_eq!(function.get(&format!("/data/{key}")).await.origin(), "object");
    }
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 0);
}

#[tokio::test]
async fn a_huge_object_at_its_key_is_not_read() {
    let s3 = server().await;
    s3.put("data", "a.torrent", Content::repeated(1 << 40, vec![0; 1 << 16]));
    assert_eq!(Function::start(&s3, &[]).await.get("/data/a").await.origin(), "object");
    let marked = sidecar(&s3).metadata("torrent-format", "1");
    let marked = marked.metadata("torrent-source-key-sha1", "9f09093e4b23584d5975610a1fabaabb49555c8b");
    s3.put("data", "a.torrent", marked);
    assert_eq!(Function::start(&s3, &[]).await.get("/data/a").await.origin(), "object");
}
