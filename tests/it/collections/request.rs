//! What a key that ends in a slash asks for, and who may ask.

use test_s3::{Bucket, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{file, server};
use crate::harness::{Answer, Function};

const TWO: [(&str, u64); 2] = [("p/a", 5), ("p/b", 7)];

async fn get(s3: &FakeS3, path: &str) -> Answer {
    Function::start(s3, &[]).await.get(path).await
}

async fn get_with(s3: &FakeS3, variables: &[(&str, &str)]) -> Answer {
    Function::start(s3, variables).await.get("/data/p/").await
}

#[track_caller]
fn assert_error(answer: &Answer, status: u16, code: &str, reason: &str) {
    assert_eq!(answer.error(), (status, code.into()));
    assert!(answer.document().message.contains(reason), "{}", answer.text());
}

#[tokio::test]
async fn an_object_with_content_gets_its_own_torrent_and_nothing_is_listed() {
    let s3 = server(&[("p/", 5), ("p/a", 7)]).await;
    let answer = get(&s3, "/data/p/").await;
    assert_eq!((answer.torrent().info.length, answer.header("x-torrent-files")), (5, None));
    assert!(s3.calls_of(Operation::ListObjects).is_empty());
    s3.clear_calls();
    assert_eq!(get(&s3, "/data/p/").await.origin(), "sidecar");
    assert_eq!(s3.calls().len(), 2);
}

#[tokio::test]
async fn an_empty_folder_marker_is_no_object_and_without_collections_an_empty_one() {
    let s3 = server(&[("p/", 0), ("p/a", 7), ("p/sub/", 0), ("r/", 0), ("rr/a", 1)]).await;
    assert_eq!(get(&s3, "/data/p/").await.torrent().info.files, [file("a", 7)]);
    for path in ["/data/r/", "/data/q/"] {
        assert_eq!(get(&s3, path).await.error(), (404, "NoSuchKey".into()), "{path}");
    }
    assert_eq!(get(&s3, "/data/").await.error(), (400, "RequestTorrentOfBucketError".into()));
    s3.clear_calls();
    let function = Function::start(&s3, &[("COLLECTIONS", "false")]).await;
    assert_eq!(function.error("/data/p/").await, (400, "InvalidRequest".into()));
    assert_eq!(function.error("/data/q/").await, (404, "NoSuchKey".into()));
    assert!(s3.calls_of(Operation::ListObjects).is_empty());
}

#[tokio::test]
async fn a_version_names_one_object() {
    let s3 = server(&TWO).await;
    let function = Function::start(&s3, &[]).await;
    for version in ["v1", "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"] {
        let answer = function.get_version("/data/p/", version).await;
        assert_eq!(answer.error(), (400, "InvalidArgument".into()), "{version}");
    }
}

#[tokio::test]
async fn who_may_not_list_gets_nothing_however_much_may_be_read() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "p/a", "content");
    assert_error(&get(&s3, "/data/p/").await, 403, "AccessDenied", "s3:ListBucket");
    s3.alter("data", |bucket| bucket.allow(Who::Anonymous, "p/*", Rights::LIST));
    assert_eq!(get(&s3, "/data/p/").await.origin(), "object");
    // What the role may do is not lent to anyone, and neither is the cache.
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "p/*", Rights::LIST));
    assert_eq!(get(&s3, "/data/p/").await.error(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn an_object_that_may_not_be_read_is_named_and_so_is_the_first_one_of_a_cached_collection() {
    let s3 = server(&[("p/a", 5), ("p/secret & <b>", 7)]).await;
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "p/secret*", Rights::READ));
    assert_error(&get(&s3, "/data/p/").await, 403, "AccessDenied", "'p/secret & <b>'");
    let s3 = server(&TWO).await;
    assert_eq!(get(&s3, "/data/p/").await.origin(), "object");
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "p/a", Rights::READ));
    assert_error(&get(&s3, "/data/p/").await, 403, "AccessDenied", "'p/a'");
    for archived in [Object::new("a").storage_class("GLACIER"), Object::new("a").archive_status("ARCHIVE_ACCESS")] {
        let s3 = server(&TWO).await;
        s3.put("data", "p/ab", archived);
        assert_error(&get(&s3, "/data/p/").await, 403, "InvalidObjectState", "'p/ab'");
    }
}

#[tokio::test]
async fn with_the_functions_role_everything_is_signed_and_payer_and_owner_go_with_it() {
    let s3 = FakeS3::start([Bucket::private("data").requester_pays().owner("123456789012")]).await;
    s3.put("data", "p/a", "content");
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "123456789012")];
    let answer = function.get_with("/data/p/", &headers).await;
    assert_eq!(answer.torrent().info.files, [file("a", 7)]);
    assert_eq!(answer.header("x-amz-request-charged"), Some("requester"));
    for call in s3.calls() {
        assert_eq!(call.signed, Some(Identity::role().access_key), "{call:?}");
        assert_eq!(call.header("x-amz-request-payer"), Some("requester"), "{call:?}");
        assert_eq!(call.header("x-amz-expected-bucket-owner"), Some("123456789012"), "{call:?}");
    }
}

#[tokio::test]
async fn too_many_objects_too_many_bytes_and_none_at_all_are_refused_with_the_limit() {
    let objects: Vec<_> = (0..12).map(|number| (format!("p/{number}"), number)).collect();
    let objects: Vec<_> = objects.iter().map(|(key, size)| (key.as_str(), *size)).collect();
    let s3 = server(&objects).await;
    for (variable, limit, reason) in
        [("MAX_COLLECTION_OBJECTS", "11", "12 objects"), ("MAX_OBJECT_SIZE", "65", "larger")]
    {
        let answer = get_with(&s3, &[(variable, limit)]).await;
        assert_error(&answer, 400, "InvalidRequest", limit);
        assert_error(&answer, 400, "InvalidRequest", reason);
    }
    let variables = [("MAX_COLLECTION_OBJECTS", "12"), ("MAX_OBJECT_SIZE", "66")];
    assert_eq!(get_with(&s3, &variables).await.torrent().info.files.len(), 12);
    let s3 = server(&[("p/a", 0), ("p/b", 0)]).await;
    assert_error(&get_with(&s3, &[]).await, 400, "InvalidRequest", "All 2 objects");
}

#[tokio::test]
async fn head_gives_the_headers_alone() {
    let s3 = server(&TWO).await;
    let function = Function::start(&s3, &[]).await;
    let answer = function.head("/data/p/").await;
    assert_eq!((answer.status, answer.body.len(), answer.header("x-torrent-files")), (200, 0, Some("2")));
    assert_eq!(function.get("/data/p/").await.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn a_lasting_fault_of_the_first_head_is_no_absence() {
    let s3 = server(&TWO).await;
    s3.fault(Matcher::head().key("p/"), Fault::slow_down());
    assert_eq!(get(&s3, "/data/p/").await.error(), (503, "SlowDown".into()));
}
