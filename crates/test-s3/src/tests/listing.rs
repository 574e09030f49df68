//! `ListObjectsV2`: pages, order, encoding, rights and faults.

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::operation::list_objects_v2::builders::ListObjectsV2FluentBuilder;
use aws_sdk_s3::types::{EncodingType, RequestPayer};

use super::refused;
use crate::{Bucket, FakeS3, Fault, Matcher, Object, Operation, Rights, Who, continuation_token};

async fn server(keys: &[&'static str]) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    for key in keys {
        s3.put("data", key, *key);
    }
    s3
}

fn list(s3: &FakeS3, prefix: &str) -> ListObjectsV2FluentBuilder {
    s3.client().list_objects_v2().bucket("data").prefix(prefix)
}

fn keys(page: &ListObjectsV2Output) -> Vec<&str> {
    page.contents().iter().filter_map(|object| object.key()).collect()
}

#[tokio::test]
async fn pages_follow_one_another_in_the_order_of_bytes() {
    // In UTF-16, the last two would change places.
    let s3 = server(&["p/b", "p/a", "p/a/", "p/Z", "o", "q", "p/\u{10000}", "p/\u{ff5e}", "p/gone"]).await;
    s3.delete("data", "p/gone");
    let mut listed = Vec::new();
    let mut token = None;
    loop {
        let page = list(&s3, "p/").max_keys(2).set_continuation_token(token.clone()).send().await.unwrap();
        assert_eq!((page.name(), page.prefix(), page.max_keys()), (Some("data"), Some("p/"), Some(2)));
        assert_eq!(page.key_count(), i32::try_from(page.contents().len()).ok());
        assert_eq!(page.continuation_token(), token.as_deref());
        assert_eq!(page.is_truncated(), Some(page.next_continuation_token().is_some()));
        listed.extend(keys(&page).into_iter().map(str::to_owned));
        token = page.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            break;
        }
    }
    assert_eq!(listed, ["p/Z", "p/a", "p/a/", "p/b", "p/\u{ff5e}", "p/\u{10000}"]);
    let calls = s3.calls_of(Operation::ListObjects);
    assert_eq!(calls.len(), 3);
    assert_eq!(calls[2].prefix.as_deref(), Some("p/"));
    assert_eq!(calls[2].continuation_token, Some(continuation_token("p/b")));
}

#[tokio::test]
async fn an_object_is_listed_with_its_latest_version() {
    let s3 = server(&["a", "a"]).await;
    let object = Object::new("hello");
    s3.put("data", "b", object.clone().storage_class("GLACIER"));
    s3.put("data", "c", object.clone().archive_status("ARCHIVE_ACCESS"));
    let page = list(&s3, "").send().await.unwrap();
    let classes = page.contents().iter().filter_map(|object| Some(object.storage_class()?.as_str()));
    assert_eq!(classes.collect::<Vec<_>>(), ["STANDARD", "GLACIER", "INTELLIGENT_TIERING"]);
    let listed = &page.contents()[1];
    assert_eq!((listed.size(), listed.e_tag()), (Some(5), Some(object.etag.as_str())));
    let head = s3.client().head_object().bucket("data").key("b").send().await.unwrap();
    assert_eq!(listed.last_modified(), head.last_modified());
}

#[tokio::test]
async fn keys_and_prefix_are_encoded_as_asked() {
    let s3 = server(&["ü (a)/b+c d~\u{1}.*-_<&"]).await;
    let page = list(&s3, "ü (").encoding_type(EncodingType::Url).send().await.unwrap();
    assert_eq!(page.encoding_type(), Some(&EncodingType::Url));
    assert_eq!(page.prefix(), Some("%C3%BC+%28"));
    assert_eq!(keys(&page), ["%C3%BC+%28a%29/b%2Bc+d%7E%01.*-_%3C%26"]);
    let s3 = server(&["a b<&\"/ü"]).await;
    let page = list(&s3, "a ").send().await.unwrap();
    assert_eq!((page.encoding_type(), page.prefix(), keys(&page)), (None, Some("a "), vec!["a b<&\"/ü"]));
}

#[tokio::test]
async fn only_who_may_list_the_prefix_does() {
    let bucket = Bucket::public("data").owner("111122223333").allow(Who::Anonymous, "open/*", Rights::LIST);
    let s3 = FakeS3::start([bucket, Bucket::private("paid").requester_pays()]).await;
    let anonymous = s3.anonymous_client();
    let list = |prefix| anonymous.list_objects_v2().bucket("data").prefix(prefix);
    assert_eq!(list("open/").send().await.unwrap().key_count(), Some(0));
    assert_eq!(refused(list("ope").send().await), (403, "AccessDenied".into()));
    let other = list("open/").expected_bucket_owner("444455556666");
    assert_eq!(refused(other.send().await), (403, "AccessDenied".into()));
    assert_eq!(refused(list("open/").continuation_token("x").send().await), (400, "InvalidArgument".into()));
    let client = s3.client();
    let paid = || client.list_objects_v2().bucket("paid");
    assert_eq!(refused(paid().send().await).0, 403);
    let page = paid().request_payer(RequestPayer::Requester).send().await.unwrap();
    assert_eq!(page.request_charged().unwrap().as_str(), "requester");
    assert_eq!(refused(client.list_objects_v2().bucket("none").send().await), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn faults_befall_a_listing() {
    let s3 = server(&["a"]).await;
    s3.fault(Matcher::list().nth(1), Fault::slow_down());
    s3.fault(Matcher::list().nth(2), Fault::Reset);
    s3.fault(Matcher::list().nth(3), Fault::CutBody(20));
    s3.fault(Matcher::list().nth(4), Fault::delete("data", "a"));
    assert_eq!(refused(list(&s3, "").send().await), (503, "SlowDown".into()));
    assert!(list(&s3, "").send().await.is_err());
    assert!(list(&s3, "").send().await.is_err());
    assert_eq!(list(&s3, "").send().await.unwrap().key_count(), Some(0));
    let answers: Vec<_> = s3.calls().iter().map(|call| (call.status, call.bytes_sent == 20)).collect();
    assert_eq!(answers[..3], [(Some(503), false), (None, false), (Some(200), true)]);
}

#[tokio::test]
async fn a_page_can_be_wrong() {
    let s3 = server(&["a", "b"]).await;
    let change = Fault::list_page(|page| {
        page.objects[1].key = "elsewhere".into();
        page.objects[1].size = Some(-1);
        page.objects[1].etag = None;
        page.objects.push(page.objects[0].clone());
        page.is_truncated = true;
        page.encoding = None;
    });
    s3.fault(Matcher::list(), change);
    let page = list(&s3, "").encoding_type(EncodingType::Url).send().await.unwrap();
    assert_eq!(keys(&page), ["a", "elsewhere", "a"]);
    assert_eq!((page.contents()[1].size(), page.contents()[1].e_tag()), (Some(-1), None));
    assert_eq!((page.is_truncated(), page.next_continuation_token()), (Some(true), None));
    assert_eq!(page.encoding_type(), None);
}

#[tokio::test]
async fn an_object_can_become_private_between_requests() {
    let s3 = server(&["a", "b"]).await;
    s3.fault(Matcher::get().nth(2), Fault::make_private("data", "a"));
    let client = s3.client();
    let get = |key| client.get_object().bucket("data").key(key).send();
    assert!(get("a").await.is_ok());
    assert_eq!(refused(get("a").await), (403, "AccessDenied".into()));
    assert!(get("b").await.is_ok());
}

#[tokio::test]
async fn a_listing_can_go_round_for_ever() {
    let s3 = server(&["a", "b", "c"]).await;
    s3.fault(Matcher::list().skip(1), Fault::list_page(|page| page.next_token.clone_from(&page.token)));
    let mut pages = list(&s3, "").into_paginator().page_size(1).stop_on_duplicate_token(false).send();
    for key in ["a", "b", "b", "b"] {
        assert_eq!(keys(&pages.next().await.unwrap().unwrap()), [key]);
    }
}
