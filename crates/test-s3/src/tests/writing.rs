//! PUT and DELETE.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use aws_sdk_s3::types::ChecksumAlgorithm;

use super::refused;
use crate::{Bucket, FakeS3, Rights, Who};

fn put(client: &Client, body: &'static str) -> PutObjectFluentBuilder {
    let put = client.put_object().bucket("data").key("a");
    put.body(aws_sdk_s3::primitives::ByteStream::from_static(body.as_bytes()))
}

#[tokio::test]
async fn a_put_keeps_bytes_and_metadata() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let put =
        put(&s3.client(), "hello").metadata("colour", "blue").content_type("text/plain").content_disposition("inline");
    let answer = put.send().await.unwrap();
    assert_eq!(answer.e_tag(), Some("\"5d41402abc4b2a76b9719d911017c592\""));
    let object = s3.object("data", "a").unwrap();
    assert_eq!(object.content.to_bytes(), "hello");
    assert_eq!(object.metadata["colour"], "blue");
    assert_eq!(object.content_type.as_deref(), Some("text/plain"));
    assert_eq!(object.content_disposition.as_deref(), Some("inline"));
    assert_eq!(s3.keys("data"), ["a"]);
}

#[tokio::test]
async fn chunked_uploads_with_a_checksum_in_the_trailer_are_decoded() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let body = vec![7; 3 << 20];
    let file = std::env::temp_dir().join(format!("test-s3-upload-{}", std::process::id()));
    std::fs::write(&file, &body).unwrap();
    let stream = aws_sdk_s3::primitives::ByteStream::from_path(&file).await.unwrap();
    let put = s3.client().put_object().bucket("data").key("a").body(stream);
    put.checksum_algorithm(ChecksumAlgorithm::Crc32).send().await.unwrap();
    std::fs::remove_file(&file).unwrap();
    let object = s3.object("data", "a").unwrap();
    assert_eq!(object.content.to_bytes(), body);
}

#[tokio::test]
async fn a_first_write_never_overwrites() {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    let client = s3.client();
    let first = || put(&client, "hello").if_none_match("*");
    assert!(first().send().await.unwrap().version_id().is_some());
    assert_eq!(refused(first().send().await), (412, "PreconditionFailed".into()));
    s3.delete("data", "a");
    assert!(first().send().await.is_ok());
    let call = s3.calls().pop().unwrap();
    assert_eq!(call.if_none_match.as_deref(), Some("*"));
}

#[tokio::test]
async fn a_renewal_overwrites_what_it_knows_only() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let renew = |etag: &str| put(&client, "new").if_match(etag);
    assert_eq!(refused(renew("\"1\"").send().await), (404, "NoSuchKey".into()));
    s3.put("data", "a", "old");
    assert_eq!(refused(renew("\"1\"").send().await), (412, "PreconditionFailed".into()));
    let etag = s3.object("data", "a").unwrap().etag;
    assert!(renew(&etag).send().await.is_ok());
    s3.alter("data", |bucket| bucket.deny(Who::Everyone, "a", Rights::READ));
    let etag = s3.object("data", "a").unwrap().etag;
    assert_eq!(refused(renew(&etag).send().await), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn a_delete_leaves_a_marker_where_versions_are_kept() {
    let s3 = FakeS3::start([Bucket::private("data"), Bucket::private("kept").versioned()]).await;
    for bucket in ["data", "kept"] {
        s3.put(bucket, "a", "hello");
        let delete = s3.client().delete_object().bucket(bucket).key("a").send().await;
        assert_eq!(delete.unwrap().delete_marker(), (bucket == "kept").then_some(true));
        assert!(s3.object(bucket, "a").is_none());
    }
    let anonymous = s3.anonymous_client();
    let delete = anonymous.delete_object().bucket("data").key("a").send().await;
    assert_eq!(refused(delete).0, 403);
}
