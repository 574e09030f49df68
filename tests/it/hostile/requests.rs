//! Odd requests: no 5xx, no panic, and nothing of what was sent gets out of the place it is shown in.

use std::time::UNIX_EPOCH;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use test_s3::{Bucket, FakeS3, Operation, Rights, Who};

use super::{cases, odd};
use crate::{
    harness::{Answer, Function, function_url},
    log::{Written, capture},
};

const HEADERS: [&str; 15] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "content-disposition",
    "content-type",
    "etag",
    "x-amz-delete-marker",
    "x-amz-request-charged",
    "x-amz-request-id",
    "x-torrent-info-hash",
    "x-torrent-origin",
    "x-torrent-web-seeds",
];

async fn server() -> FakeS3 {
    let data = Bucket::public("data").allow(Who::Anonymous, "*", Rights::LIST | Rights::READ_VERSION);
    FakeS3::start([data, Bucket::public("other")]).await
}

/// Sends `event`; what came back has the form that every answer has.
async fn sound(function: &Function, event: &Value, written: &Written) -> Answer {
    let before = written.lines().len();
    let response = function.invoke(event, UNIX_EPOCH).await;
    let headers = ["headers", "multiValueHeaders"].into_iter().filter_map(|name| response[name].as_object());
    for (name, values) in headers.flatten() {
        assert!(HEADERS.contains(&name.as_str()), "{name} in {event}");
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        assert_eq!(values.len(), 1);
        let value = values[0].as_str().expect("a text");
        assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{name}: {value:?}");
    }
    let answer = Answer::from(response);
    // API Gateway would call the answer JSON.
    assert!(answer.header("content-type").is_some(), "{event}");
    if answer.status >= 400 && !answer.body.is_empty() {
        answer.error();
    }
    let lines = written.lines().split_off(before);
    let ends: Vec<_> = lines.iter().filter(|line| line["message"] == "request").collect();
    assert_eq!(ends.len(), 1, "{lines:?}");
    assert_eq!(ends[0]["status"], answer.status);
    answer
}

/// What a refusal of the caller's own making may be.
fn is_refusal(answer: &Answer) -> bool {
    matches!(answer.status, 200 | 204 | 304 | 400 | 403 | 404 | 405 | 501)
}

#[tokio::test]
async fn any_odd_request_gets_an_answer_of_the_contract() {
    let s3 = server().await;
    let variables = [("BUCKETS", "data,missing"), ("VIRTUAL_HOST_DOMAIN", "t.example")];
    let function = Function::start(&s3, &variables).await;
    for batch in cases(1_000, odd::event()).collect::<Vec<_>>().chunks(10) {
        let (written, _guard) = capture("info");
        for event in batch {
            let answer = sound(&function, event, &written).await;
            assert!(is_refusal(&answer), "{} for {event}: {:?}", answer.status, written.lines().last());
        }
        for call in s3.calls() {
            assert!(["data", "missing"].contains(&call.bucket.as_str()), "{call:?}");
            assert_ne!(call.operation, Operation::GetObjectTorrent, "{call:?}");
        }
        s3.clear_calls();
    }
}

#[tokio::test]
async fn an_object_of_any_key_has_its_torrent_under_a_name_that_is_safe() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    for (number, key) in cases(100, odd::key()).enumerate() {
        let content = format!("content {number}");
        s3.put("data", &key, content.clone());
        let path = format!("/data/{}", utf8_percent_encode(&key, NON_ALPHANUMERIC));
        let (written, _guard) = capture("info");
        let answer = sound(&function, &function_url("GET", &path, "torrent", &[]), &written).await;
        assert_eq!(answer.status, 200, "{key:?}: {:?}", written.lines());
        let torrent = answer.torrent();
        assert_eq!(torrent.info.length, content.len() as u64, "{key:?}");
        let name = &torrent.info.name;
        assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{name:?}");
        assert!(name != "." && name != ".." && !name.is_empty());
        let disposition = answer.header("content-disposition").expect("a disposition");
        assert!(is_one_attachment(disposition), "{disposition}");
        for seed in &torrent.web_seeds {
            assert!(is_plain_url(seed), "{seed}");
        }
        assert_eq!(written.lines().last().expect("a line")["key"], key.as_str());
    }
}

/// `attachment; filename="…"`, its quotes escaped, and at most `filename*` behind it.
fn is_one_attachment(disposition: &str) -> bool {
    let Some(rest) = disposition.strip_prefix("attachment; filename=\"") else { return false };
    let bare = rest.replace("\\\\", "").replace("\\\"", "");
    let Some((_, after)) = bare.split_once('"') else { return false };
    let extended = |value: &str| value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\";, ".contains(&byte));
    after.is_empty() || after.strip_prefix("; filename*=UTF-8''").is_some_and(extended)
}

/// Of S3, without a query, a fragment, or anything to be encoded.
fn is_plain_url(seed: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/%:".contains(&byte);
    let hosts = ["https://data.s3.", "https://s3."];
    hosts.iter().any(|host| seed.starts_with(host)) && seed.bytes().all(plain)
}
