//! Keys arrive at S3 byte for byte, whatever kind of event brings them, and buckets by path or by host.

use serde_json::{Value, json};
use test_s3::{Bucket, FakeS3, Operation};

use super::harness::{Function, function_url, version_2};

const HTTP_API: &str = "a1b2c3.execute-api.us-east-1.amazonaws.com";

/// Keys, and how a client puts them in a path.
const KEYS: [(&str, &str); 17] = [
    ("a+b", "a+b"),
    ("a+b", "a%2Bb"),
    ("a%2Fb", "a%252Fb"),
    ("a%b", "a%25b"),
    ("a//b", "a//b"),
    ("/a", "/a"),
    ("/", "/"),
    ("dir/", "dir/"),
    ("../a/./b", "../a/./b"),
    ("..", "%2e%2e"),
    ("a b", "a%20b"),
    ("日本/é", "%E6%97%A5%E6%9C%AC/%C3%A9"),
    ("it's \"x\"", "it's%20%22x%22"),
    ("a?b", "a%3Fb"),
    ("a#b", "a%23b"),
    ("a\\b", "a%5Cb"),
    ("a\tb\n", "a%09b%0A"),
];

fn rest(path: &str) -> Value {
    json!({
        "path": path,
        "httpMethod": "GET",
        "headers": {"Host": HTTP_API},
        "multiValueQueryStringParameters": {"torrent": [""]},
        "requestContext": {"httpMethod": "GET", "stage": "prod", "path": format!("/prod{path}")},
    })
}

fn alb(path: &str) -> Value {
    json!({
        "path": path,
        "httpMethod": "GET",
        "headers": {"host": "torrents.elb.amazonaws.com"},
        "queryStringParameters": {"torrent": ""},
        "requestContext": {"elb": {"targetGroupArn": "arn"}},
        "isBase64Encoded": false,
        "body": "",
    })
}

/// The key of the HEAD that S3 gets for an event.
async fn key_asked_for(variables: &[(&str, &str)], event: &Value) -> String {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let answer = Function::start(&s3, variables).await.send(event).await;
    let heads = s3.calls_of(Operation::HeadObject);
    assert_eq!((heads.len(), answer.status), (1, 403), "{event}");
    assert_eq!(heads[0].bucket, "data");
    heads[0].key.clone()
}

#[tokio::test]
async fn encoded_paths_are_decoded_once() {
    for (key, encoded) in KEYS {
        let path = format!("/data/{encoded}");
        let local = version_2("localhost", "$default", "GET", &path, "torrent", &[]);
        for event in [rest(&path), alb(&path), function_url("GET", &path, "torrent", &[]), local] {
            assert_eq!(key_asked_for(&[], &event).await, key, "{event}");
        }
    }
}

#[tokio::test]
async fn paths_of_an_http_api_are_taken_as_they_are() {
    for (key, _) in KEYS {
        let event = version_2(HTTP_API, "prod", "GET", &format!("/prod/data/{key}"), "torrent", &[]);
        assert_eq!(key_asked_for(&[], &event).await, key);
        let event = version_2(HTTP_API, "$default", "GET", &format!("/data/{key}"), "torrent", &[]);
        assert_eq!(key_asked_for(&[], &event).await, key);
    }
}

#[tokio::test]
async fn a_stage_is_taken_off_once() {
    let event = version_2(HTTP_API, "data", "GET", "/data/data/data/x", "torrent", &[]);
    assert_eq!(key_asked_for(&[], &event).await, "data/x");
    let event = function_url("GET", "/data/prod/x", "torrent", &[]);
    assert_eq!(key_asked_for(&[], &event).await, "prod/x");
}

#[tokio::test]
async fn a_bucket_may_be_the_first_part_of_the_host() {
    let variables = [("VIRTUAL_HOST_DOMAIN", "Torrents.example")];
    for host in ["data.torrents.example", "DATA.Torrents.Example:443"] {
        let event = function_url("GET", "//a%2Fb/c", "torrent", &[("host", host)]);
        assert_eq!(key_asked_for(&variables, &event).await, "/a/b/c", "{host}");
    }
    for host in ["torrents.example", "data.torrents.example.com", "datatorrents.example", ".torrents.example"] {
        let event = function_url("GET", "/data/k", "torrent", &[("host", host)]);
        assert_eq!(key_asked_for(&variables, &event).await, "k", "{host}");
    }
    let event = function_url("GET", "/data/k", "torrent", &[("host", "data.torrents.example")]);
    assert_eq!(key_asked_for(&[], &event).await, "k");
}

#[tokio::test]
async fn buckets_with_dots_may_be_in_the_host_too() {
    let s3 = FakeS3::start([Bucket::public("my.data")]).await;
    s3.put("my.data", "k", "content");
    let function = Function::start(&s3, &[("BUCKETS", "my.data"), ("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    let answer = function.get_with("/k", &[("host", "my.data.t.example")]).await;
    assert_eq!(answer.torrent().info.name, "k");
    let seeds = answer.torrent().web_seeds;
    assert_eq!(seeds.len(), 2, "no https host may begin with a dotted bucket: {seeds:?}");
}

#[tokio::test]
async fn the_root_of_a_bucket_host_is_the_bucket() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let function = Function::start(&s3, &[("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    let answer = function.get_with("/", &[("host", "data.t.example")]).await;
    assert_eq!(answer.error(), (400, "RequestTorrentOfBucketError".into()));
}
