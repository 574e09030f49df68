//! Presigned URLs with anything put in, left out or swapped: refused, or still of the object that was asked for; and
//! shown nowhere.

use proptest::{
    prelude::{Strategy, any, prop_oneof},
    sample::{Index, select},
};
use test_s3::Operation;

use super::{cases, odd};
use crate::{
    harness::{Function, model},
    log::capture,
    presigned::{get, serving},
};

/// What a URL is made of.
const PARTS: [&str; 14] =
    ["/", "/data/a", "/data/b", "?", "&", "=", "%61", "+", "@", "http://", "X-Amz-", "versionId=1", "&torrent", "%"];

#[derive(Clone, Debug)]
struct Change {
    at: Index,
    removed: usize,
    put_in: String,
}

fn change() -> impl Strategy<Value = Change> {
    let put_in = prop_oneof![select(PARTS.as_slice()).prop_map(str::to_owned), odd::text(3), "[ -~]{0,2}"];
    let change = (any::<Index>(), select(&[0, 0, 1, 2, 7, 40][..]), put_in);
    change.prop_map(|(at, removed, put_in)| Change { at, removed, put_in })
}

/// The URL is ASCII.
fn changed(url: &str, Change { at, removed, put_in }: &Change) -> String {
    let start = at.index(url.len());
    let end = url.len().min(start + removed);
    format!("{}{put_in}{}", &url[..start], &url[end..])
}

#[tokio::test]
async fn a_url_with_anything_changed_opens_no_other_object_and_is_shown_nowhere() {
    let (s3, url) = serving("the object").await;
    s3.put("data", "b", "another");
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    let (_, signature) = url.split_once("X-Amz-Signature=").expect("a signature");
    let (signature, _) = signature.split_at(32);
    let object = s3.object("data", "a").expect("the object").content;
    assert_eq!(get(&function, "/data/a", &url).await.origin(), "object");
    for change in cases(100, change()) {
        let (written, guard) = capture("debug");
        let url = changed(&url, &change);
        let answer = get(&function, "/data/a", &url).await;
        drop(guard);
        match answer.status {
            200 => {
                let info = answer.torrent().info;
                assert_eq!(info.pieces, model(&object, info.piece_length), "{url}");
            }
            400 | 403 => drop(answer.error()),
            status => panic!("{status} for {url}: {}", answer.text()),
        }
        for shown in [written.text(), answer.text()] {
            assert!(!shown.contains(signature) && !shown.contains("TOKEN"), "{url} in {shown}");
        }
    }
    let keys = ["a", "a.torrent"];
    let gets = s3.calls_of(Operation::GetObject);
    assert!(gets.iter().all(|call| call.bucket == "data" && keys.contains(&call.key.as_str())), "{gets:#?}");
}
