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

/// On the API's own host. API Gateway folds the slashes between stage and path in one of the two places.
fn rest(path: &str) -> Value {
    json!({
        "path": format!("/{}", path.trim_start_matches('/')),
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

/// What stands before the bucket: on the API's own host, then below each mapping of a custom domain.
const BEFORE: [&str; 6] = ["", "/prod", "/v1", "/v1/prod", "/data", "/data/data"];

/// Below `before`, or on the API's own host without it. `proxy` is what `{proxy+}` matched; nothing else is a route but `/`.
fn rest_below(before: &str, path: &str, proxy: &str) -> Value {
    let mut event = rest(path);
    if !before.is_empty() {
        let path = format!("{before}{path}");
        event["path"] = path.clone().into();
        event["requestContext"]["path"] = path.into();
    }
    if proxy.is_empty() {
        event["requestContext"]["resourcePath"] = "/".into();
    } else {
        event["pathParameters"] = json!({"proxy": proxy});
    }
    event
}

/// As API Gateway shows it: encoded, without slashes at its start and one at its end.
fn shown(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.strip_suffix('/').unwrap_or(path)
}

#[tokio::test]
async fn keys_below_a_base_path_arrive_byte_for_byte() {
    for (key, encoded) in KEYS {
        for before in BEFORE {
            let path = format!("/data/{encoded}");
            for proxy in [&format!("data/{key}"), &format!("data/{}", key.trim_end_matches('/')), shown(&path)] {
                assert_eq!(key_asked_for(&[], &rest_below(before, &path, proxy)).await, key, "{before}{path}");
            }
        }
    }
}

fn http_below(before: &str, path: &str) -> Value {
    version_2("torrents.example", "prod", "GET", &format!("{before}{path}"), "torrent", &[])
}

#[tokio::test]
async fn an_http_api_tells_the_base_path_by_its_route() {
    for (key, before) in KEYS.iter().flat_map(|(key, _)| BEFORE.map(|before| (*key, before))) {
        let mut event = http_below(before, &format!("/data/{key}"));
        event["routeKey"] = "ANY /{proxy+}".into();
        event["pathParameters"] = json!({"proxy": format!("data/{key}")});
        assert_eq!(key_asked_for(&[("BASE_PATH", "data")], &event).await, key, "{event}");
    }
}

#[tokio::test]
async fn base_path_says_what_no_event_tells() {
    let variables = [("BASE_PATH", "/v1/")];
    for path in ["/v1/data/data/x", "/prod/data/data/x", "/data/data/x"] {
        assert_eq!(key_asked_for(&variables, &http_below("", path)).await, "data/x", "{path}");
    }
    for event in [alb("/v1/data/a%2Fb"), function_url("GET", "/v1/data/a%2Fb", "torrent", &[])] {
        assert_eq!(key_asked_for(&variables, &event).await, "a/b");
    }
    assert_eq!(key_asked_for(&[("BASE_PATH", "data")], &rest_below("", "/data/data/x", "data/data/x")).await, "data/x");
}

#[tokio::test]
async fn errors_name_the_path_below_the_base_path() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let function = Function::start(&s3, &[]).await;
    for (event, status, resource) in [
        (rest_below("/v1", "/data/a%2Fb", "data/a/b"), 403, "/data/a/b"),
        (rest_below("/v1/prod", "/data/", "data"), 400, "/data/"),
        (rest_below("/v1", "", ""), 501, "/"),
        (rest("//data/a"), 400, "//data/a"),
    ] {
        let answer = function.send(&event).await;
        assert_eq!(answer.status, status, "{event}");
        assert!(answer.text().contains(&format!("<Resource>{resource}</Resource>")), "{}", answer.text());
    }
}

/// With the bucket in the host, the key begins where API Gateway folds slashes.
#[tokio::test]
async fn slashes_at_the_start_of_a_key_are_kept() {
    for (key, encoded) in KEYS.into_iter().chain([("//a", "//a"), ("/a/b", "/a%2Fb"), ("/a", "%2Fa")]) {
        for before in BEFORE {
            let path = format!("/{encoded}");
            let mut event = rest_below(before, &path, shown(&path));
            event["headers"]["Host"] = "data.t.example".into();
            let mut folded = event.clone();
            folded["path"] = format!("{before}/{}", encoded.trim_start_matches('/')).into();
            for event in [event, folded] {
                assert_eq!(key_asked_for(&[("VIRTUAL_HOST_DOMAIN", "t.example")], &event).await, key, "{event}");
            }
        }
    }
    let mut http = version_2(HTTP_API, "prod", "GET", "/prod/a", "torrent", &[("host", "data.t.example")]);
    http["requestContext"]["http"]["path"] = "/prod//a".into();
    assert_eq!(key_asked_for(&[("VIRTUAL_HOST_DOMAIN", "t.example")], &http).await, "/a");
}

#[tokio::test]
async fn a_path_that_the_request_context_contradicts_is_refused() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let function = Function::start(&s3, &[("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    for host in [HTTP_API, "data.t.example"] {
        for whole in ["/prod/data/b", "/prod/x/data/a", "/prod/data//a", "/test/data/a", "data/a", ""] {
            let mut event = rest_below("", "/data/a", "data/a");
            event["headers"]["Host"] = host.into();
            event["requestContext"]["path"] = whole.into();
            let answer = function.send(&event).await;
            assert_eq!(answer.error(), (400, "InvalidURI".into()), "{whole}");
            assert!(answer.document().message.contains("%2F"));
        }
    }
    assert_eq!(s3.calls().len(), 0);
}

#[tokio::test]
async fn a_route_in_place_of_the_path_contradicts_nothing() {
    let mut event = rest_below("", "/data/a", "data/a");
    for member in ["path", "resourcePath"] {
        event["requestContext"][member] = "/{proxy+}".into();
    }
    assert_eq!(key_asked_for(&[], &event).await, "a");
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
    let hosts = ["s3.us-east-1.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com"];
    assert_eq!(seeds, hosts.map(|host| format!("https://{host}/my.data/k")));
}

#[tokio::test]
async fn the_root_of_a_bucket_host_is_the_bucket() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let function = Function::start(&s3, &[("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    let answer = function.get_with("/", &[("host", "data.t.example")]).await;
    assert_eq!(answer.error(), (400, "RequestTorrentOfBucketError".into()));
}
