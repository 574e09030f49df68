//! What a torrent is sent with: headers, conditional requests, CORS, and the metainfo under each setting.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use test_s3::{Bucket, Content, FakeS3, Object, Operation, Rights, Who};

use super::harness::{Function, function_url};

const CREATED: u64 = 1_700_000_000;

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data").owner("111122223333")]).await;
    let object = Object::new("content").last_modified(UNIX_EPOCH + Duration::from_secs(CREATED));
    s3.put("data", "dir/a.txt", object);
    s3
}

#[tokio::test]
async fn a_torrent_has_all_its_headers() {
    let s3 = server().await;
    let answer = Function::start(&s3, &[]).await.get("/data/dir/a.txt").await;
    assert!(answer.is_base64);
    let info_hash = answer.torrent().info.info_hash().expect("an info hash").to_string();
    for (name, value) in [
        ("content-type", "application/x-bittorrent"),
        ("content-disposition", "attachment; filename=\"a.txt.torrent\""),
        ("cache-control", "no-cache"),
        ("x-amz-request-id", "request-0"),
        ("x-torrent-info-hash", &info_hash),
        ("x-torrent-origin", "object"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    let etag = answer.header("etag").expect("an ETag");
    assert!(etag.starts_with('"') && etag.ends_with('"') && etag.len() > 2, "{etag}");
    assert_eq!(answer.header("x-amz-request-charged"), None);
    let exposed = answer.header("access-control-expose-headers").expect("exposed headers").to_lowercase();
    for name in ["content-disposition", "etag", "x-amz-request-id", "x-torrent-info-hash", "x-torrent-origin"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
    }
}

#[tokio::test]
async fn the_metainfo_is_that_of_the_object() {
    let s3 = server().await;
    let metainfo = Function::start(&s3, &[]).await.get("/data/dir/a.txt").await.torrent();
    assert_eq!((metainfo.info.length, metainfo.info.piece_length), (7, 262_144));
    assert_eq!(metainfo.creation_date, i64::try_from(CREATED).ok());
    assert_eq!((metainfo.announce, metainfo.announce_list), (None, None));
    assert_eq!(metainfo.created_by.as_deref(), Some("get-object-torrent"));
    let seeds = [
        "https://data.s3.us-east-1.amazonaws.com/dir/a.txt",
        "https://s3.dualstack.us-east-1.amazonaws.com/data/dir/a.txt",
    ];
    assert_eq!(metainfo.web_seeds, seeds);
}

#[tokio::test]
async fn trackers_and_web_seeds_are_those_configured() {
    let s3 = server().await;
    let variables =
        [("TRACKERS", "udp://a.example:1/announce, wss://b.example"), ("WEB_SEEDS", "https://cdn.example/{key}")];
    let metainfo = Function::start(&s3, &variables).await.get("/data/dir/a.txt").await.torrent();
    assert_eq!(metainfo.announce.as_deref(), Some("udp://a.example:1/announce"));
    assert_eq!(metainfo.announce_list.map(|tiers| tiers.len()), Some(2));
    assert_eq!(metainfo.web_seeds, ["https://cdn.example/dir/a.txt"]);
    let none = Function::start(&s3, &[("WEB_SEEDS", "none")]).await.get("/data/dir/a.txt").await.torrent();
    assert!(none.web_seeds.is_empty());
}

#[tokio::test]
async fn a_version_is_carried_into_the_web_seeds_and_to_s3() {
    let versions = Rights::READ | Rights::READ_VERSION;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", versions)]).await;
    let first = s3.put("data", "a", "first").expect("a version");
    s3.put("data", "a", "second version");
    let function = Function::start(&s3, &[]).await;
    let query = format!("torrent&versionId={first}");
    let torrent = function.send(&function_url("GET", "/data/a", &query, &[])).await.torrent();
    assert_eq!(torrent.info.length, 5);
    assert!(torrent.web_seeds[0].ends_with(&format!("/a?versionId={first}")), "{:?}", torrent.web_seeds);
    let of_object = s3.calls().into_iter().filter(|call| call.key == "a");
    assert!(
        of_object.clone().count() >= 2 && of_object.into_iter().all(|call| call.version_id.as_ref() == Some(&first))
    );
    assert_eq!(function.get("/data/a").await.torrent().info.length, 14);
}

#[tokio::test]
async fn names_in_other_scripts_are_given_twice() {
    let s3 = server().await;
    s3.put("data", "日 \"本\".iso", "content");
    let answer = Function::start(&s3, &[]).await.get("/data/%E6%97%A5%20%22%E6%9C%AC%22.iso").await;
    let expected =
        "attachment; filename=\"_ \\\"_\\\".iso.torrent\"; filename*=UTF-8''%E6%97%A5%20%22%E6%9C%AC%22.iso.torrent";
    assert_eq!(answer.header("content-disposition"), Some(expected));
}

#[tokio::test]
async fn the_same_object_gives_the_same_bytes() {
    let s3 = server().await;
    let cached = Function::start(&s3, &[]).await;
    let bare = Function::try_start(&s3, &[], None).await.expect("a function without credentials");
    let first = cached.get("/data/dir/a.txt").await;
    for answer in [cached.get("/data/dir/a.txt").await, bare.get("/data/dir/a.txt").await] {
        assert_eq!((answer.body.as_slice(), answer.header("etag")), (first.body.as_slice(), first.header("etag")));
    }
}

#[tokio::test]
async fn who_has_the_torrent_is_answered_304() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let etag = function.get("/data/dir/a.txt").await.header("etag").expect("an ETag").to_owned();
    for value in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
        let answer = function.get_with("/data/dir/a.txt", &[("if-none-match", &value)]).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{value}");
        assert_eq!(answer.header("etag"), Some(etag.as_str()));
        assert_eq!(answer.header("cache-control"), Some("no-cache"));
        assert_eq!(answer.header("content-type"), Some("application/x-bittorrent"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    let answer = function.get_with("/data/dir/a.txt", &[("if-none-match", "\"x\"")]).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn every_one_of_several_if_none_match_headers_counts() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let etag = function.get("/data/dir/a.txt").await.header("etag").expect("an ETag").to_owned();
    let event = json!({
        "path": "/data/dir/a.txt",
        "httpMethod": "GET",
        "headers": {"If-None-Match": "\"x\""},
        "multiValueHeaders": {"If-None-Match": [etag, "\"x\""]},
        "multiValueQueryStringParameters": {"torrent": []},
        "requestContext": {"httpMethod": "GET", "stage": "prod"},
        "isBase64Encoded": true,
        "body": "this is no base64 %",
    });
    assert_eq!(function.send(&event).await.status, 304);
}

#[tokio::test]
async fn head_is_get_without_a_body() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let get = function.get("/data/dir/a.txt").await;
    let etag = [("if-none-match", get.header("etag").expect("an ETag"))];
    let unchanged = function.send(&function_url("HEAD", "/data/dir/a.txt", "torrent", &etag)).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let head = function.send(&function_url("HEAD", "/data/dir/a.txt", "torrent", &[])).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-type", "content-disposition", "etag", "cache-control", "x-torrent-info-hash"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn options_is_a_preflight_on_any_path() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    for path in ["/data/dir/a.txt", "/", "/data/%zz", "/NoBucket"] {
        let answer = function.send(&function_url("OPTIONS", path, "", &[])).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/plain"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
        assert_eq!(answer.header("access-control-allow-methods"), Some("GET, HEAD, OPTIONS"));
        assert_eq!(answer.header("access-control-allow-headers"), Some("*, authorization"));
    }
    assert_eq!(s3.calls().len(), 0);
}

#[tokio::test]
async fn payer_and_owner_are_passed_on_to_every_call_on_the_objects_bucket() {
    let s3 = server().await;
    s3.alter("data", Bucket::requester_pays);
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "111122223333")];
    let answer = function.get_with("/data/dir/a.txt", &headers).await;
    assert_eq!(answer.header("x-amz-request-charged"), Some("requester"), "{}", answer.text());
    let calls = s3.calls();
    assert_eq!(calls.len(), 4, "{calls:?}");
    assert!(calls.iter().all(|call| call.request_payer.as_deref() == Some("requester")));
    assert!(calls.iter().all(|call| call.expected_bucket_owner.as_deref() == Some("111122223333")));
    let cached = function.get_with("/data/dir/a.txt", &headers).await;
    assert_eq!((cached.origin(), cached.header("x-amz-request-charged")), ("sidecar", Some("requester")));
}

#[tokio::test]
async fn a_sidecar_bucket_that_is_the_objects_own_gets_payer_and_owner_too() {
    let s3 = server().await;
    s3.alter("data", Bucket::requester_pays);
    let variables = [("ACCESS", "function-role"), ("SIDECAR_BUCKET", "data"), ("SIDECAR_PREFIX", "t/")];
    let function = Function::start(&s3, &variables).await;
    for origin in ["object", "sidecar"] {
        let answer = function.get_with("/data/dir/a.txt", &[("x-amz-request-payer", "requester")]).await;
        assert_eq!(answer.origin(), origin);
    }
}

#[tokio::test]
async fn payer_and_owner_are_kept_from_the_sidecar_bucket() {
    let s3 = server().await;
    s3.add(Bucket::private("torrents").owner("999999999999"));
    let function = Function::start(&s3, &[("SIDECAR_BUCKET", "torrents")]).await;
    let headers = [("x-amz-expected-bucket-owner", "111122223333")];
    assert_eq!(function.get_with("/data/dir/a.txt", &headers).await.status, 200);
    assert_eq!(s3.keys("torrents"), ["data/dir/a.txt.torrent"]);
    let mut to_sidecars = s3.calls().into_iter().filter(|call| call.bucket == "torrents");
    assert!(to_sidecars.all(|call| call.expected_bucket_owner.is_none()));
}

#[tokio::test]
async fn the_request_is_never_sent_on() {
    let s3 = server().await;
    Function::start(&s3, &[]).await.get("/data/dir/a.txt").await.torrent();
    assert!(s3.calls().iter().all(|call| !call.query.contains("torrent")));
    assert_eq!(s3.calls_of(Operation::GetObjectTorrent).len(), 0);
}

#[tokio::test]
async fn piece_length_grows_with_the_object_or_is_fixed() {
    let s3 = server().await;
    s3.put("data", "big", Content::repeated(600 << 20, vec![0; 1 << 16]));
    let patient = [("TIME_BUDGET_MS", "900000")];
    let function = Function::try_start(&s3, &patient, None).await.expect("a function");
    assert_eq!(function.get("/data/big").await.torrent().info.piece_length, 512 * 1024);
    let fixed = Function::start(&s3, &[("PIECE_LENGTH", "16384")]).await;
    assert_eq!(fixed.get("/data/dir/a.txt").await.torrent().info.piece_length, 16_384);
}
