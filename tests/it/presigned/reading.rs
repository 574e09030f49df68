//! A private object is read by its presigned URL alone, which is kept nowhere.

use serde_json::json;
use test_s3::{Bucket, Call, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{encoded, get, presign, query_of, reader, server_of, serving, stranger, url_of};
use crate::{
    fake_workflow::FakeWorkflow,
    harness::{Function, function_url, model},
    log::capture,
};

const MODES: [&str; 2] = ["public-read", "function-role"];
const MIB: u64 = 1024 * 1024;

fn of_object(calls: Vec<Call>) -> Vec<Call> {
    calls.into_iter().filter(|call| call.key == "a").collect()
}

#[tokio::test]
async fn a_private_object_is_read_by_the_url_alone_into_the_torrent_that_the_role_would_get() {
    let content = Content::random(3 * MIB + 5, 1);
    for mode in MODES {
        let (s3, url) = serving(content.clone()).await;
        let function = Function::start(&s3, &[("ACCESS", mode), ("RANGE_SIZE", "1048576")]).await;
        let answer = get(&function, "/data/a", &url).await;
        assert_eq!((answer.origin(), answer.status), ("object", 200), "{}", answer.text());
        let info = answer.torrent().info;
        assert_eq!((info.length, info.pieces), (content.length(), model(&content, info.piece_length)));
        let calls = of_object(s3.calls_of(Operation::GetObject));
        assert_eq!((calls.len(), calls[0].range), (5, Some((0, 0))), "{calls:#?}");
        let (_, query) = url.split_once('?').expect("a query");
        for call in &calls {
            assert_eq!(call.query, query, "{call:?}");
            assert!(!call.headers.keys().any(|name| name.as_str().starts_with("x-amz-")), "{call:?}");
            assert_eq!(call.signed.as_deref(), Some("READER"), "{call:?}");
        }
        assert!(calls[1..].iter().all(|call| call.if_match.is_some()));
        let by_role = Function::start(&s3, &[("ACCESS", "function-role"), ("SIDECAR_PREFIX", "other/")]).await;
        assert_eq!(by_role.get("/data/a").await.body, answer.body);
    }
}

#[tokio::test]
async fn the_sidecar_serves_once_the_url_has_opened_a_byte() {
    let (s3, url) = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    let first = get(&function, "/data/a", &url).await;
    s3.clear_calls();
    let second = get(&function, "/data/a", &url).await;
    assert_eq!((second.origin(), &second.body), ("sidecar", &first.body));
    let calls = s3.calls();
    let sidecar = calls.iter().find(|call| call.key == "a.torrent").expect("a sidecar's GET");
    assert_eq!((calls.len(), &sidecar.signed), (2, &Some(Identity::role().access_key)), "{calls:?}");
    assert_eq!(of_object(calls)[0].range, Some((0, 0)));
    let head = function.send(&function_url("HEAD", "/data/a", &query_of(&url), &[])).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, first.header("etag")));

    // Neither the cache nor the role opens it to anyone else.
    let strangers = url_of(&s3, &stranger(), "a").await;
    let refused = get(&function, "/data/a", &strangers).await;
    assert_eq!(refused.error(), (403, "AccessDenied".into()));
    assert!(refused.document().message.contains("presigned URL"), "{}", refused.text());
    assert_eq!(function.error("/data/a").await, (403, "AccessDenied".into()));
}

#[tokio::test]
async fn every_kind_of_event_carries_the_url_of_any_key_whole() {
    let (s3, _) = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    for (number, key) in
        ["a+b/", "a%2Fb", " a b&c=d ", "it's/é", "/", "/a", "a//b", "..", "a/./b/", "../../data/b", "x?y#z"]
            .iter()
            .enumerate()
    {
        let content = Content::random(1_000 + number as u64, number as u64);
        s3.put("data", key, content.clone());
        let url = url_of(&s3, &reader(), key).await;
        // As curl and SDKs send the path: slashes and dots as they are.
        let plain = format!("/data/{}", encoded(key).replace("%2F", "/").replace("%2E", "."));
        let torrent = get(&function, &plain, &url).await.torrent();
        assert_eq!(torrent.info.pieces, model(&content, torrent.info.piece_length), "{key}");
        assert_eq!(torrent.web_seeds.is_empty(), key.ends_with('/'), "{key}");
        let path = format!("/data/{}", encoded(key));
        let host = json!({"host": "a1b2c3.execute-api.us-east-1.amazonaws.com"});
        let rest = json!({
            "path": path, "httpMethod": "GET", "headers": host,
            "multiValueQueryStringParameters": {"torrent": [""], "presigned": [url]},
            "queryStringParameters": {"torrent": "", "presigned": url},
            "requestContext": {"httpMethod": "GET", "stage": "prod", "path": path},
        });
        let alb = |name: &str, torrent, presigned| {
            json!({
                "path": path, "httpMethod": "GET", "headers": host, name: {"torrent": torrent, "presigned": presigned},
                "requestContext": {"elb": {"targetGroupArn": "arn"}}, "isBase64Encoded": false, "body": "",
            })
        };
        let raw = encoded(&url);
        let single = alb("queryStringParameters", json!(""), json!(raw));
        let multi = alb("multiValueQueryStringParameters", json!([""]), json!([raw]));
        for event in [rest, single, multi] {
            assert_eq!(function.send(&event).await.origin(), "sidecar", "{event}");
        }
    }
}

#[tokio::test]
async fn version_payer_and_owner_are_those_that_the_url_is_signed_for() {
    let s3 = server_of(Bucket::private("data").versioned().requester_pays().owner("123456789012")).await;
    let first = s3.put("data", "a", "first").expect("a version");
    s3.put("data", "a", "the second");
    let request = s3.client_of(&reader()).get_object().bucket("data").key("a");
    let request = request.request_payer(aws_sdk_s3::types::RequestPayer::Requester);
    let request = request.expected_bucket_owner("123456789012");
    let (latest, of_first) = (presign(request.clone()).await, presign(request.version_id(&first)).await);
    let function = Function::start(&s3, &[]).await;
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "123456789012")];
    let get = async |query: &str| function.send(&function_url("GET", "/data/a", query, &headers)).await;
    let answer = get(&format!("{}&versionId={first}", query_of(&of_first))).await;
    assert_eq!((answer.torrent().info.length, answer.header("x-amz-request-charged")), (5, Some("requester")));
    assert_eq!(get(&query_of(&of_first)).await.error(), (400, "InvalidArgument".into()));
    assert_eq!(get(&query_of(&latest)).await.torrent().info.length, 10);
}

#[tokio::test]
async fn what_has_no_torrent_has_none_by_a_url_either() {
    let (s3, _) = serving("").await;
    s3.put("data", "archived", Object::new("content").storage_class("GLACIER"));
    s3.put("data", "ours.torrent", Object::new("content").metadata("torrent-format", "1"));
    s3.put("data", "customer", Object::new("content").sse_c());
    // As SeaweedFS answers of its folders.
    s3.put("data", "folder/", "");
    s3.fault(Matcher::get().key("folder/"), Fault::WholeBody);
    let function = Function::start(&s3, &[]).await;
    for (key, status, code) in [
        ("a", 400, "InvalidRequest"),
        ("archived", 403, "InvalidObjectState"),
        ("ours.torrent", 400, "InvalidRequest"),
        ("customer", 400, "InvalidRequest"),
        ("folder/", 400, "InvalidArgument"),
        ("missing", 403, "AccessDenied"),
    ] {
        let url = url_of(&s3, &reader(), key).await;
        let answer = get(&function, &format!("/data/{key}"), &url).await;
        assert_eq!(answer.error(), (status, code.into()), "{key}");
    }
    s3.alter("data", |bucket| bucket.allow(Who::AccessKey("READER".into()), "*", Rights::LIST));
    let url = url_of(&s3, &reader(), "missing").await;
    assert_eq!(get(&function, "/data/missing", &url).await.error(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn passing_faults_are_passed_over_and_others_give_no_torrent() {
    let content = Content::random(MIB, 2);
    for fault in [
        Fault::slow_down(),
        Fault::Reset,
        Fault::WholeBody,
        Fault::CutBody(0),
        Fault::ShortBody(0),
        Fault::content_range("bytes 1-1/1048576"),
        Fault::without("content-range"),
        Fault::without("etag"),
    ] {
        let (s3, url) = serving(content.clone()).await;
        s3.fault(Matcher::get().key("a").nth(1), fault.clone());
        s3.fault(Matcher::get().key("a").nth(3), Fault::CutBody(1000));
        let info = get(&Function::start(&s3, &[]).await, "/data/a", &url).await.torrent().info;
        assert_eq!(info.pieces, model(&content, info.piece_length), "{fault:?}");
    }
    let location = || Fault::Header { name: "location", value: Some("http://127.0.0.1:1/".to_owned()) };
    for (faults, status, code) in [
        (vec![Fault::WholeBody], 503, "SlowDown"),
        (vec![Fault::error(301, "PermanentRedirect"), location()], 403, "AccessDenied"),
        (vec![Fault::error(307, "TemporaryRedirect"), location()], 403, "AccessDenied"),
    ] {
        let (s3, url) = serving("content").await;
        for fault in faults {
            s3.fault(Matcher::get().key("a"), fault);
        }
        let answer = get(&Function::start(&s3, &[]).await, "/data/a", &url).await;
        assert_eq!(answer.error(), (status, code.into()));
    }
    // An object that changes is started anew.
    let (s3, url) = serving("content").await;
    s3.fault(Matcher::get().key("a").nth(2), Fault::replace("data", "a", "another content"));
    let answer = get(&Function::start(&s3, &[]).await, "/data/a", &url).await;
    assert_eq!(answer.torrent().info.length, 15);
}

#[tokio::test]
async fn part_checksums_are_asked_for_by_the_role_once_the_url_has_opened_a_byte() {
    let (s3, url) = serving(Object::new(Content::random(20 * MIB, 3)).parts(8 * MIB)).await;
    let strangers = url_of(&s3, &stranger(), "a").await;
    let function = Function::start(&s3, &[]).await;
    assert_eq!(get(&function, "/data/a", &strangers).await.status, 403);
    assert_eq!(s3.calls_of(Operation::GetObjectAttributes).len(), 0);
    let answer = get(&function, "/data/a", &url).await;
    assert_eq!(answer.origin(), "part-checksums");
    let asked = s3.calls_of(Operation::GetObjectAttributes);
    assert!(asked.iter().all(|call| call.signed == Some(Identity::role().access_key)));
    let by_role = Function::start(&s3, &[("ACCESS", "function-role"), ("SIDECAR_PREFIX", "r/")]).await;
    assert_eq!(answer.body, by_role.get("/data/a").await.body);
}

#[tokio::test]
async fn no_job_is_started_with_a_url() {
    let (s3, url) = serving("content").await;
    let workflow = FakeWorkflow::start([]).await;
    let function = Function::with_jobs(&s3, &workflow, &[("INLINE_MAX_SIZE", "6")]).await;
    let answer = get(&function, "/data/a", &url).await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.document().message.contains("presigned URL"), "{}", answer.text());
    assert_eq!(workflow.calls().len(), 0);
    // Once the torrent is there, it serves.
    get(&Function::start(&s3, &[]).await, "/data/a", &url).await.torrent();
    assert_eq!(get(&function, "/data/a", &url).await.origin(), "sidecar");
}

#[tokio::test]
async fn the_url_is_in_no_log_torrent_or_sidecar() {
    let (s3, url): (FakeS3, _) = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("trace,aws_smithy_runtime=trace,hyper=trace,lambda_http=trace");
    let answer = get(&function, "/data/a", &url).await;
    assert_eq!(written.lines().pop().expect("a line")["presigned"], true);
    for (fault, status) in [(Fault::Reset, 503), (Fault::error(409, "OddCode"), 403)] {
        s3.fault(Matcher::any().key("a"), fault);
        assert_eq!(get(&function, "/data/a", &url).await.status, status);
        s3.clear_faults();
    }
    assert_eq!(get(&function, "/data/b", &url).await.status, 400);
    assert_eq!(get(&function, "/data/a", &url.replacen("Signature=", "Signature?", 1)).await.status, 400);
    let log = written.lines().iter().map(ToString::to_string).collect::<String>();
    let sidecar = s3.object("data", "a.torrent").expect("a sidecar");
    let kept = format!("{log}{}{sidecar:?}", String::from_utf8_lossy(&answer.body));
    for secret in ["X-Amz", "READER", "TOKEN", "Signature", "presigned="] {
        assert!(!kept.contains(secret), "{secret} in {kept}");
    }
}
