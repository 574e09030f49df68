//! Keys that are hard to carry, by a presigned URL: byte for byte the object that was signed, and no other.

use test_s3::{Content, FakeS3};

use super::{encoded, get, reader, server, url_of};
use crate::harness::{Function, model};

/// The key, and the name in its torrent.
const KEYS: [(&str, &str); 18] = [
    ("dir/", "dir"),
    ("a/b/", "b"),
    ("/", "object"),
    ("/a", "a"),
    ("a//b", "b"),
    (".", "object"),
    ("..", "object"),
    ("../", "object"),
    ("a/./b", "b"),
    ("a/../b/", "b"),
    ("../../data/b", "b"),
    (" a b /", " a b "),
    ("a+b/", "a+b"),
    ("a%2Fb/", "a%2Fb"),
    ("%2e%2e/a%", "a%"),
    ("日本 é/", "日本 é"),
    ("e\u{301}/é", "é"),
    ("x?y#z&torrent=/", "x?y#z&torrent="),
];

/// Each of its own content.
fn content(number: usize) -> Content {
    Content::random(1_000 + number as u64, number as u64)
}

async fn holding_all() -> FakeS3 {
    let s3 = server().await;
    for (number, (key, _)) in KEYS.into_iter().enumerate() {
        s3.put("data", key, content(number));
    }
    s3
}

/// As curl and SDKs send the path: slashes and dots as they are.
fn path_of(key: &str) -> String {
    format!("/data/{}", encoded(key).replace("%2F", "/").replace("%2E", "."))
}

#[tokio::test]
async fn any_key_is_read_byte_for_byte() {
    let s3 = holding_all().await;
    let function = Function::start(&s3, &[]).await;
    for (number, (key, name)) in KEYS.into_iter().enumerate() {
        let url = url_of(&s3, &reader(), key).await;
        s3.clear_calls();
        let answer = get(&function, &path_of(key), &url).await;
        let torrent = answer.torrent();
        let (info, content) = (torrent.info, content(number));
        assert_eq!((info.name.as_str(), info.length), (name, content.length()), "{key}");
        assert_eq!(info.pieces, model(&content, info.piece_length), "{key}");
        assert_eq!(torrent.web_seeds.is_empty(), key.ends_with('/'), "{key}");
        let asked = s3.calls().into_iter().map(|call| call.key);
        let sidecar = format!("{key}.torrent");
        assert!(asked.into_iter().all(|asked| asked == key || asked == sidecar), "{key}");
        assert!(s3.object("data", &sidecar).is_some(), "{key}");
        let again = get(&function, &format!("/data/{}", encoded(key)), &url).await;
        assert_eq!((again.origin(), &again.body), ("sidecar", &answer.body), "{key}");
    }
}

#[tokio::test]
async fn the_url_of_one_key_opens_no_other() {
    let s3 = holding_all().await;
    let function = Function::start(&s3, &[]).await;
    for (signed, _) in KEYS {
        let url = url_of(&s3, &reader(), signed).await;
        for (asked, _) in KEYS.into_iter().filter(|(asked, _)| *asked != signed) {
            let answer = get(&function, &path_of(asked), &url).await;
            assert_eq!(answer.error(), (400, "InvalidArgument".into()), "{signed} for {asked}");
        }
    }
    assert_eq!(s3.calls().len(), 0);
}
