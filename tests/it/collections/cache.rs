//! The cache of a collection, and objects that change while they are read.

use std::sync::atomic::{AtomicU64, Ordering};

use test_s3::{Fault, Matcher, Operation};

use super::{file, server};
use crate::harness::Function;

#[tokio::test]
async fn a_cached_answer_costs_the_listing_two_heads_and_a_get() {
    let s3 = server(&[("p/a", 300_000), ("p/b", 7)]).await;
    let function = Function::start(&s3, &[]).await;
    let first = function.get("/data/p/").await;
    s3.clear_calls();
    let second = function.get("/data/p/").await;
    assert_eq!((second.origin(), &second.body), ("sidecar", &first.body));
    let count = |operation| s3.calls_of(operation).len();
    let counts = [Operation::ListObjects, Operation::HeadObject, Operation::GetObject, Operation::PutObject].map(count);
    assert_eq!(counts, [1, 2, 1, 0]);
    let sidecar = s3.object("data", "p/.torrent").expect("a sidecar");
    assert_eq!(sidecar.metadata["torrent-source-length"], "300007");
    assert_eq!(sidecar.metadata["torrent-source-etag"].len(), 64 + 2);
    assert_eq!(sidecar.content.to_bytes(), first.body);
}

#[tokio::test]
async fn any_change_below_the_prefix_makes_another_torrent() {
    let s3 = server(&[("p/a", 5), ("p/b", 7)]).await;
    let function = Function::start(&s3, &[]).await;
    let mut seen = vec![function.get("/data/p/").await.body];
    let mut expect_another = async || {
        let answer = function.get("/data/p/").await;
        assert_eq!(answer.origin(), "object");
        assert!(!seen.contains(&answer.body));
        seen.push(answer.body.clone());
        assert_eq!(function.get("/data/p/").await.origin(), "sidecar");
    };
    s3.put("data", "p/a", "other");
    expect_another().await;
    s3.put("data", "p/c", "");
    expect_another().await;
    s3.delete("data", "p/b");
    expect_another().await;
    // What this service writes is no change, nor what others put beside the prefix.
    for key in ["p/a.torrent", "p/sub/", "p2"] {
        s3.put("data", key, "");
    }
    assert_eq!(function.get("/data/p/").await.origin(), "sidecar");
}

#[tokio::test]
async fn an_object_that_changes_while_others_are_read_starts_all_anew_once() {
    for (change, expected) in [
        (Fault::replace("data", "p/b", "replaced"), &[("a", 5), ("b", 8)][..]),
        (Fault::delete("data", "p/b"), &[("a", 5)]),
        (Fault::replace("data", "p/0", "added"), &[("0", 5), ("a", 5), ("b", 7)]),
        (Fault::replace("data", "p/b", ""), &[("a", 5), ("b", 0)]),
    ] {
        for moment in [Matcher::get().key("p/a"), Matcher::get().key("p/b"), Matcher::list().skip(1)] {
            let s3 = server(&[("p/a", 5), ("p/b", 7)]).await;
            s3.fault(moment.times(1), change.clone());
            let info = Function::start(&s3, &[]).await.get("/data/p/").await.torrent().info;
            assert_eq!(info.files, expected.iter().map(|(path, length)| file(path, *length)).collect::<Vec<_>>());
        }
    }
    // Objects that never rest give no torrent.
    let s3 = server(&[("p/a", 5), ("p/b", 7)]).await;
    let number = AtomicU64::new(0);
    let change = Fault::before(move |store| {
        store.put("data", "p/b", format!("content {}", number.fetch_add(1, Ordering::Relaxed)));
    });
    s3.fault(Matcher::get().key("p/b"), change);
    assert_eq!(Function::start(&s3, &[]).await.error("/data/p/").await, (503, "SlowDown".into()));
    assert!(s3.object("data", "p/.torrent").is_none());
}
