//! What is refused before S3 is asked: method, path, names, headers and parameters, in that order.

use serde_json::{Value, json};
use test_s3::FakeS3;

use super::harness::{Answer, Function, function_url, serving};

struct World {
    s3: FakeS3,
    function: Function,
}

async fn world() -> World {
    let s3 = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    World { s3, function }
}

impl World {
    async fn refused(&self, event: &Value) -> Answer {
        let answer = self.function.send(event).await;
        assert_eq!(self.s3.calls().len(), 0, "S3 was asked for {event}");
        answer
    }

    async fn expect(&self, status: u16, code: &str, path: &str, query: &str, headers: &[(&str, &str)]) {
        let answer = self.refused(&function_url("GET", path, query, headers)).await;
        assert_eq!(answer.error(), (status, code.into()), "{path}?{query} {headers:?}");
    }

    async fn expect_of_paths(&self, status: u16, code: &str, paths: &[&str]) {
        for path in paths {
            self.expect(status, code, path, "torrent", &[]).await;
        }
    }
}

#[tokio::test]
async fn only_torrents_of_objects_are_served() {
    let world = world().await;
    for (path, query) in
        [("/data/a", ""), ("/data/a", "acl"), ("/", ""), ("/", "torrent"), ("/data", ""), ("/data/", "list-type=2")]
    {
        world.expect(501, "NotImplemented", path, query, &[]).await;
    }
    world.expect_of_paths(400, "RequestTorrentOfBucketError", &["/data", "/data/"]).await;
    for method in ["PUT", "POST", "DELETE", "PATCH"] {
        let answer = world.refused(&function_url(method, "/data/a", "torrent", &[])).await;
        assert_eq!(answer.error(), (405, "MethodNotAllowed".into()), "{method}");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS"));
    }
    let answer = world.refused(&function_url("HEAD", "/data/a", "", &[])).await;
    assert_eq!((answer.status, answer.body.len()), (501, 0));
    assert_eq!(answer.header("content-type"), Some("application/xml"));
    assert!(answer.header("x-amz-request-id").is_some_and(|id| id.starts_with("request-")));
}

#[tokio::test]
async fn paths_buckets_and_keys_keep_the_rules() {
    let world = world().await;
    let invalid = ["/data/%", "/data/%zz", "/data/a%F", "/data/%%41", "/data/%FF", "/%E6/a", "/data/%C3%28"];
    world.expect_of_paths(400, "InvalidURI", &invalid).await;

    let long = format!("/{}/a", "b".repeat(64));
    let names = ["/Data/a", "/da/a", &long, "/-data/a", "/data-/a", "/da_ta/a", "/.data/a", "/da..ta/a", "/1.2.3.4/a"];
    world.expect_of_paths(400, "InvalidBucketName", &names).await;
    let longest = format!("/{}/a", "b".repeat(63));
    world.expect_of_paths(403, "AccessDenied", &["/0ab/a", "/a-b.c1/a", "/a--b/a", "/1.2.3/a", &longest]).await;
    let names = ["/d%C3%A4ta/a", "//a"];
    world.expect_of_paths(400, "InvalidBucketName", &names).await;
    let arns = ["/arn:aws:s3:us-east-1:123456789012:accesspoint%2Fa/k", "/arn%3Aaws%3As3%3A%3A%3Adata/k"];
    world.expect_of_paths(400, "InvalidBucketName", &arns).await;
    world.expect_of_paths(501, "NotImplemented", &["/data--use1-az4--x-s3/a"]).await;

    let white = ["/data/%20", "/data/%0D%0A", "/data/%C2%85", "/data/%E3%80%80%09"];
    world.expect_of_paths(501, "NotImplemented", &white).await;
    let long = [
        "%C3%A9".repeat(513),
        "%41".repeat(2_000),
        "%41".repeat(6_000),
        "k".repeat(5_462) + &"%41".repeat(6_000),
        "k".repeat(100_000),
    ];
    for key in long {
        world.expect_of_paths(400, "KeyTooLongError", &[&format!("/data/{key}")]).await;
    }
    let path = format!("/data/{}", "k".repeat(100_000));
    let rest = json!({
        "path": path,
        "httpMethod": "GET",
        "queryStringParameters": {"torrent": ""},
        "requestContext": {"httpMethod": "GET", "stage": "prod", "path": format!("/prod{path}")},
    });
    assert_eq!(world.refused(&rest).await.error().1, "KeyTooLongError");
}

#[tokio::test]
async fn headers_and_parameters_are_checked() {
    let world = world().await;
    for value in ["", "me", "Requester"] {
        world.expect(400, "InvalidArgument", "/data/a", "torrent", &[("x-amz-request-payer", value)]).await;
    }
    for value in ["", "12345678901", "1234567890123", "12345678901a", "１２３４５６７８９０１２"] {
        let headers = [("x-amz-expected-bucket-owner", value)];
        world.expect(400, "InvalidBucketOwnerAWSAccountID", "/data/a", "torrent", &headers).await;
    }
    for version in ["", "a%20b", "a%2Fb", &"v".repeat(1025)] {
        let query = format!("torrent&versionId={version}");
        world.expect(400, "InvalidArgument", "/data/a", &query, &[]).await;
    }
}

#[tokio::test]
async fn the_checks_have_their_order() {
    let world = world().await;
    let put = world.refused(&function_url("PUT", "/Bad/%zz", "", &[])).await;
    assert_eq!(put.error().0, 405);
    let long = format!("/data/{}", "k".repeat(1025));
    for (status, code, path) in [
        (400, "InvalidURI", "/Bad/%zz"),
        (400, "InvalidBucketName", "/Bad/a"),
        (400, "KeyTooLongError", &long),
        (400, "InvalidArgument", "/elsewhere/a"),
    ] {
        world.expect(status, code, path, "torrent", &[("x-amz-request-payer", "me")]).await;
    }
    world.expect(403, "AccessDenied", "/elsewhere/a", "torrent", &[]).await;
}

#[tokio::test]
async fn the_document_holds_any_key() {
    let world = world().await;
    for (path, status, resource) in [
        ("/elsewhere/a%00%0B%EF%BF%BF%3C%26%22'%0D%0A%C3%A9", 403, "/elsewhere/a\u{fffd}\u{fffd}\u{fffd}<&\"'\r\né"),
        ("/data/%zz%20%FF", 400, "/data/%zz \u{fffd}"),
        ("/data/", 400, "/data/"),
    ] {
        let answer = world.refused(&function_url("GET", path, "torrent", &[])).await;
        assert_eq!((answer.error().0, answer.document().resource.as_str()), (status, resource));
    }
}
