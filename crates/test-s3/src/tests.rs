//! Faults that did not happen, which no test of the function would notice. The real SDK asks the server.

use std::time::Duration;

use aws_sdk_s3::{error::ProvideErrorMetadata, operation::get_object::GetObjectOutput};
use tokio::time::timeout;

use crate::{Bucket, Content, FakeS3, Fault, Identity, Matcher};

const LENGTH: u64 = 3_000_000;

/// A server whose GETs meet these faults, one after the other.
async fn server(faults: impl IntoIterator<Item = Fault>) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::random(LENGTH, 1));
    for (number, fault) in (1..).zip(faults) {
        s3.fault(Matcher::get().nth(number), fault);
    }
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
async fn wrong_secrets_keys_and_tokens_have_errors_of_their_own() {
    let s3 = server([]).await;
    let role = Identity::role();
    for (identity, code) in [
        (Identity::new(&role.access_key, "wrong"), "SignatureDoesNotMatch"),
        (Identity::new("UNKNOWN", "secret"), "InvalidAccessKeyId"),
        (role.session_token("stale"), "InvalidToken"),
    ] {
        let answer = s3.client_of(&identity).get_object().bucket("data").key("a").send().await;
        assert_eq!(answer.expect_err("an error").code(), Some(code));
    }
}

#[tokio::test]
async fn a_failed_put_changes_nothing_and_a_lost_one_is_carried_out() {
    let s3 = server([]).await;
    s3.fault(Matcher::put().nth(1), Fault::error(409, "ConditionalRequestConflict"));
    s3.fault(Matcher::put().nth(2), Fault::Lost);
    for is_there in [false, true] {
        assert!(s3.client().put_object().bucket("data").key("b").send().await.is_err());
        assert_eq!(s3.object("data", "b").is_some(), is_there);
    }
}

#[tokio::test]
async fn connections_end_before_an_answer() {
    let s3 = server([Fault::Reset, Fault::Close]).await;
    for is_reset in [true, false] {
        let error = get(&s3).await.unwrap_err();
        assert_eq!(error.contains("ConnectionReset"), is_reset, "{error}");
    }
    assert!(s3.calls().iter().all(|call| call.status.is_none()));
}

#[tokio::test]
async fn a_body_is_cut_or_reset_at_any_byte() {
    for after in [0, 1, 262_144, 1_000_000, LENGTH - 1] {
        let s3 = server([Fault::CutBody(after), Fault::ResetBody(after)]).await;
        let answer = get(&s3).await.unwrap();
        assert_eq!(answer.content_length(), i64::try_from(LENGTH).ok());
        let (bytes, error) = read(answer).await;
        assert_eq!((bytes, error.is_some()), (after, true));
        // The reset may come before the answer is read.
        let error = match get(&s3).await {
            Ok(answer) => read(answer).await.1.unwrap(),
            Err(error) => error,
        };
        assert!(error.contains("ConnectionReset"), "{error}");
    }
}

#[tokio::test]
async fn a_stalled_body_goes_on_or_never_ends() {
    let pause = Some(Duration::from_millis(20));
    let stalls = [pause, None].map(|pause| Fault::StallBody { after: 1000, pause });
    let s3 = server(stalls).await;
    assert_eq!(read(get(&s3).await.unwrap()).await, (LENGTH, None));
    let answer = get(&s3).await.unwrap();
    assert!(timeout(Duration::from_millis(300), read(answer)).await.is_err());
}

#[tokio::test]
async fn answers_that_are_whole_can_be_wrong() {
    let all = format!("bytes 0-{}/{LENGTH}", LENGTH - 1);
    for (fault, range, header, length) in [
        (Fault::ShortBody(1000), Some(&*all), Some(1000), 1000),
        (Fault::OverlongBody(10), Some(&all), Some(LENGTH + 10), LENGTH + 10),
        (Fault::content_range("bytes 5-9/77"), Some("bytes 5-9/77"), Some(LENGTH), LENGTH),
        (Fault::without("content-length"), Some(&all), None, LENGTH),
        (Fault::WholeBody, None, Some(LENGTH), LENGTH),
    ] {
        let answer = get(&server([fault]).await).await.unwrap();
        assert_eq!(answer.content_range(), range);
        assert_eq!(answer.content_length(), header.map(|length| i64::try_from(length).unwrap()));
        assert_eq!(read(answer).await, (length, None));
    }
}
