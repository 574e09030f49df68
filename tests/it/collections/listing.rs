//! Listings: many pages, keys of every kind, and pages that are not true. None of them is a loop.

use std::sync::atomic::{AtomicUsize, Ordering};

use test_s3::{FakeS3, Fault, ListPage, Matcher, Operation, continuation_token};

use super::{file, server, shorten};
use crate::harness::{Answer, Function};

async fn get(s3: &FakeS3) -> Answer {
    Function::start(s3, &[("MAX_COLLECTION_OBJECTS", "30")]).await.get("/data/p/").await
}

/// 25 objects in three pages.
async fn three_pages() -> FakeS3 {
    let keys: Vec<_> = (0..25).map(|number| format!("p/{number:02}")).collect();
    let s3 = server(&keys.iter().map(|key| (key.as_str(), 1)).collect::<Vec<_>>()).await;
    s3.fault(Matcher::list(), Fault::list_page(|page| shorten(page, 10)));
    s3
}

#[tokio::test]
async fn all_pages_are_read_one_after_the_other() {
    let s3 = three_pages().await;
    assert_eq!(get(&s3).await.torrent().info.files.len(), 25);
    // Once before and once after the objects are read.
    assert_eq!(s3.calls_of(Operation::ListObjects).len(), 6);
}

#[tokio::test]
async fn keys_of_every_kind_come_through() {
    let (longest, deepest) = ("n".repeat(240), ["d"; 99].join("/"));
    let odd =
        [" a+b%20c", "&amp;<\"'>", "é\u{301}日本😀", "%2F%", "a b/c", "*:|?", "\u{fffe}\u{ffff}", "\u{ad}\u{fe0f}"];
    let kept =
        ["CON", " x.", "..a", "aa", "A-/b", "a-b", "É", "é", "e\u{301}", "_____padding_file", &longest, &deepest];
    let mut names = [&odd[..], &kept].concat();
    let objects: Vec<_> = names.iter().map(|name| (format!("p/{name}"), 3)).collect();
    let s3 = server(&objects.iter().map(|(key, size)| (key.as_str(), *size)).collect::<Vec<_>>()).await;
    names.sort_unstable();
    let expected: Vec<_> = names.iter().map(|name| file(name, 3)).collect();
    assert_eq!(get(&s3).await.torrent().info.files, expected);
    assert!(s3.calls_of(Operation::ListObjects).iter().all(|call| call.query.contains("encoding-type=url")));
}

#[tokio::test]
async fn a_server_that_does_not_encode_keys_or_keeps_folders_is_understood() {
    let s3 = server(&[("p/a b+c%20", 1), ("p/a-b", 1), ("p/a/c", 1)]).await;
    s3.fault(
        Matcher::list(),
        Fault::list_page(|page| {
            page.encoding = None;
            // SeaweedFS lists a folder before files whose names go on with a sign below the slash.
            page.objects.rotate_right(1);
        }),
    );
    assert_eq!(get(&s3).await.torrent().info.files, [file("a b+c%20", 1), file("a-b", 1), file("a/c", 1)]);
}

#[tokio::test]
async fn a_page_that_is_not_the_next_one_ends_the_request() {
    type Lie = fn(&mut ListPage);
    let lies: [(&str, Lie); 9] = [
        ("the same page for ever", |page| page.next_token.clone_from(&page.token)),
        ("back to the start", |page| page.next_token = Some(continuation_token("p/0"))),
        ("more without a token", |page| (page.is_truncated, page.next_token) = (true, None)),
        ("no keys for ever", |page| {
            page.objects.clear();
            (page.is_truncated, page.next_token) = (true, Some(continuation_token("p/05")));
        }),
        ("another prefix", |page| page.objects[0].key = "q/a".to_owned()),
        ("a key twice", |page| page.objects[1] = page.objects[0].clone()),
        ("a size below 0", |page| page.objects[1].size = Some(-1)),
        ("no size", |page| page.objects[1].size = None),
        ("no ETag", |page| page.objects[1].etag = None),
    ];
    for (name, lie) in lies {
        let s3 = three_pages().await;
        s3.fault(Matcher::list().skip(1), Fault::list_page(lie));
        assert_eq!(get(&s3).await.error(), (503, "SlowDown".into()), "{name}");
        assert!(s3.calls().len() < 60, "{name}: {} calls", s3.calls().len());
        assert!(s3.object("data", "p/.torrent").is_none(), "{name}");
    }
}

#[tokio::test]
async fn a_listing_without_end_stops_at_the_limit() {
    let s3 = three_pages().await;
    let number = AtomicUsize::new(0);
    let change = Fault::list_page(move |page| {
        let start = number.fetch_add(1, Ordering::Relaxed);
        for (index, object) in page.objects.iter_mut().enumerate() {
            object.key = format!("p/{start:06}-{index:06}");
        }
        (page.is_truncated, page.next_token) = (true, Some(continuation_token(&format!("p/{:04}", start % 9 + 1))));
    });
    s3.fault(Matcher::list(), change);
    assert_eq!(get(&s3).await.error(), (400, "InvalidRequest".into()));
    assert!(s3.calls().len() < 10, "{} calls", s3.calls().len());
}

#[tokio::test]
async fn a_listing_that_fails_half_way_is_asked_for_again_and_then_given_up() {
    let cut = [Fault::CutBody(700), Fault::ShortBody(1_500), Fault::ShortBody(200)];
    for fault in cut.into_iter().chain([Fault::slow_down(), Fault::Reset, Fault::error(500, "InternalError")]) {
        let s3 = three_pages().await;
        s3.fault(Matcher::list().nth(2), fault.clone());
        assert_eq!(get(&s3).await.torrent().info.files.len(), 25, "{fault:?}");
    }
    for (fault, told) in [(Fault::slow_down(), (503, "SlowDown")), (Fault::access_denied(), (403, "AccessDenied"))] {
        let s3 = three_pages().await;
        s3.fault(Matcher::list().skip(1), fault);
        assert_eq!(get(&s3).await.error(), (told.0, told.1.to_owned()));
    }
}
