//! Presigned URLs that are refused: before any connection, where they are not of the object that was asked for, and by
//! S3 itself.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use serde_json::json;
use test_s3::{Fault, Identity, Matcher};

use super::{encoded, get, presign, reader, server, url_of};
use crate::harness::{Function, function_url};

#[tokio::test]
async fn a_url_of_anything_else_is_refused_before_any_connection() {
    let s3 = server().await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    let good = url_of(&s3, &reader(), "a").await;
    let endpoint = s3.endpoint();
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from} in {good}");
        good.replacen(from, to, 1)
    };
    let at = |address: &str| good.replacen(&endpoint, address, 1);
    let unsigned = format!("{endpoint}/data/a");
    let long = format!("{good}&response-expires={}", "x".repeat(4096));
    let very_long = format!("{good}&response-expires={}", "x".repeat(100_000));
    let (before, signature) = good.split_once("X-Amz-Signature=").expect("a signature");
    let first_of_query = good.split_once('&').expect("parameters").0.to_owned();
    for url in [
        String::new(),
        " ".into(),
        "nonsense".into(),
        "/data/a".into(),
        long,
        very_long,
        format!(" {good}"),
        format!("{good}#fragment"),
        format!("{good}\n"),
        unsigned.clone(),
        format!("{unsigned}?"),
        format!("{unsigned}?versionId=1"),
        // What is left of a URL that was not percent-encoded.
        first_of_query,
        format!("{before}X-Amz-Signature={}", &signature[..10]),
        at("https://data.s3.amazonaws.com"),
        at("https://evil.example"),
        at("http://169.254.169.254"),
        at("http://localhost:9"),
        at("http://127.0.0.1"),
        at("ftp://127.0.0.1"),
        at(&endpoint.replace("http://", "https://")),
        at(&endpoint.replace("http://", "http://user@")),
        at(&endpoint.replace("127.0.0.1", "127.1")),
        at(&endpoint.replace("127.0.0.1", "127.0.0.1.")),
        at(&endpoint.replace("http://", "http://data.")),
        at(&format!("{endpoint}@evil.example")),
        at(&format!("{endpoint}\\@evil.example")),
        at("http:/"),
        at("http:///"),
        with("/data/a?", "/data/b?"),
        with("/data/a?", "/other/a?"),
        with("/data/a?", "/data/a/?"),
        with("/data/a?", "/data/A?"),
        with("/data/a?", "/data/x/../a?"),
        with("/data/a?", "/data/./a?"),
        with("/data/a?", "/data//a?"),
        with("/data/a?", "//data/a?"),
        with("/data/a?", "/data\\a?"),
        with("/data/a?", "/data/%2561?"),
        with("/data/a?", "/data/a+?"),
        with("/data/a?", "/data/a%?"),
        with("/data/a?", "/data/a%00?"),
        with("/data/a?", "?"),
        with("x-id=GetObject", "x-id=PutObject"),
        format!("{good}&versionId=1"),
        format!("{good}&acl"),
        format!("{good}&torrent"),
        format!("{good}&%74orrent"),
        format!("{good}&partNumber=1"),
        format!("{good}&uploadId=1"),
        format!("{good}&x-id=GetObject"),
        format!("{good}&X-Amz-Date=20260101T000000Z"),
        format!("{good}&AWSAccessKeyId=A&Signature=B&Expires=1"),
        format!("{good}&x-amz-expected-bucket-owner=%zz"),
        with("SignedHeaders=host", "SignedHeaders=host%3Brange"),
        with("SignedHeaders=host", "SignedHeaders=host%3Bx-amz-request-payer"),
        with("AWS4-HMAC-SHA256&", "&"),
    ] {
        let answer = get(&function, "/data/a", &url).await;
        assert_eq!(answer.error(), (400, "InvalidArgument".into()), "{url}");
    }
    let query = format!("torrent&presigned={}", encoded(&good));
    for header in [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "123456789012")] {
        let answer = function.send(&function_url("GET", "/data/a", &query, &[header])).await;
        assert_eq!(answer.error(), (400, "InvalidArgument".into()), "{header:?}");
        assert!(answer.document().message.contains(header.0), "{}", answer.text());
    }
    let both = format!("{query}&versionId=1");
    let answer = function.send(&function_url("GET", "/data/a", &both, &[])).await;
    assert_eq!(answer.error().0, 400);
    assert_eq!(s3.calls().len(), 0);
    assert_eq!(s3.connections(), 0);
    // It was none of the URL itself.
    get(&function, "/data/a", &good).await.torrent();
}

#[tokio::test]
async fn what_names_the_same_key_in_another_spelling_is_left_to_s3() {
    let s3 = server().await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    let url = url_of(&s3, &reader(), "a").await.replacen("/data/a?", "/data/%61?", 1);
    assert_eq!(get(&function, "/data/a", &url).await.origin(), "object");
}

#[tokio::test]
async fn expired_and_tampered_urls_are_denied_by_s3() {
    let s3 = server().await;
    s3.put("data", "a", "content");
    s3.put("data", "b", "content");
    let function = Function::start(&s3, &[]).await;
    let good = url_of(&s3, &reader(), "a").await;
    let client = s3.client_of(&reader());
    let soon = PresigningConfig::expires_in(Duration::from_secs(1)).expect("a time");
    let expired = client.get_object().bucket("data").key("a").presigned(soon.clone()).await.expect("a URL");
    let other_method = client.put_object().bucket("data").key("a").presigned(soon).await.expect("a URL");
    let other_method = other_method.uri().replace("PutObject", "GetObject");
    let other_key = url_of(&s3, &reader(), "b").await.replacen("/data/b?", "/data/a?", 1);
    let strangers = url_of(&s3, &Identity::new("STRANGER", "stranger-secret"), "a").await;
    let unknown = url_of(&s3, &Identity::new("UNKNOWN", "secret"), "a").await;
    let wrong_secret = url_of(&s3, &Identity::new("READER", "x"), "a").await;
    let wrong_token = url_of(&s3, &reader().session_token("another"), "a").await;
    let no_token = url_of(&s3, &Identity::new("READER", "reader-secret"), "a").await;
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for url in [
        expired.uri().to_owned(),
        other_method,
        other_key,
        good.replace("Expires=600", "Expires=6000"),
        good.replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        format!("{good}&response-content-type=text%2Fhtml"),
        strangers,
        unknown,
        wrong_secret,
        wrong_token,
        no_token,
    ] {
        let answer = get(&function, "/data/a", &url).await;
        assert_eq!(answer.error(), (403, "AccessDenied".into()), "{url}");
        assert!(answer.document().message.contains("presigned URL"), "{}", answer.text());
    }
    assert_eq!(s3.keys("data"), ["a", "b"], "nothing is cached");
}

#[tokio::test]
async fn a_signature_of_an_old_version_where_s3_takes_none_is_told_as_that() {
    let s3 = server().await;
    s3.put("data", "a", "content");
    let words = "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.";
    let body = format!("<Error><Code>InvalidRequest</Code><Message>{words}</Message></Error>");
    s3.fault(Matcher::get().key("a"), Fault::Answer { status: 400, body });
    let function = Function::start(&s3, &[]).await;
    let answer = get(&function, "/data/a", &url_of(&s3, &reader(), "a").await).await;
    assert_eq!(answer.error(), (403, "AccessDenied".into()));
    assert!(answer.document().message.contains("version 4"), "{}", answer.text());
}

#[tokio::test]
async fn a_bucket_that_is_not_served_is_not_served_by_a_url() {
    let s3 = server().await;
    let url = url_of(&s3, &reader(), "a").await;
    let function = Function::start(&s3, &[("BUCKETS", "other")]).await;
    assert_eq!(get(&function, "/data/a", &url).await.error(), (403, "AccessDenied".into()));
    assert_eq!(s3.calls().len(), 0);
}

#[tokio::test]
async fn a_value_too_long_for_an_event_is_refused_and_not_cut() {
    let s3 = server().await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    let request = s3.client_of(&reader()).get_object().bucket("data").key("a");
    let url = presign(request.response_content_type("x".repeat(9_000))).await;
    let rest = json!({
        "path": "/data/a", "httpMethod": "GET", "headers": {"host": "x.execute-api.us-east-1.amazonaws.com"},
        "multiValueQueryStringParameters": {"torrent": [""], "presigned": [url]},
        "requestContext": {"httpMethod": "GET", "stage": "prod", "path": "/prod/data/a"},
    });
    let junk = format!("junk={}&torrent&presigned={}", "é".repeat(30_000), encoded(&url));
    for event in [rest, function_url("GET", "/data/a", &junk, &[])] {
        assert_eq!(function.send(&event).await.error(), (400, "InvalidArgument".into()));
    }
    assert_eq!(s3.calls().len(), 0);
    let junk = "é".repeat(30_000);
    let path = format!("/data/{}", "é".repeat(10_000));
    let event = function_url("GET", &path, &format!("torrent={junk}&presigned={junk}"), &[]);
    assert_eq!(function.send(&event).await.error(), (400, "KeyTooLongError".into()));
}
