//! Every fault does what it says, to the requests that it is for.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use tokio::time::{Instant, timeout};

use super::refused;
use crate::{Bucket, Content, FakeS3, Fault, Matcher};

const LENGTH: u64 = 3_000_000;

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::cheap(LENGTH, 1));
    s3
}

/// A GET of all bytes by a range.
async fn get(s3: &FakeS3) -> Result<GetObjectOutput, String> {
    let get = s3.anonymous_client().get_object().bucket("data").key("a");
    get.range(format!("bytes=0-{}", LENGTH - 1)).send().await.map_err(|error| format!("{error:?}"))
}

/// How many bytes of a body came, and the error that ended it.
async fn read(mut answer: GetObjectOutput) -> (u64, Option<String>) {
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
async fn a_failed_put_changes_nothing_and_a_lost_one_is_carried_out() {
    let s3 = server().await;
    s3.fault(Matcher::put().nth(1), Fault::conflict());
    s3.fault(Matcher::put().nth(2), Fault::Lost);
    let client = s3.client();
    let put = || client.put_object().bucket("data").key("b").send();
    assert_eq!(refused(put().await), (409, "ConditionalRequestConflict".into()));
    assert!(s3.object("data", "b").is_none());
    assert!(put().await.is_err());
    assert!(s3.object("data", "b").is_some());
}

#[tokio::test]
async fn connections_end_before_an_answer() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(1), Fault::Reset);
    s3.fault(Matcher::get().nth(2), Fault::Close);
    for is_reset in [true, false] {
        let error = get(&s3).await.unwrap_err();
        assert_eq!(error.contains("ConnectionReset"), is_reset, "{error}");
    }
    assert!(s3.calls().iter().all(|call| call.status.is_none()));
}

#[tokio::test]
async fn a_body_is_cut_or_reset_at_any_byte() {
    for after in [0, 1, 262_144, 1_000_000, LENGTH - 1] {
        let s3 = server().await;
        s3.fault(Matcher::get().nth(1), Fault::CutBody(after));
        s3.fault(Matcher::get().nth(2), Fault::ResetBody(after));
        let answer = get(&s3).await.unwrap();
        assert_eq!(answer.content_length(), i64::try_from(LENGTH).ok());
        let (bytes, error) = read(answer).await;
        assert_eq!((bytes, error.is_some(), s3.calls()[0].bytes_sent), (after, true, after));
        // The reset may come before the answer is read.
        let error = match get(&s3).await {
            Ok(answer) => read(answer).await.1.unwrap(),
            Err(error) => error,
        };
        assert!(error.contains("ConnectionReset"), "{error}");
    }
}

#[tokio::test]
async fn a_stalled_body_goes_on_or_ends_only_with_its_client() {
    let s3 = server().await;
    let pause = Some(Duration::from_millis(200));
    s3.fault(Matcher::get().nth(1), Fault::StallBody { after: 1000, pause });
    s3.fault(Matcher::get().nth(2), Fault::StallBody { after: 1000, pause: None });
    let start = Instant::now();
    assert_eq!(read(get(&s3).await.unwrap()).await, (LENGTH, None));
    assert!(start.elapsed() >= Duration::from_millis(200));
    let answer = get(&s3).await.unwrap();
    assert!(timeout(Duration::from_millis(300), read(answer)).await.is_err());
    assert_eq!(s3.calls()[1].bytes_sent, 1000);
    while s3.active_gets() + s3.connections() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn answers_that_are_whole_can_be_wrong() {
    let s3 = server().await;
    s3.fault(Matcher::get().nth(1), Fault::ShortBody(1000));
    s3.fault(Matcher::get().nth(2), Fault::OverlongBody(10));
    s3.fault(Matcher::get().nth(3), Fault::content_range("bytes 5-9/77"));
    s3.fault(Matcher::get().nth(4), Fault::without("content-length"));
    s3.fault(Matcher::get().nth(5), Fault::WholeBody);
    let all = format!("bytes 0-{}/{LENGTH}", LENGTH - 1);
    for (range, header, length) in [
        (Some(all.as_str()), Some(1000), 1000),
        (Some(&all), Some(LENGTH + 10), LENGTH + 10),
        (Some("bytes 5-9/77"), Some(LENGTH), LENGTH),
        (Some(&all), None, LENGTH),
        (None, Some(LENGTH), LENGTH),
    ] {
        let answer = get(&s3).await.unwrap();
        assert_eq!(answer.content_range(), range);
        assert_eq!(answer.content_length(), header.map(|length| i64::try_from(length).unwrap()));
        assert_eq!(read(answer).await, (length, None));
    }
}
