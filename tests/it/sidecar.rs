//! The sidecar: a cache that is verified, renewed, never in the way, and never over anything of the user's.

use std::time::{Duration, UNIX_EPOCH};

use get_object_torrent::torrent::Metainfo;
use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::harness::{Answer, Function, serving, serving_in};

/// The SHA-1 of `data/a`.
const KEY_SHA1: &str = "9f09093e4b23584d5975610a1fabaabb49555c8b";

async fn server() -> FakeS3 {
    serving("content").await
}

fn sidecar(s3: &FakeS3) -> Object {
    s3.object("data", "a.torrent").expect("a sidecar")
}

fn versioned() -> Bucket {
    Bucket::public("data").versioned().allow(Who::Anonymous, "*", Rights::READ | Rights::READ_VERSION)
}

async fn assert_cached(s3: &FakeS3, function: &Function) -> Answer {
    s3.clear_calls();
    let answer = function.get("/data/a").await;
    let reads = s3.calls_of(Operation::GetObject).iter().filter(|call| call.key == "a").count();
    assert_eq!((answer.origin(), reads), ("sidecar", 0));
    answer
}

#[tokio::test]
async fn it_is_a_plain_download_that_names_its_source_and_serves_in_two_requests() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let first = function.get("/data/a").await;
    assert_eq!(first.origin(), "object");
    let sidecar = sidecar(&s3);
    assert_eq!(sidecar.content.to_bytes(), first.body);
    assert_eq!(sidecar.content_type.as_deref(), Some("application/x-bittorrent"));
    assert_eq!(sidecar.content_disposition.as_deref(), Some("attachment; filename=\"a.torrent\""));
    let etag = s3.object("data", "a").expect("the object").etag;
    let expected = [
        ("torrent-format", "1"),
        ("torrent-info-hash", first.header("x-torrent-info-hash").expect("an info hash")),
        ("torrent-source-etag", &etag),
        ("torrent-source-key-sha1", KEY_SHA1),
        ("torrent-source-length", "7"),
    ];
    assert!(sidecar.metadata.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{:?}", sidecar.metadata);

    assert_eq!(assert_cached(&s3, &function).await.body, first.body);
    assert_eq!(s3.calls().len(), 2, "{:?}", s3.calls());
}

#[tokio::test]
async fn it_is_renewed_when_the_object_changed_and_writes_are_conditional() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let before = function.get("/data/a").await.torrent();
    let puts = s3.calls_of(Operation::PutObject);
    assert_eq!((puts[0].header("if-none-match"), &puts[0].if_match), (Some("*"), &None));
    for object in [Object::new("changed"), Object::new("longer content"), Object::new("content").etag("\"other\"")] {
        let replaced = sidecar(&s3).etag;
        s3.put("data", "a", object);
        s3.clear_calls();
        assert_eq!(function.get("/data/a").await.origin(), "object");
        let puts = s3.calls_of(Operation::PutObject);
        assert_eq!((puts.len(), puts[0].header("if-none-match"), &puts[0].if_match), (1, None, &Some(replaced)));
        assert_cached(&s3, &function).await;
    }
    assert_eq!(function.get("/data/a").await.torrent().info, before.info);
}

#[tokio::test]
async fn another_version_of_the_same_bytes_has_its_own_metadata() {
    let s3 = serving_in(Bucket::public("data").versioned(), "content").await;
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    let second = s3.put("data", "a", "content");
    assert_eq!(function.get("/data/a").await.origin(), "object");
    assert_eq!(sidecar(&s3).metadata.get("torrent-source-version"), second.as_ref());
    assert_cached(&s3, &function).await;
}

#[tokio::test]
async fn a_version_has_a_sidecar_of_its_own_and_leaves_another_object_at_that_key_alone() {
    let s3 = FakeS3::start([versioned()]).await;
    let id = s3.put("data", "v", "a version of v").expect("a version");
    s3.put("data", &format!("v.{id}"), "another");
    let function = Function::start(&s3, &[]).await;
    let of_version = function.get_version("/data/v", &id).await.torrent().info;
    assert_eq!(s3.keys("data"), ["v".to_owned(), format!("v.{id}"), format!("v.{id}.torrent")]);
    for _ in 0..2 {
        let answer = function.get(&format!("/data/v.{id}")).await;
        assert_eq!((answer.origin(), answer.torrent().info.length), ("object", 7));
    }
    let again = function.get_version("/data/v", &id).await;
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
    assert_eq!(wrapped.web_seeds, ["https://cdn.example/a"]);
    assert_eq!(Metainfo::from_bytes(&sidecar(&s3).content.to_bytes()).expect("a torrent"), wrapped);
    assert_cached(&s3, &function).await;
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 0, "nothing was to be stored any more");

    let later = UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    s3.put("data", "a", Object::new("content").last_modified(later));
    assert_eq!(assert_cached(&s3, &function).await.torrent().creation_date, Some(2_000_000_000));
    assert_eq!(s3.calls_of(Operation::PutObject).len(), 1);
}

#[tokio::test]
async fn another_fixed_piece_length_is_hashed_anew() {
    let s3 = server().await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    let fixed = Function::start(&s3, &[("PIECE_LENGTH", "65536")]).await;
    assert_eq!(fixed.get("/data/a").await.origin(), "object");
    for function in [fixed, Function::start(&s3, &[]).await] {
        assert_eq!(assert_cached(&s3, &function).await.torrent().info.piece_length, 65_536);
    }
}

#[tokio::test]
async fn whatever_is_damaged_or_untrue_is_noticed_and_mended() {
    let s3 = serving(Content::random(40_000, 5)).await;
    let function = Function::start(&s3, &[("PIECE_LENGTH", "16384")]).await;
    let first = function.get("/data/a").await;
    let (stored, right) = (sidecar(&s3), first.body.clone());
    let with = |bytes: Vec<u8>| Object { content: bytes.into(), ..stored.clone() };
    let flipped = (0..right.len()).step_by(3).map(|position| {
        let mut bytes = right.clone();
        bytes[position] ^= 0x11;
        (format!("byte {position}"), with(bytes))
    });
    let cut = [0, 1, 20, right.len() - 1].map(|length| (format!("{length} bytes"), with(right[..length].to_vec())));
    let nested = ["d1:a", "d13:announce-list", "d8:url-list", "d4:infod1:a", "d4:infod6:pieces", ""].map(|start| {
        let nested = format!("{start}{}{}e", "l".repeat(200_000), "e".repeat(200_000));
        (start.to_owned(), with(nested.into()))
    });
    let tokens = ["i-1e", "4:info", "99999999999:", "i18446744073709551616e", "6:pieces0:", "e"]
        .map(|token| (token.to_owned(), with([&right[..60], token.as_bytes(), &right[60..]].concat())));
    let lies = [
        ("torrent-format", "2"),
        ("torrent-source-etag", "\"other\""),
        ("torrent-source-version", "v1"),
        ("torrent-source-length", "8"),
        ("torrent-source-length", "seven"),
        ("torrent-info-hash", "0000000000000000000000000000000000000000"),
    ];
    let lies = lies.map(|(name, value)| (format!("{name}: {value}"), stored.clone().metadata(name, value)));
    let mut other = first.torrent();
    other.info.name = "b".to_owned();
    let info_hash = other.info.info_hash().expect("an info hash").to_string();
    let forged = with(other.to_bytes().expect("bytes")).metadata("torrent-info-hash", &info_hash);
    let forged = [("another name".to_owned(), forged)];
    for (what, sidecar_before) in flipped.chain(cut).chain(nested).chain(tokens).chain(lies).chain(forged) {
        s3.put("data", "a.torrent", sidecar_before);
        let answer = function.get("/data/a").await;
        assert!(answer.body == right, "{what}: {} {}", answer.status, answer.origin());
        let mended = sidecar(&s3);
        assert_eq!((mended.content.to_bytes().to_vec(), mended.metadata), (right.clone(), stored.metadata.clone()));
    }
}

#[tokio::test]
async fn an_object_of_the_users_is_left_alone() {
    let users = Object::new("the user's own");
    for users in [
        users.clone(),
        users.clone().metadata("torrent-format", "1"),
        users.clone().metadata("torrent-source-key-sha1", "00"),
        users.storage_class("GLACIER"),
        // And not read.
        Object::new(Content::repeated(1 << 40, vec![0; 1 << 16])),
    ] {
        let s3 = server().await;
        s3.put("data", "a.torrent", users.clone());
        let function = Function::start(&s3, &[]).await;
        for _ in 0..2 {
            assert_eq!(function.get("/data/a").await.origin(), "object");
        }
        assert_eq!(sidecar(&s3).content.etag(), users.content.etag());
        assert!(s3.calls_of(Operation::PutObject).iter().all(|call| call.status == Some(412)), "{users:?}");
    }
    // One as large with our marks is not read either.
    let s3 = server().await;
    let marked = Object::new(Content::repeated(1 << 40, vec![0; 1 << 16])).metadata("torrent-format", "1");
    s3.put("data", "a.torrent", marked.metadata("torrent-source-key-sha1", KEY_SHA1));
    assert_eq!(Function::start(&s3, &[]).await.get("/data/a").await.origin(), "object");
}

#[tokio::test]
async fn an_object_that_appears_meanwhile_is_left_alone() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    for is_renewal in [false, true] {
        if is_renewal {
            s3.clear_faults();
            s3.delete("data", "a.torrent");
            function.get("/data/a").await.torrent();
            s3.put("data", "a", "changed");
        }
        s3.fault(Matcher::put(), Fault::replace("data", "a.torrent", "the user's own"));
        assert_eq!(function.get("/data/a").await.status, 200);
        assert_eq!(sidecar(&s3).content.to_bytes(), "the user's own");
    }
}

#[tokio::test]
async fn without_the_right_to_read_it_it_is_written_as_if_missing_and_without_any_not_at_all() {
    for (rights, keys) in [(Rights::READ, vec!["a", "a.torrent"]), (Rights::ALL, vec!["a"])] {
        let role = Who::AccessKey(Identity::role().access_key);
        let s3 = serving_in(Bucket::public("data").deny(role, "*.torrent", rights), "content").await;
        let function = Function::start(&s3, &[]).await;
        for _ in 0..2 {
            assert_eq!(function.get("/data/a").await.origin(), "object");
        }
        assert_eq!(s3.keys("data"), keys);
        let puts = s3.calls_of(Operation::PutObject);
        assert!(puts.iter().all(|put| put.header("if-none-match") == Some("*")), "{puts:?}");
    }
}

#[tokio::test]
async fn it_may_be_elsewhere_and_a_key_too_long_for_one_is_served_uncached() {
    let s3 = server().await;
    s3.add(Bucket::private("torrents"));
    let variables = [("SIDECAR_BUCKET", "torrents"), ("SIDECAR_PREFIX", "t/"), ("SIDECAR_SUFFIX", "")];
    let function = Function::start(&s3, &variables).await;
    function.get("/data/a").await.torrent();
    assert_cached(&s3, &function).await;
    assert_eq!((s3.keys("torrents"), s3.keys("data")), (vec!["t/data/a".to_owned()], vec!["a".to_owned()]));

    let key = "k".repeat(1017);
    s3.put("data", &key, "content");
    let function = Function::start(&s3, &[]).await;
    for _ in 0..2 {
        assert_eq!(function.get(&format!("/data/{key}")).await.origin(), "object");
    }
    assert_eq!(s3.keys("data"), ["a", &key]);
}
