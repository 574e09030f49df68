//! What goes wrong while an object is read: retried where that helps, never hashed over, and reported in time.

use std::time::{Duration, SystemTime};

use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Operation};

use super::harness::{Answer, Function, function_url, model};

const PIECE: u64 = 16 * 1024;
const LENGTH: u64 = 40 * PIECE + 5;
const RANGES: [(&str, &str); 2] = [("PIECE_LENGTH", "16384"), ("RANGE_SIZE", "65536")];

async fn server() -> (FakeS3, Content) {
    let content = Content::random(LENGTH, 11);
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", content.clone());
    (s3, content)
}

async fn get(s3: &FakeS3) -> Answer {
    Function::start(s3, &RANGES).await.get("/data/a").await
}

/// A GET of the object's bytes from the third range on.
fn third_range() -> Matcher {
    Matcher::get().key("a").range_start(2 * 65_536)
}

#[track_caller]
fn assert_right(answer: &Answer, content: &Content) {
    assert_eq!(answer.torrent().info.pieces, model(content, PIECE));
}

#[tokio::test]
async fn passing_faults_are_retried_and_the_hashes_are_right() {
    let in_the_body = [
        Fault::CutBody(1),
        Fault::CutBody(40_000),
        Fault::ResetBody(20_000),
        Fault::ShortBody(30_000),
        Fault::OverlongBody(10),
        Fault::WholeBody,
        Fault::content_range("bytes 0-65535/655365"),
        Fault::content_range("bytes 131072-196607/655366"),
        Fault::content_range("nonsense"),
        Fault::without("content-range"),
    ];
    for fault in Fault::BEFORE_THE_BODY.into_iter().chain(in_the_body) {
        let (s3, content) = server().await;
        s3.fault(third_range().nth(1), fault.clone());
        let answer = get(&s3).await;
        assert_eq!(answer.status, 200, "{fault:?}: {}", answer.text());
        assert_right(&answer, &content);
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_read_too() {
    let (s3, content) = server().await;
    s3.fault(Matcher::get().key("a"), Fault::without("content-length"));
    assert_right(&get(&s3).await, &content);
}

#[tokio::test]
async fn what_broke_off_goes_on_from_the_missing_byte() {
    let (s3, content) = server().await;
    s3.fault(third_range().nth(1), Fault::CutBody(40_000));
    assert_right(&get(&s3).await, &content);
    let resumed = s3.calls_of(Operation::GetObject).into_iter().filter_map(|call| call.range);
    assert!(resumed.into_iter().any(|range| range == (131_072 + 40_000, 196_607)));
}

#[tokio::test]
async fn a_stalled_body_is_given_up_and_read_on() {
    let (s3, content) = server().await;
    s3.fault(third_range().nth(1), Fault::StallBody { after: 30_000, pause: None });
    assert_right(&get(&s3).await, &content);
}

#[tokio::test]
async fn faults_that_last_are_slow_down() {
    for fault in [
        Fault::slow_down(),
        Fault::internal_error(),
        Fault::CutBody(0),
        Fault::ShortBody(0),
        Fault::WholeBody,
        Fault::content_range("bytes 0-1/2"),
        Fault::Reset,
    ] {
        let (s3, _) = server().await;
        s3.fault(third_range(), fault.clone());
        let answer = get(&s3).await;
        assert_eq!(answer.error(), (503, "SlowDown".into()), "{fault:?}");
        assert_eq!(answer.header("retry-after"), Some("5"));
        assert_eq!(answer.header("x-amz-retry-after"), Some("5000"));
        assert_eq!(s3.keys("data"), ["a"], "{fault:?}: a sidecar was stored");
    }
}

#[tokio::test]
async fn a_head_that_fails_for_a_while_is_retried_and_one_that_lasts_is_slow_down() {
    let (s3, content) = server().await;
    s3.fault(Matcher::head().times(2), Fault::slow_down());
    assert_right(&get(&s3).await, &content);
    s3.fault(Matcher::head(), Fault::internal_error());
    assert_eq!(get(&s3).await.error(), (503, "SlowDown".into()));
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_is_read_anew() {
    for matcher in [third_range().nth(1), Matcher::get().key("a").nth(1), Matcher::get().key("a").nth(9)] {
        let (s3, _) = server().await;
        let other = Content::random(LENGTH - 3, 12);
        s3.fault(matcher, Fault::replace("data", "a", other.clone()));
        assert_right(&get(&s3).await, &other);
    }
}

#[tokio::test]
async fn a_server_that_ignores_if_match_does_not_fool_us() {
    let (s3, _) = server().await;
    let other = Content::random(LENGTH, 12);
    s3.fault(third_range().nth(1), Fault::replace("data", "a", other.clone()));
    s3.fault(Matcher::get().key("a"), Fault::IgnoreConditions);
    assert_right(&get(&s3).await, &other);
}

#[tokio::test]
async fn an_object_that_changes_twice_is_slow_down() {
    let (s3, _) = server().await;
    for time in 1..=2 {
        s3.fault(third_range().nth(time), Fault::replace("data", "a", Content::random(LENGTH, 20 + time)));
    }
    let answer = get(&s3).await;
    assert_eq!(answer.error(), (503, "SlowDown".into()));
    assert!(answer.document().message.contains("changed"), "{}", answer.text());
    assert_eq!(s3.keys("data"), ["a"]);
}

#[tokio::test]
async fn an_object_deleted_while_it_is_read_is_missing() {
    let (s3, _) = server().await;
    s3.fault(third_range(), Fault::delete("data", "a"));
    let function = Function::start(&s3, &[RANGES[0], RANGES[1], ("ACCESS", "function-role")]).await;
    assert_eq!(function.get("/data/a").await.error(), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn the_time_budget_ends_a_request() {
    let (s3, _) = server().await;
    // Were the budget not kept, this would be waited for.
    s3.fault(third_range().nth(1), Fault::Delay(Duration::from_secs(4)));
    let function = Function::start(&s3, &[RANGES[0], RANGES[1], ("TIME_BUDGET_MS", "1000")]).await;
    let answer = function.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".into()));
    assert!(answer.document().message.contains("TIME_BUDGET_MS"), "{}", answer.text());
    s3.clear_faults();
    function.get("/data/a").await.torrent();
}

#[tokio::test]
async fn the_lambdas_own_deadline_counts_where_it_lies_ahead() {
    let (s3, _) = server().await;
    s3.fault(third_range().nth(1), Fault::Delay(Duration::from_secs(5)));
    let function = Function::start(&s3, &[RANGES[0], RANGES[1], ("TIME_BUDGET_MS", "900000")]).await;
    let event = function_url("GET", "/data/a", "torrent", &[]);
    let answer = function.send_with_deadline(&event, SystemTime::now() + Duration::from_secs(4)).await;
    assert_eq!(answer.error(), (503, "SlowDown".into()));
    assert!(answer.document().message.contains("TIME_BUDGET_MS"), "{}", answer.text());
}

#[tokio::test]
async fn reads_end_with_the_request() {
    let (s3, _) = server().await;
    s3.fault(Matcher::get().key("a"), Fault::Delay(Duration::from_mins(1)));
    let function = Function::start(&s3, &[RANGES[0], RANGES[1], ("TIME_BUDGET_MS", "1000")]).await;
    assert_eq!(function.get("/data/a").await.status, 503);
    for _ in 0..100 {
        if s3.active_gets() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{} reads go on after the answer", s3.active_gets());
}

#[tokio::test]
async fn a_head_without_an_etag_is_not_believed() {
    let (s3, _) = server().await;
    s3.fault(Matcher::head(), Fault::without("etag"));
    assert_eq!(get(&s3).await.error(), (503, "SlowDown".into()));
}

#[tokio::test]
async fn an_unknown_code_is_an_internal_error_that_tells_no_cause() {
    let (s3, _) = server().await;
    s3.put("data", "a", Object::new("content"));
    s3.fault(Matcher::any().key("a"), Fault::error(409, "SecretCause"));
    let answer = get(&s3).await;
    assert_eq!(answer.error(), (500, "InternalError".into()));
    assert!(!answer.text().contains("SecretCause"));
}

#[tokio::test]
async fn an_outage_leaves_later_requests_their_retries() {
    let (s3, content) = server().await;
    let function = Function::start(&s3, &[RANGES[0], RANGES[1], ("FETCH_CONCURRENCY", "64")]).await;
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    for _ in 0..5 {
        assert_eq!(function.get("/data/a").await.error(), (503, "SlowDown".into()));
    }
    s3.clear_faults();
    for matcher in [Matcher::head().nth(1), Matcher::get().key("a").nth(1)] {
        s3.fault(matcher, Fault::internal_error());
    }
    assert_right(&function.get("/data/a").await, &content);
}

#[tokio::test]
async fn busy_statuses_the_sdk_does_not_know_are_retried() {
    for status in [408, 429] {
        let (s3, content) = server().await;
        s3.fault(Matcher::head().nth(1), Fault::error(status, "Busy"));
        s3.fault(third_range().nth(1), Fault::error(status, "Busy"));
        assert_right(&get(&s3).await, &content);
    }
}

#[tokio::test]
async fn a_redirect_that_names_no_region_is_an_internal_error_and_none() {
    for (status, code) in
        [(301, "PermanentRedirect"), (307, "TemporaryRedirect"), (400, "AuthorizationHeaderMalformed")]
    {
        let (s3, _) = server().await;
        s3.fault(Matcher::any().key("a"), Fault::error(status, code));
        let answer = get(&s3).await;
        assert_eq!(answer.error(), (500, "InternalError".into()), "{code}");
        assert_eq!(answer.header("location"), None);
    }
}

#[tokio::test]
async fn headers_that_cannot_be_read_are_slow_down() {
    let (s3, _) = server().await;
    let nonsense = Fault::Header { name: "last-modified", value: Some("nonsense".to_owned()) };
    s3.fault(Matcher::head(), nonsense);
    assert_eq!(get(&s3).await.error(), (503, "SlowDown".into()));
}
