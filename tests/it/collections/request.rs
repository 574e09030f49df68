//! What a key that ends in a slash asks for, who may ask, and for which names it is refused.

use test_s3::{Bucket, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{file, server};
use crate::harness::{Answer, Function};

const TWO: [(&str, u64); 2] = [("p/a", 5), ("p/b", 7)];

async fn get(s3: &FakeS3, path: &str) -> Answer {
    Function::start(s3, &[]).await.get(path).await
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
    let with = async |variables: &[(&str, &str)]| Function::start(&s3, variables).await.get("/data/p/").await;
    for (variable, limit, reason) in
        [("MAX_COLLECTION_OBJECTS", "11", "12 objects"), ("MAX_OBJECT_SIZE", "65", "larger")]
    {
        let answer = with(&[(variable, limit)]).await;
        assert_error(&answer, 400, "InvalidRequest", limit);
        assert_error(&answer, 400, "InvalidRequest", reason);
    }
    let answer = with(&[("MAX_COLLECTION_OBJECTS", "12"), ("MAX_OBJECT_SIZE", "66")]).await;
    assert_eq!(answer.torrent().info.files.len(), 12);
    let s3 = server(&[("p/a", 0), ("p/b", 0)]).await;
    assert_error(&get(&s3, "/data/p/").await, 400, "InvalidRequest", "All 2 objects");
}

#[tokio::test]
async fn a_lasting_fault_of_the_first_head_is_no_absence() {
    let s3 = server(&TWO).await;
    s3.fault(Matcher::head().key("p/"), Fault::slow_down());
    assert_eq!(get(&s3, "/data/p/").await.error(), (503, "SlowDown".into()));
}

/// A key below `sets/` that a collection of `names` below `prefix` is refused for, and why.
async fn assert_refused(prefix: &str, names: &[&str], key: &str, reason: &str) {
    let keys: Vec<_> = names.iter().map(|name| format!("sets/{prefix}{name}")).collect();
    let s3 = server(&keys.iter().map(|key| (key.as_str(), 300)).collect::<Vec<_>>()).await;
    let answer = get(&s3, &format!("/data/sets/{}", prefix.replace(' ', "%20"))).await;
    assert_error(&answer, 400, "InvalidRequest", &format!("'sets/{key}'"));
    assert_error(&answer, 400, "InvalidRequest", reason);
}

#[tokio::test]
async fn a_name_that_clients_cannot_ask_for_or_store_is_refused_and_told_why() {
    let (long, long_japanese) = ("n".repeat(241), format!("{}.t", "日".repeat(81)));
    let (deep, padding) = (["a"; 100].join("/"), "b/x_____padding_file_/c");
    let case = |name: &str| format!("'sets/p/{name}' only in upper and lower case");
    for (names, bad, reason) in [
        (&["a//b"][..], "a//b", "is empty"),
        (&["a/"], "a/", "is empty"),
        (&["./b"], "./b", "dots and spaces"),
        (&["b/.."], "b/..", "dots and spaces"),
        (&[".../x", "~"], ".../x", "dots and spaces"),
        (&["a/. .", "b"], "a/. .", "dots and spaces"),
        (&[" ", "a"], " ", "dots and spaces"),
        (&["a\u{7}b"], "a\u{fffd}b", "control character"),
        (&["\u{85}/c"], "\u{85}/c", "control character"),
        (&["a\\b"], "a\\b", "backslash"),
        (&["a", "a-", "a/b"], "a", "both a file and a folder"),
        (&["a.bin", padding, "c"], padding, "_____padding_file_"),
        (&["\u{feff}data.csv", "plain"], "\u{feff}data.csv", "U+FEFF"),
        (&["family 👨\u{200d}👩.jpg"], "family 👨\u{200d}👩.jpg", "U+200D"),
        (&["b\u{61c}/c", "plain"], "b\u{61c}/c", "U+061C"),
        (&["b", &deep], &deep, "more than 100 names"),
        (&[&long, "plain"], &long, "more than 240 bytes"),
        (&[&long_japanese, "plain"], &long_japanese, "more than 240 bytes"),
        (&["README", "readme", "x"], "README", &case("readme")),
        (&["Data/x", "data"], "Data/x", &case("data")),
        (&["Data/x", "data/y"], "Data/x", &case("data/y")),
        (&["a/Data-1", "a/Data/1", "a/Data/3", "a/data-", "a/data/2"], "a/Data/1", &case("a/data/2")),
        (&["b", "a/B/c", "a/b/C", "a/b"], "a/B/c", &case("a/b")),
    ] {
        assert_refused("p/", names, &format!("p/{bad}"), reason).await;
    }
}

#[tokio::test]
async fn the_prefix_s_own_name_is_refused_alike_and_of_the_folders_above_it_less() {
    let long = |length| "n".repeat(length);
    for (prefix, reason) in [
        (&*format!("{}/", long(241)), "240 bytes"),
        (&*format!("{}/p/", long(256)), "255 bytes"),
        ("... /", "dots"),
        ("../p/", "dots"),
    ] {
        assert_refused(prefix, &["a"], &format!("{prefix}a"), reason).await;
    }
    let above = "a\u{200e}/.../_____padding_file_/x";
    let s3 = server(&[(&format!("{above}/a"), 3), (&format!("{above}/b"), 3)]).await;
    let path = format!("/data/{}/", above.replace('\u{200e}', "%E2%80%8E"));
    let torrent = Function::start(&s3, &[("WEB_SEEDS", "http://h/{key}")]).await.get(&path).await.torrent();
    assert_eq!(torrent.web_seeds, ["http://h/a%E2%80%8E/.../_____padding_file_/"]);
}
