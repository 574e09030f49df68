//! What is refused before S3 is asked: method, path, names, headers and parameters, in that order.

use serde_json::{Value, json};
use test_s3::{Bucket, FakeS3};

use super::harness::{Answer, Function, function_url};

async fn refused(event: &Value) -> Answer {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    let answer = Function::start(&s3, &[]).await.send(event).await;
    assert_eq!(s3.calls().len(), 0, "S3 was asked for {event}");
    answer
}

async fn get(path: &str, query: &str, headers: &[(&str, &str)]) -> (u16, String) {
    refused(&function_url("GET", path, query, headers)).await.error()
}

#[tokio::test]
async fn only_torrents_of_objects_are_served() {
    for (path, query) in
        [("/data/a", ""), ("/data/a", "acl"), ("/", ""), ("/", "torrent"), ("/data", ""), ("/data/", "list-type=2")]
    {
        assert_eq!(get(path, query, &[]).await, (501, "NotImplemented".into()), "{path}?{query}");
    }
    for path in ["/data", "/data/"] {
        assert_eq!(get(path, "torrent", &[]).await, (400, "RequestTorrentOfBucketError".into()), "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_refused_with_the_allowed_ones() {
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let answer = refused(&function_url(method, "/data/a", "torrent", &[])).await;
        assert_eq!(answer.error(), (405, "MethodNotAllowed".into()), "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
}

#[tokio::test]
async fn bucket_names_keep_the_rules() {
    let long = format!("/{}/a", "b".repeat(64));
    for path in ["/Data/a", "/da/a", &long, "/-data/a", "/da..ta/a", "/192.168.1.1/a", "/d%C3%A4ta/a", "//a"] {
        assert_eq!(get(path, "torrent", &[]).await, (400, "InvalidBucketName".into()), "{path}");
    }
    for path in ["/arn:aws:s3:us-east-1:123456789012:accesspoint%2Fa/k", "/arn%3Aaws%3As3%3A%3A%3Adata/k"] {
        assert_eq!(get(path, "torrent", &[]).await, (400, "InvalidBucketName".into()), "{path}");
    }
    assert_eq!(get("/data--use1-az4--x-s3/a", "torrent", &[]).await, (501, "NotImplemented".into()));
}

#[tokio::test]
async fn keys_have_at_most_1024_bytes() {
    let path = format!("/data/{}", "%C3%A9".repeat(513));
    assert_eq!(get(&path, "torrent", &[]).await, (400, "KeyTooLongError".into()));
    for key in ["%41".repeat(2_000), "%41".repeat(6_000), "k".repeat(5_462) + &"%41".repeat(6_000)] {
        let event = function_url("GET", &format!("/data/{key}"), "torrent", &[]);
        assert_eq!(refused(&event).await.error().1, "KeyTooLongError");
    }
    let path = format!("/data/{}", "k".repeat(100_000));
    assert_eq!(get(&path, "torrent", &[]).await, (400, "KeyTooLongError".into()));
    let rest = json!({
        "path": path,
        "httpMethod": "GET",
        "queryStringParameters": {"torrent": ""},
        "requestContext": {"httpMethod": "GET", "stage": "prod", "path": format!("/prod{path}")},
    });
    assert_eq!(refused(&rest).await.error().1, "KeyTooLongError");
}

#[tokio::test]
async fn a_key_of_white_space_alone_is_refused() {
    for key in ["%20", "%0D%0A", "%C2%85", "%E3%80%80%09"] {
        let told = get(&format!("/data/{key}"), "torrent", &[]).await;
        assert_eq!(told, (501, "NotImplemented".into()), "{key}");
    }
}

#[tokio::test]
async fn paths_are_percent_encoded_utf8() {
    for path in ["/data/%", "/data/%zz", "/data/%FF", "/%E6/a", "/data/%C3%28"] {
        let answer = refused(&function_url("GET", path, "torrent", &[])).await;
        assert_eq!(answer.error(), (400, "InvalidURI".into()), "{path}");
    }
}

#[tokio::test]
async fn headers_and_parameters_are_checked() {
    for value in ["", "me", "Requester"] {
        let headers = [("x-amz-request-payer", value)];
        assert_eq!(get("/data/a", "torrent", &headers).await, (400, "InvalidArgument".into()), "{value}");
    }
    for value in ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"] {
        let headers = [("x-amz-expected-bucket-owner", value)];
        let expected = (400, "InvalidBucketOwnerAWSAccountID".into());
        assert_eq!(get("/data/a", "torrent", &headers).await, expected, "{value}");
    }
    let long = format!("torrent&versionId={}", "v".repeat(1025));
    for query in ["torrent&versionId=", "torrent&versionId=a%20b", "torrent&versionId=a%2Fb", &long] {
        assert_eq!(get("/data/a", query, &[]).await, (400, "InvalidArgument".into()), "{query}");
    }
}

#[tokio::test]
async fn a_bucket_that_is_not_listed_is_denied_after_all_other_checks() {
    assert_eq!(get("/elsewhere/a", "torrent", &[]).await, (403, "AccessDenied".into()));
    let headers = [("x-amz-request-payer", "me")];
    assert_eq!(get("/elsewhere/a", "torrent", &headers).await, (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn the_checks_have_their_order() {
    let put = refused(&function_url("PUT", "/Bad/%zz", "", &[])).await;
    assert_eq!(put.error().0, 405);
    let bad = [("x-amz-request-payer", "me")];
    assert_eq!(get("/Bad/%zz", "torrent", &bad).await.1, "InvalidURI");
    assert_eq!(get("/Bad/a", "torrent", &bad).await.1, "InvalidBucketName");
    assert_eq!(get(&format!("/data/{}", "k".repeat(1025)), "torrent", &bad).await.1, "KeyTooLongError");
}

#[tokio::test]
async fn the_document_holds_any_key() {
    let answer =
        refused(&function_url("GET", "/elsewhere/a%00%0B%EF%BF%BF%3C%26%22'%0D%0A%C3%A9", "torrent", &[])).await;
    assert_eq!(answer.error().0, 403);
    assert_eq!(answer.document().resource, "/elsewhere/a\u{fffd}\u{fffd}\u{fffd}<&\"'\r\né");
    let answer = refused(&function_url("GET", "/data/%zz%20%FF", "torrent", &[])).await;
    assert_eq!(answer.document().resource, "/data/%zz \u{fffd}");
    let answer = refused(&function_url("GET", "/data/", "torrent", &[])).await;
    assert_eq!(answer.document().resource, "/data/");
}

#[tokio::test]
async fn head_has_the_status_and_headers_but_no_body() {
    let answer = refused(&function_url("HEAD", "/data/a", "", &[])).await;
    assert_eq!((answer.status, answer.body.len()), (501, 0));
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(answer.header("x-amz-request-id").is_some_and(|id| id.starts_with("request-")));
}

#[tokio::test]
async fn hosts_and_queries_that_are_none_do_no_harm() {
    for host in ["", "a b", "host:999999", "[::", "user@host", "é", "a/b", "{x}"] {
        let answer = refused(&function_url("GET", "/elsewhere/a", "torrent", &[("host", host)])).await;
        assert_eq!(answer.status, 403, "{host}");
    }
    for query in ["torrent=a b", "torrent&\"<>{}|^`\\", "torrent&%zz%", "torrent&é#x", "torrent&&=&=="] {
        assert_eq!(get("/elsewhere/a", query, &[]).await.0, 403, "{query}");
    }
    for path in ["/elsewhere/a b", "/elsewhere/\"<>{}|^`\\", "/elsewhere/é", "elsewhere/a", "/elsewhere/a\t"] {
        assert_eq!(get(path, "torrent", &[]).await.0, 403, "{path}");
    }
}
