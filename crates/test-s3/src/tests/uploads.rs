//! Multipart uploads with checksums.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::complete_multipart_upload::builders::CompleteMultipartUploadFluentBuilder;
use aws_sdk_s3::operation::upload_part::builders::UploadPartFluentBuilder;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, CompletedMultipartUpload, CompletedPart};
use md5::{Digest as _, Md5};

use super::{base64_sha1, refused, sha1};
use crate::{Bucket, FakeS3, Rights, Who};

async fn begin(client: &Client, algorithm: Option<ChecksumAlgorithm>) -> String {
    let create = client.create_multipart_upload().bucket("data").key("a").content_type("text/plain");
    let created = create.set_checksum_algorithm(algorithm).send().await.unwrap();
    created.upload_id.unwrap()
}

fn part(client: &Client, id: &str, number: i32, body: &'static [u8]) -> UploadPartFluentBuilder {
    let part = client.upload_part().bucket("data").key("a").upload_id(id).part_number(number);
    part.body(ByteStream::from_static(body))
}

fn complete(client: &Client, id: &str, parts: Vec<CompletedPart>) -> CompleteMultipartUploadFluentBuilder {
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    client.complete_multipart_upload().bucket("data").key("a").upload_id(id).multipart_upload(parts)
}

/// Uploads the parts as the SDK does with an algorithm, and returns what completes them.
async fn upload(
    client: &Client,
    id: &str,
    bodies: &[&'static [u8]],
    algorithm: ChecksumAlgorithm,
) -> Vec<CompletedPart> {
    let mut parts = Vec::new();
    for (number, body) in (1..).zip(bodies) {
        let sent = part(client, id, number, body).checksum_algorithm(algorithm.clone()).send().await;
        let sent = sent.unwrap();
        let completed = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
        parts.push(completed.set_checksum_sha1(sent.checksum_sha1).build());
    }
    parts
}

#[tokio::test]
async fn parts_with_sha1_make_an_object_with_a_composite_checksum() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    let parts = upload(&client, &id, &[b"hello ", b"big ", b"world"], ChecksumAlgorithm::Sha1).await;
    assert_eq!(parts[1].checksum_sha1(), Some(base64_sha1(b"big ").as_str()));
    let completed = complete(&client, &id, parts).send().await.unwrap();

    let digests = [Md5::digest(b"hello "), Md5::digest(b"big "), Md5::digest(b"world")].concat();
    let etag = format!("\"{}-3\"", hex::encode(Md5::digest(&digests)));
    let composite = base64_sha1(&[sha1(b"hello "), sha1(b"big "), sha1(b"world")].concat());
    assert_eq!(completed.e_tag(), Some(etag.as_str()));
    assert_eq!(completed.checksum_sha1(), Some(format!("{composite}-3").as_str()));

    let object = s3.object("data", "a").unwrap();
    assert_eq!(object.content.to_bytes(), "hello big world");
    assert_eq!(object.content_type.as_deref(), Some("text/plain"));
    let head = client.head_object().bucket("data").key("a").checksum_mode(ChecksumMode::Enabled);
    let head = head.send().await.unwrap();
    assert_eq!(head.checksum_sha1(), Some(format!("{composite}-3").as_str()));
    assert_eq!(head.checksum_type().unwrap().as_str(), "COMPOSITE");
    assert_eq!(head.e_tag(), Some(etag.as_str()));
    assert_eq!(refused(complete(&client, &id, vec![]).send().await), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn a_checksum_behind_the_body_counts_as_one_in_a_header() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    let file = std::env::temp_dir().join(format!("test-s3-part-{}", std::process::id()));
    std::fs::write(&file, b"hello").unwrap();
    // What is read from a file is hashed as it is sent.
    let body = ByteStream::from_path(&file).await.unwrap();
    let sent = part(&client, &id, 1, b"").body(body).checksum_algorithm(ChecksumAlgorithm::Sha1).send().await;
    std::fs::remove_file(&file).unwrap();
    assert_eq!(sent.unwrap().checksum_sha1(), Some(base64_sha1(b"hello").as_str()));
}

#[tokio::test]
async fn a_wrong_digest_is_refused() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    let wrong = part(&client, &id, 1, b"hello").checksum_sha1(base64_sha1(b"other"));
    assert_eq!(refused(wrong.send().await), (400, "BadDigest".into()));
    let broken = part(&client, &id, 1, b"hello").checksum_sha1("no digest");
    assert_eq!(refused(broken.send().await), (400, "InvalidRequest".into()));
    let put = client.put_object().bucket("data").key("a").checksum_sha1(base64_sha1(b"other"));
    assert_eq!(refused(put.send().await), (400, "BadDigest".into()));
    assert!(s3.keys("data").is_empty());
}

#[tokio::test]
async fn parts_without_the_promised_checksum_are_refused() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    let other = part(&client, &id, 1, b"hello").checksum_algorithm(ChecksumAlgorithm::Crc32).send().await;
    assert_eq!(refused(other), (400, "InvalidRequest".into()));
    let parts = upload(&client, &id, &[b"hello"], ChecksumAlgorithm::Sha1).await;
    let without = CompletedPart::builder().part_number(1).set_e_tag(parts[0].e_tag.clone()).build();
    let completed = complete(&client, &id, vec![without]).send().await;
    assert_eq!(refused(completed), (400, "InvalidRequest".into()));
    assert!(complete(&client, &id, parts).send().await.is_ok());
}

#[tokio::test]
async fn the_listed_parts_must_be_there_and_in_order() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    let parts = upload(&client, &id, &[b"hello", b"world"], ChecksumAlgorithm::Sha1).await;
    let code = async |parts| refused(complete(&client, &id, parts).send().await).1;
    let [one, two] = parts.as_slice() else { panic!("two parts") };
    assert_eq!(code(vec![two.clone(), one.clone()]).await, "InvalidPartOrder");
    let mut changed = two.clone();
    changed.e_tag.clone_from(&one.e_tag);
    assert_eq!(code(vec![one.clone(), changed]).await, "InvalidPart");
    let mut unsent = two.clone();
    unsent.part_number = Some(3);
    assert_eq!(code(vec![one.clone(), unsent]).await, "InvalidPart");
    let outside = part(&client, &id, 10_001, b"hello").send().await;
    assert_eq!(refused(outside), (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn other_checksums_are_kept_and_are_no_sha1() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let cases = [
        (ChecksumAlgorithm::Crc32, "COMPOSITE"),
        (ChecksumAlgorithm::Crc32C, "COMPOSITE"),
        (ChecksumAlgorithm::Sha256, "COMPOSITE"),
        (ChecksumAlgorithm::Crc64Nvme, "FULL_OBJECT"),
    ];
    for (algorithm, kind) in cases {
        let id = begin(&client, Some(algorithm.clone())).await;
        let mut parts = Vec::new();
        for (number, body) in [(1, b"hello "), (2, b"world ")] {
            let sent = part(&client, &id, number, body).checksum_algorithm(algorithm.clone()).send().await;
            let sent = sent.unwrap();
            let completed = CompletedPart::builder()
                .part_number(number)
                .set_e_tag(sent.e_tag)
                .set_checksum_crc32(sent.checksum_crc32)
                .set_checksum_crc32_c(sent.checksum_crc32_c)
                .set_checksum_sha256(sent.checksum_sha256)
                .set_checksum_crc64_nvme(sent.checksum_crc64_nvme);
            parts.push(completed.build());
        }
        complete(&client, &id, parts).send().await.unwrap();
        let head = client.head_object().bucket("data").key("a").checksum_mode(ChecksumMode::Enabled);
        let head = head.send().await.unwrap();
        assert_eq!(head.checksum_sha1(), None);
        assert_eq!(head.checksum_type().unwrap().as_str(), kind);
        // The SDK checks a checksum of the whole object as it reads.
        let get = client.get_object().bucket("data").key("a").send().await.unwrap();
        assert_eq!(get.body.collect().await.unwrap().into_bytes(), "hello world ");
    }
}

#[tokio::test]
async fn an_upload_without_checksums_has_none() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, None).await;
    let sent = part(&client, &id, 1, b"hello").send().await.unwrap();
    let parts = vec![CompletedPart::builder().part_number(1).set_e_tag(sent.e_tag).build()];
    complete(&client, &id, parts).send().await.unwrap();
    let object = s3.object("data", "a").unwrap();
    assert_eq!((object.checksum, object.parts.total), (None, 1));
}

#[tokio::test]
async fn an_aborted_upload_is_gone() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let client = s3.client();
    let id = begin(&client, None).await;
    let abort = || client.abort_multipart_upload().bucket("data").key("a").upload_id(&id).send();
    assert!(abort().await.is_ok());
    assert_eq!(refused(abort().await), (404, "NoSuchUpload".into()));
    assert_eq!(refused(part(&client, &id, 1, b"hello").send().await), (404, "NoSuchUpload".into()));
}

#[tokio::test]
async fn uploads_take_the_right_to_write() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let anonymous = s3.anonymous_client();
    let create = anonymous.create_multipart_upload().bucket("data").key("a").send().await;
    assert_eq!(refused(create), (403, "AccessDenied".into()));
    let client = s3.client();
    let id = begin(&client, Some(ChecksumAlgorithm::Sha1)).await;
    assert_eq!(refused(part(&anonymous, &id, 1, b"hello").send().await).0, 403);
    let parts = upload(&client, &id, &[b"hello"], ChecksumAlgorithm::Sha1).await;
    s3.alter("data", |bucket| bucket.deny(Who::Everyone, "*", Rights::WRITE));
    assert_eq!(refused(complete(&client, &id, parts).send().await).0, 403);
}
