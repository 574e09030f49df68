//! Latency, bandwidth, concurrency, and the end.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use crate::{Bucket, Content, FakeS3};

#[tokio::test]
async fn latency_and_bandwidth_hold_per_request_and_connection() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Content::repeated(1_000_000, vec![7; 1 << 20]));
    s3.set_latency(Duration::from_millis(50));
    s3.set_bytes_per_second(4_000_000);
    let client = s3.anonymous_client();
    let read = || async {
        let answer = client.get_object().bucket("data").key("a").send().await;
        answer.unwrap().body.collect().await.unwrap()
    };
    let start = Instant::now();
    join_all((0..8).map(|_| read())).await;
    let took = start.elapsed();
    // 250 ms for the bytes, less the little that may be sent ahead; connections don't slow each other.
    assert!(took > Duration::from_millis(270), "{took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(s3.peak_gets(), 8);
    assert_eq!(s3.active_gets(), 0);
    s3.clear_calls();
    assert_eq!((s3.calls().len(), s3.peak_gets()), (0, 0));
}

#[tokio::test]
async fn a_dropped_server_is_gone() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "hello");
    let client = s3.anonymous_client();
    let get = || client.get_object().bucket("data").key("a").send();
    assert!(get().await.is_ok());
    drop(s3);
    tokio::task::yield_now().await;
    assert!(get().await.is_err());
}
