//! Odd answers of S3's.

use futures::{StreamExt, stream};
use proptest::{
    prelude::{Just, Strategy, any, prop_oneof},
    sample::{Index, select},
};
use test_s3::{Bucket, FakeS3, Fault, Matcher};

use super::{cases, odd};
use crate::harness::{Answer, Function};

const STATUSES: [u16; 22] =
    [200, 201, 204, 206, 301, 304, 307, 400, 401, 403, 404, 405, 408, 409, 412, 416, 418, 429, 500, 501, 503, 599];
const CODES: [&str; 10] = [
    "AccessDenied",
    "NoSuchKey",
    "NoSuchBucket",
    "NoSuchVersion",
    "InvalidArgument",
    "InvalidObjectState",
    "SlowDown",
    "ExpiredToken",
    "PermanentRedirect",
    "",
];
/// In every odd answer, and in none of ours.
const SECRET: &str = "SECRETCAUSE";

/// Error documents, damaged ones, and no documents at all.
fn document() -> impl Strategy<Value = String> {
    let document = (select(CODES.as_slice()), odd::text(3)).prop_map(|(code, odd)| {
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{SECRET}{odd}</Message></Error>")
    });
    let cut = (document, any::<Index>()).prop_map(|(document, at)| {
        let whole = at.index(4) != 0;
        if whole { document } else { document.chars().take(at.index(document.len())).collect() }
    });
    let nested = (1..2_000_usize).prop_map(|depth| format!("<Error>{}{SECRET}", "<a>".repeat(depth)));
    prop_oneof![6 => cut, 1 => nested, 1 => odd::text(9), 1 => Just(String::new())]
}

/// The pairs of the contract that an object may end in.
fn is_of_the_contract(answer: &Answer) -> bool {
    let pairs = [
        (400, "InvalidArgument"),
        (400, "InvalidRequest"),
        (403, "AccessDenied"),
        (403, "InvalidObjectState"),
        (404, "NoSuchBucket"),
        (404, "NoSuchKey"),
        (404, "NoSuchVersion"),
        (405, "MethodNotAllowed"),
        (500, "InternalError"),
        (503, "SlowDown"),
    ];
    let (status, code) = answer.error();
    pairs.contains(&(status, code.as_str()))
}

/// Asks for `k0`, `k1`, … while every call for such a key with `suffix` is answered oddly: each answer, and its case.
async fn ask(usual: usize, suffix: &str) -> Vec<(Answer, (u16, String))> {
    let odd: Vec<_> = cases(usual, (select(STATUSES.as_slice()), document())).collect();
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    for (number, (status, body)) in odd.iter().cloned().enumerate() {
        s3.put("data", &format!("k{number}"), "content");
        s3.fault(Matcher::any().key(&format!("k{number}{suffix}")), Fault::Answer { status, body });
    }
    let function = &Function::start(&s3, &[]).await;
    // Not all at once: each has its time budget.
    let asked = odd
        .into_iter()
        .enumerate()
        .map(|(number, odd)| async move { (function.get(&format!("/data/k{number}")).await, odd) });
    stream::iter(asked).buffered(16).collect().await
}

#[tokio::test]
async fn whatever_s3_answers_the_caller_is_told_no_more_than_the_contract_says() {
    for (answer, odd) in ask(100, "").await {
        assert!(is_of_the_contract(&answer), "{} for {odd:?}", answer.text());
        assert!(!answer.text().contains(SECRET), "{}", answer.text());
        assert_eq!(answer.header("location"), None);
    }
}

#[tokio::test]
async fn whatever_a_sidecars_request_is_answered_the_torrent_is_served() {
    for (answer, odd) in ask(100, ".torrent").await {
        assert_eq!((answer.torrent().info.length, answer.origin()), (7, "object"), "{odd:?}");
    }
}
