//! What goes wrong while an object is read: retried where that helps, never hashed over, and reported in time.

use std::time::{Duration, SystemTime};

use test_s3::{Content, FakeS3, Fault, Matcher};

use super::{
    harness::{Answer, eventually, function_url, model, serving},
    setup::Setup,
};

const PIECE: u64 = 16 * 1024;
const LENGTH: u64 = 40 * PIECE + 5;
const RANGES: [(&str, &str); 2] = [("PIECE_LENGTH", "16384"), ("RANGE_SIZE", "65536")];

async fn server() -> (FakeS3, Content) {
    let content = Content::random(LENGTH, 11);
    (serving(content.clone()).await, content)
}

fn setup(s3: &FakeS3) -> Setup<'_> {
    Setup::new(s3).set_all(&RANGES)
}

async fn get(s3: &FakeS3) -> Answer {
    setup(s3).function().await.get("/data/a").await
}

/// A GET of the object's bytes from the third range on.
fn third_range() -> Matcher {
    Matcher::get().key("a").when(|call| call.range.is_some_and(|range| range.0 == 2 * 65_536))
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
        Fault::StallBody { after: 30_000, pause: None },
        Fault::OverlongBody(10),
        Fault::WholeBody,
        Fault::content_range("bytes 0-65535/655365"),
        Fault::content_range("bytes 131072-196607/655366"),
        Fault::content_range("nonsense"),
        Fault::without("content-range"),
        Fault::without("content-length"),
        Fault::error(408, "Busy"),
        Fault::error(429, "Busy"),
    ];
    for fault in Fault::BEFORE_THE_BODY.into_iter().chain(in_the_body) {
        let (s3, content) = server().await;
        s3.fault(third_range().nth(1), fault.clone());
        let answer = get(&s3).await;
        assert_eq!(answer.status, 200, "{fault:?}: {}", answer.text());
        assert_right(&answer, &content);
        let from_the_missing_byte = Some((131_072 + 40_000, 196_607));
        let has_resumed = s3.calls().iter().any(|call| call.range == from_the_missing_byte);
        assert_eq!(has_resumed, matches!(fault, Fault::CutBody(40_000)), "{fault:?}");
    }
    for fault in [Fault::slow_down(), Fault::error(408, "Busy"), Fault::error(429, "Busy")] {
        let (s3, content) = server().await;
        s3.fault(Matcher::head().nth(1), fault);
        assert_right(&get(&s3).await, &content);
    }
}

#[tokio::test]
async fn faults_that_last_are_told_and_nothing_is_stored() {
    let of_bytes = [
        Fault::slow_down(),
        Fault::internal_error(),
        Fault::CutBody(0),
        Fault::ShortBody(0),
        Fault::WholeBody,
        Fault::content_range("bytes 0-1/2"),
        Fault::Reset,
    ];
    let of_head = [
        Fault::internal_error(),
        Fault::without("etag"),
        Fault::Header { name: "last-modified", value: Some("nonsense".to_owned()) },
    ];
    // The last three name no region.
    let of_both = [
        (409, "SecretCause"),
        (301, "PermanentRedirect"),
        (307, "TemporaryRedirect"),
        (400, "AuthorizationHeaderMalformed"),
    ];
    let slow_down = |matcher: fn() -> Matcher| move |fault| (matcher(), fault, (503, "SlowDown"));
    let of_bytes = of_bytes.map(slow_down(third_range));
    let of_head = of_head.map(slow_down(Matcher::head));
    let of_both =
        of_both.map(|(status, code)| (Matcher::any().key("a"), Fault::error(status, code), (500, "InternalError")));
    for (matcher, fault, (status, code)) in of_bytes.into_iter().chain(of_head).chain(of_both) {
        let (s3, _) = server().await;
        s3.fault(matcher, fault.clone());
        let answer = get(&s3).await;
        assert_eq!(answer.error(), (status, code.into()), "{fault:?}");
        let retry = (status == 503).then_some(["5", "5000"]);
        let told = ["retry-after", "x-amz-retry-after"].map(|name| answer.header(name));
        assert_eq!(told, [retry.map(|retry| retry[0]), retry.map(|retry| retry[1])], "{fault:?}");
        assert!(answer.header("location").is_none() && !answer.text().contains("SecretCause"), "{fault:?}");
        assert_eq!(s3.keys("data"), ["a"], "{fault:?}: a sidecar was stored");
    }
}

#[tokio::test]
async fn an_object_replaced_while_it_is_read_is_read_anew_once() {
    // A server that ignores `If-Match` does not fool us.
    let (s3, _) = server().await;
    let other = Content::random(LENGTH, 12);
    s3.fault(third_range().nth(1), Fault::replace("data", "a", other.clone()));
    s3.fault(Matcher::get().key("a"), Fault::IgnoreConditions);
    assert_right(&get(&s3).await, &other);

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
    let function = setup(&s3).set("ACCESS", "function-role").function().await;
    assert_eq!(function.error("/data/a").await, (404, "NoSuchKey".into()));
}

/// Were neither limit kept, the delay would be waited for.
#[tokio::test]
async fn the_time_budget_or_the_lambdas_own_deadline_ends_a_request_and_its_reads() {
    for (budget, deadline) in [("1000", Duration::ZERO), ("900000", Duration::from_secs(2))] {
        let (s3, _) = server().await;
        s3.fault(Matcher::get().key("a"), Fault::Delay(Duration::from_mins(1)));
        let function = setup(&s3).set("TIME_BUDGET_MS", budget).function().await;
        let deadline = if deadline.is_zero() { SystemTime::UNIX_EPOCH } else { SystemTime::now() + deadline };
        let answer = function.send_with_deadline(&function_url("GET", "/data/a", "torrent", &[]), deadline).await;
        assert_eq!(answer.error(), (503, "SlowDown".into()));
        assert!(answer.document().message.contains("TIME_BUDGET_MS"), "{}", answer.text());
        assert!(eventually(|| s3.active_gets() == 0).await, "reads go on after the answer");
    }
}

#[tokio::test]
async fn an_outage_leaves_later_requests_their_retries() {
    let (s3, content) = server().await;
    let function = setup(&s3).set("FETCH_CONCURRENCY", "64").function().await;
    s3.fault(Matcher::get().key("a"), Fault::slow_down());
    for _ in 0..5 {
        assert_eq!(function.error("/data/a").await, (503, "SlowDown".into()));
    }
    s3.clear_faults();
    for matcher in [Matcher::head().nth(1), Matcher::get().key("a").nth(1)] {
        s3.fault(matcher, Fault::internal_error());
    }
    assert_right(&function.get("/data/a").await, &content);
}
