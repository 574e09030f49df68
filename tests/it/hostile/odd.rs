//! Odd texts, keys and events, as proptest makes them.

use proptest::{
    collection::vec,
    option,
    prelude::{Just, Strategy, any, prop_oneof},
    sample::select,
    strategy::BoxedStrategy,
};
use serde_json::{Map, Value, json};

use crate::harness::version_2;

/// What tends to break out of where it is put, beside single characters.
const FRAGMENTS: [&str; 24] = [
    "a",
    "/",
    "//",
    "../",
    "./",
    "\r\n",
    "\u{85}",
    "%2F",
    "%2e",
    "%00",
    "%zz",
    "<x>",
    "]]>",
    "&amp;",
    "<!--",
    "\u{202e}",
    "\u{fffe}",
    "e\u{301}",
    "https://evil.example/",
    "data/",
    "X-Evil: 1",
    ".torrent",
    "${jndi:ldap://x}",
    "{key}",
];

const HOSTS: [&str; 8] = [
    "t.example",
    "data.t.example",
    "other.t.example",
    "..t.example",
    "data.t.example:443",
    "evil@data.t.example",
    "[::1]",
    "%64ata.t.example",
];

const METHODS: [&str; 8] = ["GET", "GET", "GET", "GET", "HEAD", "OPTIONS", "PUT", "BREW"];

pub(super) fn text(most: usize) -> BoxedStrategy<String> {
    let fragment = prop_oneof![select(FRAGMENTS.as_slice()).prop_map(str::to_owned), "[\\x00-\\x7f]"];
    let odd = vec(fragment, 0..most).prop_map(|fragments| fragments.concat());
    prop_oneof![4 => odd, 1 => "\\PC{0,20}", 1 => any::<String>(), 1 => "[a-z]{1,400}"].boxed()
}

/// Keys that S3 takes.
pub(super) fn key() -> BoxedStrategy<String> {
    let fits = |key: &String| !key.trim().is_empty() && key.len() <= 1000;
    text(8).prop_filter("S3 takes no such key", fits).boxed()
}

fn path() -> BoxedStrategy<String> {
    let bucket = select(&["/data/", "/data/", "/data/", "/other/", "/missing/", "/", "", "/data", "/.."][..]);
    let long = select(&[0, 0, 0, 0, 1_100, 20_000][..]).prop_map(|length| "k".repeat(length));
    (bucket, text(8), long).prop_map(|(bucket, text, long)| format!("{bucket}{text}{long}")).boxed()
}

fn query() -> BoxedStrategy<Vec<(String, String)>> {
    let name = prop_oneof![6 => Just("versionId".to_owned()), 1 => Just("presigned".to_owned()), 2 => text(3)];
    let torrent = prop_oneof![9 => Just(vec![("torrent".to_owned(), String::new())]), 1 => Just(vec![])];
    (torrent, vec((name, text(3)), 0..2)).prop_map(|(torrent, others)| [torrent, others].concat()).boxed()
}

fn host() -> BoxedStrategy<String> {
    prop_oneof![select(HOSTS.as_slice()).prop_map(str::to_owned), text(3).prop_map(|text| clean(&text))].boxed()
}

/// Without bytes that HTTP would not let through.
fn clean(text: &str) -> String {
    text.replace(|c: char| c.is_control() || !c.is_ascii(), "")
}

/// Names are known ones or none at all, and there may be no host.
fn headers() -> BoxedStrategy<Map<String, Value>> {
    let names = [
        "x-amz-request-payer",
        "x-amz-expected-bucket-owner",
        "if-none-match",
        "x-forwarded-proto",
        "x-forwarded-host",
        "range",
        "authorization",
        "content-length",
        "x-long",
    ];
    let long = select(&[0, 0, 10_240][..]).prop_map(|length| "h".repeat(length));
    let value = prop_oneof![text(3), long, Just("requester".to_owned()), Just("*".to_owned())];
    (option::weighted(0.8, host()), vec((select(names.to_vec()), value), 0..3))
        .prop_map(|(host, others)| {
            let others = others.into_iter().map(|(name, value)| (name, clean(&value)));
            others.chain(host.map(|host| ("host", host))).map(|(name, value)| (name.to_owned(), value.into())).collect()
        })
        .boxed()
}

/// What a route matched: nothing, a part of the path or something else.
fn path_parameters() -> BoxedStrategy<Value> {
    let proxy = (select(&["", "data/", "other/"][..]), text(3))
        .prop_map(|(start, rest)| json!({"proxy": start.to_owned() + &rest}));
    prop_oneof![2 => Just(json!(null)), 1 => Just(json!({})), 2 => proxy].boxed()
}

/// A REST API's, an ALB's, an HTTP API's or a Function URL's.
pub(super) fn event() -> impl Strategy<Value = Value> {
    let whole = prop_oneof![
        4 => select(&["", "/prod", "/prod/", "//"][..]).prop_map(|before| (before.to_owned(), true)),
        1 => path().prop_map(|path| (path, false)),
    ];
    let domains = ["a.execute-api.eu-west-1.amazonaws.com", "a.lambda-url.eu-west-1.on.aws"];
    let domain = prop_oneof![4 => select(domains.to_vec()).prop_map(str::to_owned), 1 => host()];
    let parts = (0..3, select(METHODS.as_slice()), path(), whole, query(), headers(), path_parameters(), domain);
    parts.prop_map(|(kind, method, path, (whole, has_path), query, headers, path_parameters, domain)| {
        let whole = if has_path { whole + &path } else { whole };
        let raw_query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let parameters: Map<_, _> = query.into_iter().map(|(name, value)| (name, value.into())).collect();
        let mut event = match kind {
            0 => version_2(&domain, "$default", method, &path, &raw_query.join("&"), &[]),
            1 => json!({
                "path": path, "httpMethod": method, "queryStringParameters": parameters,
                "requestContext": {"httpMethod": method, "stage": "prod", "path": whole, "domainName": domain},
            }),
            _ => json!({
                "path": path, "httpMethod": method, "queryStringParameters": parameters,
                "requestContext": {"elb": {"targetGroupArn": "arn"}}, "isBase64Encoded": false, "body": "",
            }),
        };
        event["headers"] = headers.into();
        event["pathParameters"] = path_parameters;
        event
    })
}
