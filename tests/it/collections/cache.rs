//! The cache of a collection, and objects that change while they are read.

use get_object_torrent::torrent::Metainfo;
use test_s3::{Fault, Matcher, Object, Operation};

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
async fn a_torrent_of_one_file_from_before_gets_its_web_seeds_without_a_read() {
    let s3 = server(&[("one/only.bin", 300_000)]).await;
    let function = Function::start(&s3, &[("WEB_SEEDS", "https://h/{bucket}/{key}")]).await;
    function.get("/data/one/").await;
    let sidecar = s3.object("data", "one/.torrent").expect("a sidecar");
    let mut before = Metainfo::from_bytes(&sidecar.content.to_bytes()).expect("a torrent");
    before.web_seeds.truncate(1);
    let before = before.to_bytes().expect("bencode");
    s3.put("data", "one/.torrent", Object { content: before.into(), ..sidecar });
    let answer = function.get("/data/one/").await;
    assert_eq!(answer.origin(), "sidecar");
    assert_eq!(answer.torrent().web_seeds, ["https://h/data/", "https://h/data/one/only.bin"]);
    assert_eq!(s3.object("data", "one/.torrent").expect("a sidecar").content.to_bytes(), answer.body);
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
    let changes: [(&str, Fault); 4] = [
        ("replaced", Fault::replace("data", "p/b", "replaced")),
        ("deleted", Fault::delete("data", "p/b")),
        ("added", Fault::replace("data", "p/0", "added")),
        ("emptied", Fault::replace("data", "p/b", "")),
    ];
    for (name, change) in changes {
        for moment in [Matcher::get().key("p/a"), Matcher::get().key("p/b"), Matcher::list().skip(1)] {
            let s3 = server(&[("p/a", 5), ("p/b", 7)]).await;
            s3.fault(moment.times(1), change.clone());
            let answer = Function::start(&s3, &[]).await.get("/data/p/").await;
            let expected = match name {
                "replaced" => vec![file("a", 5), file("b", 8)],
                "deleted" => vec![file("a", 5)],
                "added" => vec![file("0", 5), file("a", 5), file("b", 7)],
                _ => vec![file("a", 5), file("b", 0)],
            };
            assert_eq!(answer.torrent().info.files, expected, "{name}");
        }
    }
}

#[tokio::test]
async fn objects_that_never_rest_give_no_torrent() {
    let s3 = server(&[("p/a", 5), ("p/b", 7)]).await;
    let mut number = 0;
    s3.fault_plan(move |call| {
        number += 1;
        let is_read = call.operation == Operation::GetObject && call.key == "p/b";
        if is_read { vec![Fault::replace("data", "p/b", format!("content {number}"))] } else { Vec::new() }
    });
    assert_eq!(Function::start(&s3, &[]).await.get("/data/p/").await.error(), (503, "SlowDown".into()));
    assert!(s3.object("data", "p/.torrent").is_none());
}

#[tokio::test]
async fn a_user_s_object_at_the_sidecar_s_key_is_left_alone() {
    let s3 = server(&[("p/a", 5), ("p/.torrent", 3)]).await;
    let answer = Function::start(&s3, &[]).await.get("/data/p/").await;
    assert_eq!(answer.torrent().info.files, [file("a", 5)]);
    assert_eq!(s3.object("data", "p/.torrent").expect("theirs").content.length(), 3);
}
