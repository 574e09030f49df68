//! What HEAD and `GetObjectAttributes` say of parts and checksums.

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object_attributes::builders::GetObjectAttributesFluentBuilder;
use aws_sdk_s3::types::{ChecksumMode, ObjectAttributes, RequestPayer};

use super::{base64_sha1, refused, sha1};
use crate::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

fn ask(client: &Client) -> GetObjectAttributesFluentBuilder {
    let ask = client.get_object_attributes().bucket("data").key("a");
    ask.object_attributes(ObjectAttributes::Etag)
        .object_attributes(ObjectAttributes::Checksum)
        .object_attributes(ObjectAttributes::ObjectParts)
        .object_attributes(ObjectAttributes::ObjectSize)
        .object_attributes(ObjectAttributes::StorageClass)
}

#[tokio::test]
async fn parts_are_listed_with_their_sizes_and_sha1s() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", Object::new("hello world").parts(6).etag("\"12-2\"").storage_class("GLACIER_IR"));
    let answer = ask(&s3.client()).send().await.unwrap();
    assert_eq!(answer.e_tag(), Some("12-2"));
    assert_eq!(answer.object_size(), Some(11));
    assert_eq!(answer.storage_class().unwrap().as_str(), "GLACIER_IR");
    let checksum = answer.checksum().unwrap();
    let composite = base64_sha1(&[sha1(b"hello "), sha1(b"world")].concat());
    assert_eq!(checksum.checksum_sha1(), Some(composite.as_str()));
    assert_eq!(checksum.checksum_type().unwrap().as_str(), "COMPOSITE");
    let parts = answer.object_parts().unwrap();
    assert_eq!((parts.total_parts_count(), parts.is_truncated()), (Some(2), Some(false)));
    let listed = parts.parts().iter().map(|part| (part.part_number(), part.size(), part.checksum_sha1()));
    let (hello, world) = (base64_sha1(b"hello "), base64_sha1(b"world"));
    let expected = [(Some(1), Some(6), Some(hello.as_str())), (Some(2), Some(5), Some(world.as_str()))];
    assert_eq!(listed.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn ten_thousand_parts_come_in_ten_pages() {
    const MIB: u64 = 1 << 20;
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", Object::new(Content::repeated(80_000 * MIB, vec![7; 1 << 20])).parts(8 * MIB));
    let client = s3.client();
    let (mut marker, mut numbers) = (None, Vec::new());
    loop {
        let page = ask(&client).set_part_number_marker(marker).send().await.unwrap();
        let parts = page.object_parts.unwrap();
        assert_eq!((parts.total_parts_count, parts.max_parts), (Some(10_000), Some(1_000)));
        numbers.extend(parts.parts().iter().filter_map(|part| part.part_number));
        marker = parts.next_part_number_marker;
        if parts.is_truncated != Some(true) {
            break;
        }
    }
    assert!(numbers.into_iter().eq(1..=10_000));
    let calls = s3.calls_of(Operation::GetObjectAttributes);
    let markers: Vec<_> = calls.iter().map(|call| call.part_number_marker.unwrap_or(0)).collect();
    assert_eq!(markers, (0..10).map(|page| page * 1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn pages_are_as_short_as_asked_for_and_never_longer_than_a_thousand() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", Object::new(Content::repeated(1_500, "x")).parts(1));
    let client = s3.client();
    for (asked, given) in [(2, 2), (5_000, 1_000)] {
        let page = ask(&client).max_parts(asked).part_number_marker("3").send().await.unwrap();
        let parts = page.object_parts.unwrap();
        assert_eq!(parts.max_parts, Some(given));
        assert_eq!(parts.parts()[0].part_number, Some(4));
        assert_eq!(parts.parts().len(), usize::try_from(given).unwrap());
        assert_eq!(parts.is_truncated, Some(true));
        assert_eq!(parts.next_part_number_marker, Some((given + 3).to_string()));
    }
}

#[tokio::test]
async fn only_what_is_asked_for_is_told() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", Object::new("hello world").parts(6));
    let ask = s3.client().get_object_attributes().bucket("data").key("a");
    let answer = ask.object_attributes(ObjectAttributes::ObjectSize).send().await.unwrap();
    assert_eq!(answer.object_size(), Some(11));
    assert!(answer.e_tag().is_none() && answer.checksum().is_none() && answer.object_parts().is_none());
}

#[tokio::test]
async fn without_checksums_the_parts_are_counted_but_not_listed() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let mut object = Object::new("hello world").parts(6);
    object.checksum = None;
    s3.put("data", "a", object);
    let parts = ask(&s3.client()).send().await.unwrap().object_parts.unwrap();
    assert_eq!((parts.total_parts_count, parts.is_truncated), (Some(2), None));
    assert!(parts.parts().is_empty());
    s3.put("data", "a", "hello world");
    assert!(ask(&s3.client()).send().await.unwrap().object_parts.is_none());
}

#[tokio::test]
async fn head_and_get_tell_the_checksum_when_asked_to() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Object::new("hello world").parts(6));
    let client = s3.anonymous_client();
    let composite = format!("{}-2", base64_sha1(&[sha1(b"hello "), sha1(b"world")].concat()));
    let head = || client.head_object().bucket("data").key("a");
    let plain = head().send().await.unwrap();
    assert_eq!((plain.checksum_sha1(), plain.checksum_type()), (None, None));
    let told = head().checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(told.checksum_sha1(), Some(composite.as_str()));
    assert_eq!(s3.calls()[1].checksum_mode.as_deref(), Some("ENABLED"));
    let get = || client.get_object().bucket("data").key("a").checksum_mode(ChecksumMode::Enabled);
    let whole = get().send().await.unwrap();
    assert_eq!(whole.checksum_sha1(), Some(composite.as_str()));
    assert_eq!(whole.checksum_type().unwrap().as_str(), "COMPOSITE");
    let range = get().range("bytes=0-5").send().await.unwrap();
    assert_eq!(range.checksum_sha1(), None);
}

#[tokio::test]
async fn a_test_can_have_it_say_what_is_not_so() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let content = Content::cheap(5 << 20, 1);
    let mut object = Object::new(content).part_sizes([1 << 20, 3 << 20, 1 << 20]);
    object.parts.list.pop();
    object.parts.list[0].checksum = None;
    object.parts.total = 7;
    let checksum = object.checksum.as_mut().unwrap();
    (checksum.value, checksum.numbered_in_attributes) = (base64_sha1(b"other"), true);
    s3.put("data", "a", object);
    s3.fault(Matcher::attributes().nth(2), Fault::slow_down());
    let answer = ask(&s3.client()).send().await.unwrap();
    let numbered = format!("{}-3", base64_sha1(b"other"));
    assert_eq!(answer.checksum().unwrap().checksum_sha1(), Some(numbered.as_str()));
    let parts = answer.object_parts().unwrap();
    assert_eq!((parts.total_parts_count(), parts.parts().len()), (Some(7), 2));
    assert_eq!(parts.parts()[0].checksum_sha1(), None);
    assert_eq!(parts.parts()[1].size(), Some(3 << 20));
    assert_eq!(refused(ask(&s3.client()).send().await), (503, "SlowDown".into()));
}

#[tokio::test]
async fn attributes_take_a_right_of_their_own_besides_the_one_to_read() {
    let other = Identity::new("OTHER", "other-secret");
    let who = Who::AccessKey(other.access_key.clone());
    let bucket = Bucket::public("data").versioned();
    let s3 = FakeS3::start_with([bucket], [other.clone()]).await;
    let id = s3.put("data", "a", Object::new("hello world").parts(6)).unwrap();
    let client = s3.client_of(&other);
    let allow = |rights| {
        let who = who.clone();
        s3.alter("data", |bucket| bucket.allow(who, "*", rights));
    };
    assert_eq!(refused(ask(&s3.anonymous_client()).send().await), (403, "AccessDenied".into()));
    allow(Rights::ATTRIBUTES);
    assert_eq!(refused(ask(&client).send().await), (403, "AccessDenied".into()));
    allow(Rights::READ);
    assert!(ask(&client).send().await.is_ok());
    assert_eq!(refused(ask(&client).version_id(&id).send().await), (403, "AccessDenied".into()));
    allow(Rights::READ_VERSION);
    let answer = ask(&client).version_id(&id).send().await.unwrap();
    assert_eq!(answer.version_id(), Some(id.as_str()));
}

#[tokio::test]
async fn attributes_are_refused_as_other_reads_are() {
    let bucket = Bucket::private("data").versioned().requester_pays().owner("111122223333");
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "a", Object::new("hello world").parts(6).sse_c());
    let client = s3.client();
    let paid = || ask(&client).request_payer(RequestPayer::Requester);
    assert_eq!(refused(ask(&client).send().await).0, 403);
    assert_eq!(refused(paid().expected_bucket_owner("444455556666").send().await).0, 403);
    assert_eq!(refused(paid().send().await), (400, "InvalidRequest".into()));
    s3.put("data", "a", Object::new("hello world").parts(6));
    assert_eq!(paid().send().await.unwrap().request_charged().unwrap().as_str(), "requester");
    s3.delete("data", "a");
    assert_eq!(refused(paid().send().await), (404, "NoSuchKey".into()));
}
