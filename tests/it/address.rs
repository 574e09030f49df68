//! Keys arrive at S3 byte for byte, whatever kind of event brings them, and buckets by path or by host.

use serde_json::{Value, json};
use test_s3::{Bucket, FakeS3, Operation};

use super::harness::{Function, function_url, version_2};

const HTTP_API: &str = "a1b2c3.execute-api.us-east-1.amazonaws.com";

/// Keys, and how a client puts them in a path.
const KEYS: [(&str, &str); 18] = [
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
    ("\0 ", "%00%20"),
];

/// What stands before the bucket: on the API's own host, then below each mapping of a custom domain.
const BEFORE: [&str; 6] = ["", "/prod", "/v1", "/v1/prod", "/data", "/data/data"];

/// A function, and an S3 without objects that sees which keys it asks for.
struct World {
    s3: FakeS3,
    function: Function,
}

async fn world(variables: &[(&str, &str)]) -> World {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let function = Function::start(&s3, variables).await;
    World { s3, function }
}

impl World {
    /// The function asks for `key` when `event` comes.
    async fn expect(&self, key: &str, event: &Value) {
        self.s3.clear_calls();
        let answer = self.function.send(event).await;
        let heads = self.s3.calls_of(Operation::HeadObject);
        assert_eq!((heads.len(), answer.status), (1, 403), "{event}");
        assert_eq!((heads[0].bucket.as_str(), heads[0].key.as_str()), ("data", key), "{event}");
    }
}

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

fn http(domain: &str, stage: &str, path: &str) -> Value {
    version_2(domain, stage, "GET", path, "torrent", &[])
}

/// As API Gateway shows it: encoded, without slashes at its start and one at its end.
fn shown(path: &str) -> &str {
    let path = path.trim_start_matches('/');
    path.strip_suffix('/').unwrap_or(path)
}

#[tokio::test]
async fn paths_are_decoded_once_where_the_event_has_them_encoded() {
    let world = world(&[]).await;
    for (key, encoded) in KEYS {
        let path = format!("/data/{encoded}");
        let of_an_http_api =
            [http(HTTP_API, "prod", &format!("/prod/data/{key}")), http(HTTP_API, "$default", &format!("/data/{key}"))];
        let url = function_url("GET", &path, "torrent", &[]);
        for event in [rest(&path), alb(&path), url, http("localhost", "$default", &path)].iter().chain(&of_an_http_api)
        {
            world.expect(key, event).await;
        }
        for proxy in [&format!("data/{key}"), shown(&path)] {
            world.expect(key, &rest_below("/v1/prod", &path, proxy)).await;
        }
    }
    for before in BEFORE {
        world.expect("data//x/", &rest_below(before, "/data/data//x/", "data/data/x")).await;
    }
    // What is no match of the path's end takes nothing off.
    for proxy in ["other/x", "v1/data/x", "ata/x"] {
        world.expect("x", &rest_below("", "/data/x", proxy)).await;
    }
    // A stage is taken off once, and only where there is one.
    world.expect("data/x", &http(HTTP_API, "data", "/data/data/data/x")).await;
    world.expect("prod/x", &function_url("GET", "/data/prod/x", "torrent", &[])).await;
}

#[tokio::test]
async fn base_path_says_what_no_event_tells() {
    let v1 = world(&[("BASE_PATH", "/v1/")]).await;
    for path in ["/v1/data/data/x", "/prod/data/data/x", "/data/data/x"] {
        v1.expect("data/x", &http("torrents.example", "prod", path)).await;
    }
    for event in [alb("/v1/data/a%2Fb"), function_url("GET", "/v1/data/a%2Fb", "torrent", &[])] {
        v1.expect("a/b", &event).await;
    }
    let data = world(&[("BASE_PATH", "data")]).await;
    data.expect("data/x", &rest_below("", "/data/data/x", "data/data/x")).await;
    // An HTTP API's route tells it.
    for (key, before) in BEFORE.iter().flat_map(|before| [("a//b", *before), ("a%2F b+c/", *before)]) {
        let mut event = http("torrents.example", "prod", &format!("{before}/data/{key}"));
        event["routeKey"] = "ANY /{proxy+}".into();
        event["pathParameters"] = json!({"proxy": format!("data/{key}")});
        data.expect(key, &event).await;
    }
}

#[tokio::test]
async fn errors_name_the_path_below_the_base_path() {
    let world = world(&[]).await;
    for (event, status, resource) in [
        (rest_below("/v1", "/data/a%2Fb", "data/a/b"), 403, "/data/a/b"),
        (rest_below("/v1/prod", "/data/", "data"), 400, "/data/"),
        (rest_below("/v1", "", ""), 501, "/"),
        (rest("//data/a"), 400, "//data/a"),
    ] {
        let answer = world.function.send(&event).await;
        assert_eq!((answer.status, answer.document().resource.as_str()), (status, resource), "{event}");
    }
}

/// With the bucket in the host, the key begins where API Gateway folds slashes.
#[tokio::test]
async fn slashes_at_the_start_of_a_key_are_kept() {
    let world = world(&[("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    for (key, encoded) in
        [("/a", "/a"), ("/", "/"), ("a//b", "a//b"), ("//a", "//a"), ("/a/b", "/a%2Fb"), ("/a", "%2Fa")]
    {
        for before in BEFORE {
            let path = format!("/{encoded}");
            let mut event = rest_below(before, &path, shown(&path));
            event["headers"]["Host"] = "data.t.example".into();
            let mut folded = event.clone();
            folded["path"] = format!("{before}/{}", encoded.trim_start_matches('/')).into();
            for event in [event, folded] {
                world.expect(key, &event).await;
            }
        }
    }
    let mut http = version_2(HTTP_API, "prod", "GET", "/prod/a", "torrent", &[("host", "data.t.example")]);
    http["requestContext"]["http"]["path"] = "/prod//a".into();
    world.expect("/a", &http).await;
}

#[tokio::test]
async fn a_path_that_the_request_context_contradicts_is_refused() {
    let world = world(&[("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    for host in [HTTP_API, "data.t.example"] {
        for whole in ["/prod/data/b", "/prod/x/data/a", "/prod/data//a", "/test/data/a", "data/a", ""] {
            let mut event = rest_below("", "/data/a", "data/a");
            event["headers"]["Host"] = host.into();
            event["requestContext"]["path"] = whole.into();
            let answer = world.function.send(&event).await;
            assert_eq!(answer.error(), (400, "InvalidURI".into()), "{whole}");
            assert!(answer.document().message.contains("%2F"));
        }
    }
    assert_eq!(world.s3.calls().len(), 0);
    // A route in place of the path contradicts nothing.
    let mut event = rest_below("", "/data/a", "data/a");
    for member in ["path", "resourcePath"] {
        event["requestContext"][member] = "/{proxy+}".into();
    }
    world.expect("a", &event).await;
}

#[tokio::test]
async fn a_bucket_may_be_the_first_part_of_the_host() {
    let named = world(&[("VIRTUAL_HOST_DOMAIN", "Torrents.example")]).await;
    for (host, path, key) in [
        ("data.torrents.example", "//a%2Fb/c", "/a/b/c"),
        ("DATA.Torrents.Example:443", "//a%2Fb/c", "/a/b/c"),
        ("torrents.example", "/data/k", "k"),
        ("data.torrents.example.com", "/data/k", "k"),
        ("datatorrents.example", "/data/k", "k"),
        (".torrents.example", "/data/k", "k"),
    ] {
        named.expect(key, &function_url("GET", path, "torrent", &[("host", host)])).await;
    }
    let event = function_url("GET", "/data/k", "torrent", &[("host", "data.torrents.example")]);
    world(&[]).await.expect("k", &event).await;
    let root = named.function.get_with("/", &[("host", "data.torrents.example")]).await;
    assert_eq!(root.error(), (400, "RequestTorrentOfBucketError".into()));
}

#[tokio::test]
async fn buckets_with_dots_may_be_in_the_host_too() {
    let s3 = FakeS3::start([Bucket::public("my.data")]).await;
    s3.put("my.data", "a", "content");
    let function = Function::start(&s3, &[("BUCKETS", "my.data"), ("VIRTUAL_HOST_DOMAIN", "t.example")]).await;
    let torrent = function.get_with("/a", &[("host", "my.data.t.example")]).await.torrent();
    let hosts = ["s3.us-east-1.amazonaws.com", "s3.dualstack.us-east-1.amazonaws.com"];
    assert_eq!(torrent.web_seeds, hosts.map(|host| format!("https://{host}/my.data/a")));
}
