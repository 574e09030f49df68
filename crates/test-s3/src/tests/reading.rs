//! HEAD and GET: headers, ranges, conditions, versions, and what can't be read.

use std::time::{Duration, SystemTime};

use super::{refusal, refused};
use crate::{Bucket, Content, FakeS3, Object};

#[tokio::test]
async fn head_and_get_give_what_was_put() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let object = Object::new("hello")
        .last_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
        .metadata("colour", "blue")
        .content_type("text/plain")
        .content_disposition("inline")
        .storage_class("GLACIER_IR");
    s3.put("data", "a", object);
    let client = s3.anonymous_client();
    let head = client.head_object().bucket("data").key("a").send().await.unwrap();
    assert_eq!(head.content_length(), Some(5));
    assert_eq!(head.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    assert_eq!(head.last_modified().unwrap().secs(), 1_700_000_000);
    assert_eq!(head.metadata().unwrap()["colour"], "blue");
    assert_eq!(head.storage_class().unwrap().as_str(), "GLACIER_IR");
    assert_eq!(head.version_id(), None);
    let get = client.get_object().bucket("data").key("a").send().await.unwrap();
    assert_eq!(get.content_type(), Some("text/plain"));
    assert_eq!(get.content_disposition(), Some("inline"));
    assert_eq!(get.metadata().unwrap()["colour"], "blue");
    assert_eq!(get.e_tag(), head.e_tag());
    assert_eq!(get.body.collect().await.unwrap().into_bytes(), "hello");
}

#[tokio::test]
async fn ranges_of_huge_synthetic_objects_need_no_memory() {
    const TIB: u64 = 1 << 40;
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let contents = [Content::random(48 * TIB, 7), Content::repeated(48 * TIB, (0..=250).collect::<Vec<u8>>())];
    for content in contents {
        s3.put("data", "huge", content.clone());
        let first = 47 * TIB + 12_345;
        let last = first + 1_000_000;
        let get = s3.anonymous_client().get_object().bucket("data").key("huge");
        let get = get.range(format!("bytes={first}-{last}")).send().await.unwrap();
        let range = format!("bytes {first}-{last}/{}", 48 * TIB);
        assert_eq!(get.content_range(), Some(range.as_str()));
        assert_eq!(get.content_length(), Some(1_000_001));
        let body = get.body.collect().await.unwrap().into_bytes();
        assert_eq!(body, content.slice(first..last + 1));
        let call = s3.calls().pop().unwrap();
        assert_eq!(call.range, Some((first, last)));
        assert_eq!((call.status, call.bytes_sent), (Some(206), 1_000_001));
    }
}

#[tokio::test]
async fn a_range_is_cut_to_the_object_or_not_satisfiable() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "hello");
    s3.put("data", "empty", "");
    let client = s3.anonymous_client();
    let get = |key, range| client.get_object().bucket("data").key(key).range(range);
    let cut = get("a", "bytes=3-99").send().await.unwrap();
    assert_eq!(cut.content_range(), Some("bytes 3-4/5"));
    let suffix = get("a", "bytes=-2").send().await.unwrap();
    assert_eq!(suffix.content_range(), Some("bytes 3-4/5"));
    let beyond = refusal(get("a", "bytes=5-9").send().await);
    assert_eq!((beyond.status, beyond.code.as_str()), (416, "InvalidRange"));
    assert_eq!(beyond.header("content-range"), Some("bytes */5"));
    assert_eq!(refused(get("empty", "bytes=0-0").send().await).0, 416);
}

#[tokio::test]
async fn conditions_are_kept() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Object::new("hello").etag("\"1\""));
    let client = s3.anonymous_client();
    let get = || client.get_object().bucket("data").key("a");
    assert!(get().if_match("\"1\"").send().await.is_ok());
    let other = refused(get().if_match("\"2\"").send().await);
    assert_eq!(other, (412, "PreconditionFailed".into()));
    let same = refusal(get().if_none_match("\"1\"").send().await);
    assert_eq!((same.status, same.header("etag")), (304, Some("\"1\"")));
    assert!(get().if_none_match("\"2\"").send().await.is_ok());
    let head = client.head_object().bucket("data").key("a").if_match("\"2\"");
    assert_eq!(refused(head.send().await).0, 412);
    assert_eq!(s3.calls()[1].if_match.as_deref(), Some("\"2\""));
}

#[tokio::test]
async fn versions_are_kept_and_named() {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    let old = s3.put("data", "a", "old").unwrap();
    let new = s3.put("data", "a", "newer").unwrap();
    let client = s3.client();
    let head = || client.head_object().bucket("data").key("a");
    let latest = head().send().await.unwrap();
    assert_eq!(latest.version_id(), Some(new.as_str()));
    assert_eq!(latest.content_length(), Some(5));
    let first = head().version_id(&old).send().await.unwrap();
    assert_eq!(first.version_id(), Some(old.as_str()));
    assert_eq!(first.content_length(), Some(3));
    let call = s3.calls().pop().unwrap();
    assert_eq!(call.version_id, Some(old));
    let get = |id: &str| client.get_object().bucket("data").key("a").version_id(id);
    let absent = refused(get(&"x".repeat(32)).send().await);
    assert_eq!(absent, (404, "NoSuchVersion".into()));
    let malformed = refused(get("no such thing").send().await);
    assert_eq!(malformed, (400, "InvalidArgument".into()));
    assert_eq!(refused(head().version_id("no such thing").send().await).0, 400);
}

#[tokio::test]
async fn without_versions_a_put_replaces() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    for body in ["old", "newer"] {
        assert_eq!(s3.put("data", "a", body), None);
    }
    let head = s3.client().head_object().bucket("data").key("a").version_id("null");
    assert_eq!(head.send().await.unwrap().content_length(), Some(5));
}

#[tokio::test]
async fn delete_markers_say_so() {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    let old = s3.put("data", "a", "hello").unwrap();
    let marker = s3.delete("data", "a").unwrap();
    let client = s3.client();
    let get = || client.get_object().bucket("data").key("a");
    let latest = refusal(get().send().await);
    assert_eq!((latest.status, latest.code.as_str()), (404, "NoSuchKey"));
    assert_eq!(latest.header("x-amz-delete-marker"), Some("true"));
    assert_eq!(latest.header("content-type"), Some("application/xml"));
    let named = refusal(get().version_id(&marker).send().await);
    assert_eq!((named.status, named.code.as_str()), (405, "MethodNotAllowed"));
    assert_eq!(named.header("x-amz-delete-marker"), Some("true"));
    let head = || client.head_object().bucket("data").key("a");
    let latest = refusal(head().send().await);
    assert_eq!(latest.status, 404);
    assert_eq!(latest.header("x-amz-delete-marker"), Some("true"));
    assert_eq!(refused(head().version_id(&marker).send().await).0, 405);
    assert!(get().version_id(&old).send().await.is_ok());
    s3.delete_version("data", "a", &marker);
    assert!(get().send().await.is_ok());
}

#[tokio::test]
async fn archived_objects_have_headers_only_until_restored() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "cold", Object::new("x").storage_class("DEEP_ARCHIVE"));
    let tiered = Object::new("x").storage_class("INTELLIGENT_TIERING");
    s3.put("data", "tiered", tiered.archive_status("ARCHIVE_ACCESS"));
    let client = s3.client();
    for key in ["cold", "tiered"] {
        let head = client.head_object().bucket("data").key(key).send().await;
        assert!(head.unwrap().storage_class().is_some());
        let get = client.get_object().bucket("data").key(key).send().await;
        assert_eq!(refused(get), (403, "InvalidObjectState".into()));
    }
    let restored = "ongoing-request=\"false\", expiry-date=\"Fri, 21 Dec 2040 00:00:00 GMT\"";
    let object = Object::new("x").storage_class("GLACIER").restore(restored);
    s3.put("data", "warm", object);
    let get = client.get_object().bucket("data").key("warm").send().await;
    assert_eq!(get.unwrap().restore(), Some(restored));
}

#[tokio::test]
async fn sse_c_objects_need_their_key() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", Object::new("x").sse_c());
    let client = s3.client();
    let head = client.head_object().bucket("data").key("a").send().await;
    assert_eq!(refused(head).0, 400);
    let get = client.get_object().bucket("data").key("a").send().await;
    assert_eq!(refused(get), (400, "InvalidRequest".into()));
}
