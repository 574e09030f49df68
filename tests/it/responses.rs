//! What a torrent is sent with: headers, conditional requests, CORS, and the metainfo under each setting.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;
use sha1::{Digest, Sha1};
use test_s3::{Bucket, FakeS3, Object, Rights, Who};

use super::{
    harness::{Function, function_url},
    setup::Setup,
};

const PATH: &str = "/data/dir/a.txt";
const CREATED: u64 = 1_700_000_000;

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data").owner("111122223333")]).await;
    let object = Object::new("content").last_modified(UNIX_EPOCH + Duration::from_secs(CREATED));
    s3.put("data", "dir/a.txt", object);
    s3
}

#[tokio::test]
async fn a_torrent_has_all_its_headers_and_the_metainfo_is_that_of_the_object() {
    let s3 = server().await;
    let answer = Function::start(&s3, &[]).await.get(PATH).await;
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
    let etag = format!("\"{}\"", hex::encode(Sha1::digest(&answer.body)));
    assert_eq!(answer.header("etag"), Some(&*etag));
    assert_eq!(answer.header("x-amz-request-charged"), None);
    let exposed = answer.header("access-control-expose-headers").expect("exposed headers").to_lowercase();
    for name in ["content-disposition", "etag", "x-amz-request-id", "x-torrent-info-hash", "x-torrent-origin"] {
        assert!(exposed.split(", ").any(|exposed| exposed == name), "{name}");
    }

    let metainfo = answer.torrent();
    assert_eq!((metainfo.info.length, metainfo.info.piece_length), (7, 262_144));
    assert_eq!(metainfo.creation_date, i64::try_from(CREATED).ok());
    assert_eq!((metainfo.announce, metainfo.announce_list), (None, None));
    assert_eq!(metainfo.created_by.as_deref(), Some("get-object-torrent"));
    let seeds = [
        "https://data.s3.us-east-1.amazonaws.com/dir/a.txt",
        "https://s3.dualstack.us-east-1.amazonaws.com/data/dir/a.txt",
    ];
    assert_eq!(metainfo.web_seeds, seeds);
    let variables = [("WEB_SEEDS", "none"), ("PIECE_LENGTH", "16384")];
    let other = Function::start(&s3, &variables).await.get(PATH).await.torrent();
    assert_eq!((other.web_seeds.len(), other.info.piece_length), (0, 16_384));
}

#[tokio::test]
async fn a_version_is_carried_into_the_web_seeds_and_to_s3() {
    let versions = Rights::READ | Rights::READ_VERSION;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", versions)]).await;
    let first = s3.put("data", "a", "first").expect("a version");
    s3.put("data", "a", "second version");
    let function = Function::start(&s3, &[]).await;
    let torrent = function.get_version("/data/a", &first).await.torrent();
    assert_eq!(torrent.info.length, 5);
    assert!(torrent.web_seeds[0].ends_with(&format!("/a?versionId={first}")), "{:?}", torrent.web_seeds);
    let of_object: Vec<_> = s3.calls().into_iter().filter(|call| call.key == "a").collect();
    assert!(of_object.len() >= 2 && of_object.iter().all(|call| call.version_id.as_ref() == Some(&first)));
    assert_eq!(function.get("/data/a").await.torrent().info.length, 14);
}

#[tokio::test]
async fn names_in_other_scripts_are_given_twice() {
    let s3 = server().await;
    s3.put("data", "日 \"'%\".iso", "content");
    let answer = Function::start(&s3, &[]).await.get("/data/%E6%97%A5%20%22'%25%22.iso").await;
    let expected =
        "attachment; filename=\"_ \\\"'%\\\".iso.torrent\"; filename*=UTF-8''%E6%97%A5%20%22%27%25%22.iso.torrent";
    assert_eq!(answer.header("content-disposition"), Some(expected));
}

#[tokio::test]
async fn who_has_the_torrent_is_answered_304_and_head_is_get_without_a_body() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let get = function.get(PATH).await;
    // The same object gives the same bytes, from its sidecar and without one.
    let bare = Setup::new(&s3).identity(None).function().await;
    for answer in [function.get(PATH).await, bare.get(PATH).await] {
        assert_eq!((&answer.body, answer.header("etag")), (&get.body, get.header("etag")));
    }
    let etag = get.header("etag").expect("an ETag");
    for value in [etag, &format!("W/{etag}"), &format!("\"x\", {etag}"), "*"] {
        for method in ["GET", "HEAD"] {
            let answer = function.send(&function_url(method, PATH, "torrent", &[("if-none-match", value)])).await;
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{value}");
            for name in ["etag", "cache-control", "content-type", "access-control-allow-origin"] {
                assert_eq!(answer.header(name), get.header(name), "{name}");
            }
        }
    }
    // Every one of several headers counts.
    let event = json!({
        "path": PATH,
        "httpMethod": "GET",
        "headers": {"If-None-Match": "\"x\""},
        "multiValueHeaders": {"If-None-Match": [etag, "\"x\""]},
        "multiValueQueryStringParameters": {"torrent": []},
        "requestContext": {"httpMethod": "GET", "stage": "prod"},
        "isBase64Encoded": true,
        "body": "this is no base64 %",
    });
    assert_eq!(function.send(&event).await.status, 304);
    for other in ["\"x\"", etag.trim_matches('"'), &format!("w/{etag}"), ""] {
        assert_eq!(function.get_with(PATH, &[("if-none-match", other)]).await.status, 200, "{other}");
    }

    let head = function.head(PATH).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in ["content-type", "content-disposition", "etag", "cache-control", "x-torrent-info-hash"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
    }
}

#[tokio::test]
async fn options_is_a_preflight_on_any_path() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    for path in [PATH, "/", "/data/%zz", "/NoBucket"] {
        let answer = function.send(&function_url("OPTIONS", path, "", &[])).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{path}");
        for (name, value) in [
            ("content-type", "text/plain"),
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET, HEAD, OPTIONS"),
            ("access-control-allow-headers", "*, authorization"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{name}");
        }
    }
    assert_eq!(s3.calls().len(), 0);
}

#[tokio::test]
async fn payer_and_owner_go_to_every_call_on_the_objects_bucket_and_to_no_other() {
    let s3 = server().await;
    s3.alter("data", Bucket::requester_pays);
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "111122223333")];
    // The sidecar's bucket may be the object's own by name too.
    for own in [&[][..], &[("SIDECAR_BUCKET", "data"), ("SIDECAR_PREFIX", "t/")]] {
        let function = Setup::new(&s3).set("ACCESS", "function-role").set_all(own).function().await;
        s3.clear_calls();
        for (origin, count) in [("object", 4), ("sidecar", 6)] {
            let answer = function.get_with(PATH, &headers).await;
            assert_eq!((answer.origin(), answer.header("x-amz-request-charged")), (origin, Some("requester")));
            let calls = s3.calls();
            assert_eq!(calls.len(), count, "{calls:?}");
            assert!(calls.iter().all(|call| call.header("x-amz-request-payer") == Some("requester")
                && call.header("x-amz-expected-bucket-owner") == Some("111122223333")
                && !call.query.contains("torrent")));
        }
    }

    let s3 = server().await;
    s3.add(Bucket::private("torrents").owner("999999999999"));
    let function = Function::start(&s3, &[("SIDECAR_BUCKET", "torrents")]).await;
    assert_eq!(function.get_with(PATH, &headers[1..]).await.status, 200);
    assert_eq!(s3.keys("torrents"), ["data/dir/a.txt.torrent"]);
    let mut to_sidecars = s3.calls().into_iter().filter(|call| call.bucket == "torrents");
    assert!(to_sidecars.all(|call| call.header("x-amz-expected-bucket-owner").is_none()));
}
