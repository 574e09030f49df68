//! Signatures and rights.

use super::{refusal, refused};
use crate::{Bucket, FakeS3, Identity};

#[tokio::test]
async fn wrong_secrets_keys_and_tokens_have_errors_of_their_own() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "hello");
    let role = Identity::role();
    let cases = [
        (Identity::new(&role.access_key, "wrong"), 403, "SignatureDoesNotMatch"),
        (Identity::new("UNKNOWN", "secret"), 403, "InvalidAccessKeyId"),
        (role.session_token("stale"), 400, "InvalidToken"),
    ];
    for (identity, status, code) in cases {
        let answer = s3.client_of(&identity).get_object().bucket("data").key("a").send().await;
        assert_eq!(refused(answer), (status, code.to_owned()));
    }
    assert!(s3.client().get_object().bucket("data").key("a").send().await.is_ok());
}

#[tokio::test]
async fn anyone_reads_a_public_object_but_no_version_and_writes_nothing() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    let id = s3.put("data", "a", "hello").unwrap();
    let client = s3.anonymous_client();
    let read = || client.get_object().bucket("data").key("a");
    assert!(read().send().await.is_ok());
    assert_eq!(refused(read().version_id(id).send().await).0, 403);
    let put = client.put_object().bucket("data").key("a").send().await;
    assert_eq!(refused(put), (403, "AccessDenied".into()));
    let attributes = client.get_object_attributes().bucket("data").key("a");
    let attributes = attributes.object_attributes(aws_sdk_s3::types::ObjectAttributes::Etag);
    assert_eq!(refused(attributes.send().await), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn only_a_caller_that_may_list_learns_that_a_key_is_missing() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    s3.put("data", "deleted", "hello");
    s3.delete("data", "deleted");
    for key in ["missing", "deleted"] {
        let get = s3.anonymous_client().get_object().bucket("data").key(key).send().await;
        let (status, code, answer) = refusal(get);
        assert_eq!((status, code.as_str(), answer.headers().get("x-amz-delete-marker")), (403, "AccessDenied", None));
        let get = s3.client().get_object().bucket("data").key(key).send().await;
        assert_eq!(refused(get), (404, "NoSuchKey".into()));
    }
    let get = s3.anonymous_client().get_object().bucket("other").key("a").send();
    assert_eq!(refused(get.await), (404, "NoSuchBucket".into()));
}
