//! Presigned URLs that are refused before any connection, because they are not of the object that was asked for. What S3
//! itself refuses, tests/e2e/presigned/ shows.

use serde_json::json;
use test_s3::{Fault, Matcher};

use super::{get, presign, query_of, reader, serving};
use crate::harness::{Function, function_url};

#[tokio::test]
async fn a_url_of_anything_else_is_refused_before_any_connection() {
    let (s3, good) = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    let endpoint = s3.endpoint();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} in {good}");
        good.replacen(from, to, 1)
    };
    let unsigned = format!("{endpoint}/data/a");
    let (before, signature) = good.split_once("X-Amz-Signature=").expect("a signature");
    let first_of_query = good.split_once('&').expect("parameters").0.to_owned();
    let whole = [
        "",
        "nonsense",
        &format!("{good}&response-expires={}", "x".repeat(4096)),
        &format!("{good}&response-expires={}", "x".repeat(100_000)),
        &format!(" {good}"),
        &format!("{good}#fragment"),
        &format!("{good}\n"),
        &format!("{unsigned}?versionId=1"),
        // What is left of a URL that was not percent-encoded.
        &first_of_query,
        &format!("{before}X-Amz-Signature={}", &signature[..10]),
    ]
    .map(str::to_owned);
    let hosts = ["http://169.254.169.254", &endpoint.replace("http://", "http://user@"), "http:/"]
        .map(|address| good.replacen(&endpoint, address, 1));
    let paths = ["/data/b", "/other/a", "/data/x/../a", "//data/a", "/data/%2561", ""]
        .map(|path| with("/data/a?", &format!("{path}?")));
    let queries = [
        "versionId=1",
        "torrent",
        "%74orrent",
        "partNumber=1",
        "x-id=GetObject",
        "X-Amz-Date=20260101T000000Z",
        "AWSAccessKeyId=A&Signature=B&Expires=1",
        "x-amz-expected-bucket-owner=%zz",
    ]
    .map(|query| format!("{good}&{query}"));
    let parameters = [with("x-id=GetObject", "x-id=PutObject"), with("AWS4-HMAC-SHA256&", "&")];
    for url in whole.iter().chain(&hosts).chain(&paths).chain(&queries).chain(&parameters) {
        let answer = get(&function, "/data/a", url).await;
        assert_eq!(answer.error(), (400, "InvalidArgument".into()), "{url}");
    }
    // Which headers and versions agree, src/s3/access/presigned/tests.rs shows.
    let header = ("x-amz-request-payer", "requester");
    let answer = function.send(&function_url("GET", "/data/a", &query_of(&good), &[header])).await;
    assert_eq!(answer.error(), (400, "InvalidArgument".into()));
    assert!(answer.document().message.contains(header.0), "{}", answer.text());
    let other = Function::start(&s3, &[("BUCKETS", "other")]).await;
    assert_eq!(get(&other, "/data/a", &good).await.error(), (403, "AccessDenied".into()));
    assert_eq!(s3.calls().len(), 0);
    // It was none of the URL itself; and the same key in another spelling is left to S3.
    get(&function, "/data/a", &good).await.torrent();
    get(&function, "/data/a", &with("/data/a?", "/data/%61?")).await.torrent();
}

#[tokio::test]
async fn a_signature_of_an_old_version_where_s3_takes_none_is_told_as_that() {
    let (s3, url) = serving("content").await;
    let words = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    let body = format!("<Error><Code>InvalidRequest</Code><Message>{words}</Message></Error>");
    s3.fault(Matcher::get().key("a"), Fault::Answer { status: 400, body });
    let answer = get(&Function::start(&s3, &[]).await, "/data/a", &url).await;
    assert_eq!(answer.error(), (403, "AccessDenied".into()));
    assert!(answer.document().message.contains("version 4"), "{}", answer.text());
}

#[tokio::test]
async fn a_value_too_long_for_an_event_is_refused_and_not_cut() {
    let (s3, _) = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    let request = s3.client_of(&reader()).get_object().bucket("data").key("a");
    let url = presign(request.response_content_type("x".repeat(9_000))).await;
    let rest = json!({
        "path": "/data/a", "httpMethod": "GET", "headers": {"host": "x.execute-api.us-east-1.amazonaws.com"},
        "multiValueQueryStringParameters": {"torrent": [""], "presigned": [url]},
        "requestContext": {"httpMethod": "GET", "stage": "prod", "path": "/prod/data/a"},
    });
    let junk = "é".repeat(30_000);
    let path = format!("/data/{}", "é".repeat(10_000));
    for (event, code) in [
        (rest, "InvalidArgument"),
        (function_url("GET", "/data/a", &format!("junk={junk}&{}", query_of(&url)), &[]), "InvalidArgument"),
        (function_url("GET", &path, &format!("torrent={junk}&presigned={junk}"), &[]), "KeyTooLongError"),
    ] {
        assert_eq!(function.send(&event).await.error(), (400, code.into()));
    }
    assert_eq!(s3.calls().len(), 0);
}
