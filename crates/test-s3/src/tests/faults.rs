//! Every fault does what it says, to the requests it is for.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use tokio::time::{Instant, timeout};

use super::{refusal, refused};
use crate::{Bucket, Content, FakeS3, Fault, Matcher, Object, Operation};

const LENGTH: u64 = 3_000_000;

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", content());
    s3
}

fn content() -> Content {
    Content::repeated(LENGTH, (0..=250).collect::<Vec<u8>>())
}

/// A GET of all bytes by a range, as the server answers it.
async fn get(s3: &FakeS3) -> Result<GetObjectOutput, String> {
    let get = s3.anonymous_client().get_object().bucket("data").key("a");
    let range = format!("bytes=0-{}", LENGTH - 1);
    let answer = get.range(range).send().await;
    answer.map_err(|error| format!("{error:?}"))
}

/// Reads a body; returns how much came, and whether it came to an end in order.
async fn read(answer: GetObjectOutput) -> (u64, bool) {
    let (bytes, error) = read_to_error(answer).await;
    (bytes, error.is_none())
}

async fn read_to_error(mut answer: GetObjectOutput) -> (u64, Option<String>) {
    let mut bytes = 0;
    loop {
        match answer.body.next().await {
            None => return (bytes, None),
            Some(Ok(chunk)) => bytes += chunk.len() as u64,
            Some(Err(error)) => return (bytes, Some(format!("{error:?}"))),
        }
    }
}

#[tokio::test]
async fn errors_befall_the_requests_that_are_meant() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(2), Fault::internal_error());
    s3.fault(Matcher::get().key("a").skip(2).times(1), Fault::slow_down());
    s3.fault(Matcher::head().key_contains("b"), Fault::access_denied());
    let client = s3.anonymous_client();
    let get = || client.get_object().bucket("data").key("a").send();
    assert!(get().await.is_ok());
    assert_eq!(refused(get().await), (500, "InternalError".into()));
    assert_eq!(refused(get().await), (503, "SlowDown".into()));
    assert!(get().await.is_ok());
    let head = |key| client.head_object().bucket("data").key(key).send();
    assert!(head("a").await.is_ok());
    assert_eq!(refused(head("b").await).0, 403);
    s3.clear_faults();
    let statuses: Vec<_> = s3.calls_of(Operation::GetObject).iter().map(|call| call.status).collect();
    assert_eq!(statuses, [Some(200), Some(500), Some(503), Some(200)]);
}

#[tokio::test]
async fn a_failed_put_changes_nothing() {
    let s3 = server().await;
    s3.fault(Matcher::put(), Fault::conflict());
    let put = s3.client().put_object().bucket("data").key("b").send().await;
    assert_eq!(refused(put), (409, "ConditionalRequestConflict".into()));
    assert!(s3.object("data", "b").is_none());
}

#[tokio::test]
async fn connections_end_before_an_answer() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(1), Fault::Reset);
    s3.fault(Matcher::get().nth(2), Fault::Close);
    let reset = get(&s3).await.unwrap_err();
    assert!(reset.contains("ConnectionReset"), "{reset}");
    let closed = get(&s3).await.unwrap_err();
    assert!(!closed.contains("ConnectionReset"), "{closed}");
    assert!(s3.calls().iter().all(|call| call.status.is_none()));
    assert!(get(&s3).await.is_ok());
}

#[tokio::test]
async fn a_body_is_cut_at_any_byte() {
    for after in [0, 1, 262_144, 1_000_000, LENGTH - 1] {
        let s3 = server().await;
        s3.fault(Matcher::get(), Fault::CutBody(after));
        let answer = get(&s3).await.unwrap();
        assert_eq!(answer.content_length(), Some(3_000_000));
        assert_eq!(read(answer).await, (after, false));
        assert_eq!(s3.calls()[0].bytes_sent, after);
    }
}

#[tokio::test]
async fn a_connection_is_reset_in_the_body() {
    let s3 = server().await;
    s3.fault(Matcher::get(), Fault::ResetBody(100_000));
    let (bytes, error) = read_to_error(get(&s3).await.unwrap()).await;
    assert!(bytes <= 100_000);
    assert!(error.unwrap().contains("ConnectionReset"));
}

#[tokio::test]
async fn a_stalled_body_goes_on_or_never_does() {
    let s3 = server().await;
    let pause = Some(Duration::from_millis(200));
    s3.fault(Matcher::get().nth(1), Fault::StallBody { after: 1000, pause });
    let start = Instant::now();
    assert_eq!(read(get(&s3).await.unwrap()).await, (LENGTH, true));
    assert!(start.elapsed() >= Duration::from_millis(200));
    s3.fault(Matcher::get(), Fault::StallBody { after: 1000, pause: None });
    let answer = get(&s3).await.unwrap();
    assert!(timeout(Duration::from_millis(300), read(answer)).await.is_err());
    assert_eq!(s3.calls()[1].bytes_sent, 1000);
}

#[tokio::test]
async fn nothing_is_left_of_a_stalled_answer_whose_client_went() {
    let s3 = server().await;
    s3.fault(Matcher::get(), Fault::StallBody { after: 1000, pause: None });
    let answer = get(&s3).await.unwrap();
    assert_eq!((s3.active_gets(), s3.connections()), (1, 1));
    drop(answer);
    let all_ended = async {
        while s3.active_gets() + s3.connections() > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(Duration::from_secs(5), all_ended).await.unwrap();
}

#[tokio::test]
async fn bodies_can_be_short_or_too_long_in_order() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(1), Fault::ShortBody(1000));
    s3.fault(Matcher::get().nth(2), Fault::OverlongBody(10));
    for length in [1000, LENGTH + 10] {
        let answer = get(&s3).await.unwrap();
        assert_eq!(answer.content_length(), i64::try_from(length).ok());
        assert_eq!(answer.content_range(), Some("bytes 0-2999999/3000000"));
        assert_eq!(read(answer).await, (length, true));
    }
}

#[tokio::test]
async fn a_fault_of_the_body_leaves_a_head_alone() {
    let s3 = server().await;
    s3.fault(Matcher::any(), Fault::ShortBody(1000));
    let head = s3.anonymous_client().head_object().bucket("data").key("a").send().await;
    assert_eq!(head.unwrap().content_length(), Some(3_000_000));
}

#[tokio::test]
async fn headers_can_be_wrong_or_missing() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(1), Fault::content_range("bytes 5-9/77"));
    s3.fault(Matcher::get().nth(2), Fault::without("content-length"));
    s3.fault(Matcher::get().nth(3), Fault::slow_down());
    let retry_after = Some("7".into());
    let header = Fault::Header { name: "retry-after", value: retry_after };
    s3.fault(Matcher::get().nth(3), header);
    assert_eq!(get(&s3).await.unwrap().content_range(), Some("bytes 5-9/77"));
    let chunked = get(&s3).await.unwrap();
    assert_eq!(chunked.content_length(), None);
    assert_eq!(read(chunked).await, (LENGTH, true));
    let slow = s3.anonymous_client().get_object().bucket("data").key("a");
    let slow = refusal(slow.send().await);
    assert_eq!((slow.status, slow.header("retry-after")), (503, Some("7")));
}

#[tokio::test]
async fn a_range_can_be_ignored() {
    let s3 = server().await;
    s3.fault(Matcher::get(), Fault::WholeBody);
    let get = s3.anonymous_client().get_object().bucket("data").key("a");
    let answer = get.range("bytes=5-9").send().await.unwrap();
    assert_eq!(answer.content_range(), None);
    assert_eq!(s3.calls()[0].status, Some(200));
    assert_eq!(read(answer).await, (LENGTH, true));
}

#[tokio::test]
async fn an_object_can_be_replaced_or_deleted_between_requests() {
    let s3 = server().await;
    let new = Object::new("new").etag("\"new\"");
    s3.fault(Matcher::get().nth(2), Fault::replace("data", "a", new));
    s3.fault(Matcher::get().nth(3), Fault::IgnoreConditions);
    s3.fault(Matcher::get().nth(4), Fault::delete("data", "a"));
    let etag = s3.object("data", "a").unwrap().etag;
    let client = s3.client();
    let get = || client.get_object().bucket("data").key("a").if_match(&etag).send();
    assert!(get().await.is_ok());
    assert_eq!(refused(get().await).0, 412);
    assert_eq!(get().await.unwrap().e_tag(), Some("\"new\""));
    assert_eq!(refused(get().await), (404, "NoSuchKey".into()));
}

#[tokio::test]
async fn faults_by_range_and_by_plan() {
    let s3 = server().await;
    s3.fault(Matcher::get().range_start(10), Fault::slow_down());
    s3.fault_plan(|call| match call.range {
        Some((20, _)) => vec![Fault::Delay(Duration::from_millis(50)), Fault::precondition_failed()],
        _ => Vec::new(),
    });
    let client = s3.anonymous_client();
    let get = |range| client.get_object().bucket("data").key("a").range(range).send();
    assert!(get("bytes=0-9").await.is_ok());
    assert_eq!(refused(get("bytes=10-19").await).0, 503);
    let start = Instant::now();
    assert_eq!(refused(get("bytes=20-29").await).0, 412);
    assert!(start.elapsed() >= Duration::from_millis(50));
}
