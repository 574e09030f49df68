//! Signatures, identities and rights.

use super::{refusal, refused};
use crate::{Bucket, FakeS3, Identity, Object, Rights, Who};

#[tokio::test]
async fn a_role_with_its_session_token_reads() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", "hello");
    let answer = s3.client().get_object().bucket("data").key("a").send().await;
    let body = answer.unwrap().body.collect().await.unwrap().into_bytes();
    assert_eq!(body, "hello");
    assert_eq!(s3.calls()[0].signed.as_deref(), Some("FAKEROLE"));
}

#[tokio::test]
async fn keys_are_taken_byte_for_byte() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let keys = ["a+b c", "a%2Fb", "/lead", "trail/", "a//b", "../up", "a/./b", "ü'?#\\&=", "*"];
    for key in keys {
        s3.put("data", key, key);
        let answer = s3.client().get_object().bucket("data").key(key).send().await;
        let body = answer.unwrap().body.collect().await.unwrap().into_bytes();
        assert_eq!(body, key);
        assert_eq!(s3.calls().last().unwrap().key, key);
    }
}

#[tokio::test]
async fn wrong_secrets_keys_and_tokens_are_told_apart() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "hello");
    let role = Identity::role();
    let cases = [
        (Identity::new(&role.access_key, "wrong"), 403, "SignatureDoesNotMatch"),
        (Identity::new("UNKNOWN", "secret"), 403, "InvalidAccessKeyId"),
        (role.session_token("stale"), 400, "InvalidToken"),
    ];
    for (identity, status, code) in cases {
        let client = s3.client_of(&identity);
        let answer = client.get_object().bucket("data").key("a").send().await;
        assert_eq!(refused(answer), (status, code.to_owned()));
    }
}

#[tokio::test]
async fn anyone_reads_a_public_object_but_no_version_and_writes_nothing() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    let id = s3.put("data", "a", "hello").unwrap();
    let client = s3.anonymous_client();
    let read = || client.get_object().bucket("data").key("a");
    assert!(read().send().await.is_ok());
    assert_eq!(s3.calls()[0].signed, None);
    assert_eq!(refused(read().version_id(id).send().await).0, 403);
    let put = client.put_object().bucket("data").key("a").send().await;
    assert_eq!(refused(put), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn a_missing_key_is_told_only_to_who_may_list() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let anonymous = s3.anonymous_client();
    let get = anonymous.get_object().bucket("data").key("missing").send();
    assert_eq!(refused(get.await), (403, "AccessDenied".into()));
    let role = s3.client();
    let get = role.get_object().bucket("data").key("missing").send();
    assert_eq!(refused(get.await), (404, "NoSuchKey".into()));
    let get = anonymous.get_object().bucket("other").key("a").send();
    assert_eq!(refused(get.await), (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn a_deleted_object_is_as_missing_to_who_may_not_list() {
    let bucket = Bucket::public("data").versioned();
    let s3 = FakeS3::start([bucket.allow(Who::Anonymous, "*", Rights::READ_VERSION)]).await;
    s3.put("data", "a", "hello");
    s3.delete("data", "a");
    let client = s3.anonymous_client();
    let get = || client.get_object().bucket("data").key("a");
    let latest = refusal(get().send().await);
    assert_eq!((latest.status, latest.code.as_str()), (403, "AccessDenied"));
    assert_eq!(latest.header("x-amz-delete-marker"), None);
    assert_eq!(refused(get().version_id("x".repeat(32)).send().await).0, 403);
}

#[tokio::test]
async fn head_errors_have_a_status_and_no_body() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let head = s3.anonymous_client().head_object().bucket("data").key("missing");
    let refusal = refusal(head.send().await);
    assert_eq!(refusal.status, 403);
    assert_eq!(refusal.code, "");
    assert_eq!(refusal.response.body().bytes(), Some(&b""[..]));
    assert!(refusal.header("x-amz-request-id").is_some());
}

#[tokio::test]
async fn single_keys_can_be_private_or_open_and_rights_taken_away() {
    let other = Identity::new("OTHER", "other-secret");
    let who = Who::AccessKey(other.access_key.clone());
    let bucket = Bucket::public("data")
        .deny(Who::Anonymous, "secret", Rights::READ)
        .deny(who.clone(), "*.torrent", Rights::READ)
        .allow(who, "*", Rights::READ | Rights::LIST);
    let s3 = FakeS3::start_with([bucket], [other.clone()]).await;
    for key in ["secret", "open", "open.torrent"] {
        s3.put("data", key, key);
    }
    let status = async |client: aws_sdk_s3::Client, key: &str| {
        let answer = client.get_object().bucket("data").key(key).send().await;
        answer.map_or_else(|error| refused::<(), _>(Err(error)).0, |_| 200)
    };
    assert_eq!(status(s3.anonymous_client(), "secret").await, 403);
    assert_eq!(status(s3.anonymous_client(), "open.torrent").await, 200);
    assert_eq!(status(s3.client_of(&other), "secret").await, 200);
    assert_eq!(status(s3.client_of(&other), "open.torrent").await, 403);
    s3.alter("data", |bucket| bucket.deny(Who::Everyone, "open*", Rights::READ));
    assert_eq!(status(s3.anonymous_client(), "open").await, 403);
    assert_eq!(status(s3.client(), "open").await, 403);
}

#[tokio::test]
async fn requester_pays_needs_a_signature_and_the_header() {
    let s3 = FakeS3::start([Bucket::public("data").requester_pays()]).await;
    s3.put("data", "a", Object::new("hello"));
    let payer = aws_sdk_s3::types::RequestPayer::Requester;
    let signed = s3.client();
    let head = || signed.head_object().bucket("data").key("a");
    assert_eq!(refused(head().send().await).0, 403);
    let paid = head().request_payer(payer.clone()).send().await.unwrap();
    assert_eq!(paid.request_charged().unwrap().as_str(), "requester");
    let anonymous = s3.anonymous_client();
    let get = anonymous.get_object().bucket("data").key("a");
    assert_eq!(refused(get.request_payer(payer).send().await).0, 403);
    assert_eq!(s3.calls()[2].request_payer.as_deref(), Some("requester"));
}

#[tokio::test]
async fn another_owner_than_expected_is_refused() {
    let s3 = FakeS3::start([Bucket::public("data").owner("111122223333")]).await;
    s3.put("data", "a", "hello");
    let client = s3.client();
    let get = |owner| client.get_object().bucket("data").key("a").expected_bucket_owner(owner);
    assert!(get("111122223333").send().await.is_ok());
    assert_eq!(refused(get("444455556666").send().await), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn what_the_server_lacks_is_not_implemented() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", "hello");
    let torrent = s3.client().get_object_torrent().bucket("data").key("a").send().await;
    assert_eq!(refused(torrent), (501, "NotImplemented".into()));
}
