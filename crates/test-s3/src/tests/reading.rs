//! HEAD and GET: made-up content, ranges and versions.

use super::{refusal, refused};
use crate::{Bucket, Content, FakeS3};

#[tokio::test]
async fn ranges_of_huge_objects_need_no_memory() {
    const TIB: u64 = 1 << 40;
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    for content in [Content::random(48 * TIB, 7), Content::repeated(48 * TIB, (0..=250).collect::<Vec<u8>>())] {
        s3.put("data", "huge", content.clone());
        let (first, last) = (47 * TIB + 12_345, 47 * TIB + 1_012_345);
        let get = s3.anonymous_client().get_object().bucket("data").key("huge");
        let get = get.range(format!("bytes={first}-{last}")).send().await.unwrap();
        assert_eq!(get.content_range(), Some(format!("bytes {first}-{last}/{}", 48 * TIB).as_str()));
        assert_eq!(get.body.collect().await.unwrap().into_bytes(), content.slice(first..last + 1));
        let call = s3.calls().pop().unwrap();
        assert_eq!((call.range, call.status, call.bytes_sent), (Some((first, last)), Some(206), 1_000_001));
    }
}

#[tokio::test]
async fn versions_and_delete_markers_have_ids() {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    let old = s3.put("data", "a", "old").unwrap();
    let new = s3.put("data", "a", "newer").unwrap();
    let client = s3.client();
    let head = || client.head_object().bucket("data").key("a");
    let latest = head().send().await.unwrap();
    assert_eq!((latest.version_id(), latest.content_length()), (Some(new.as_str()), Some(5)));
    let first = head().version_id(&old).send().await.unwrap();
    assert_eq!((first.version_id(), first.content_length()), (Some(old.as_str()), Some(3)));
    let marker = s3.delete("data", "a").unwrap();
    for (id, status, code) in [
        (None, 404, "NoSuchKey"),
        (Some(marker), 405, "MethodNotAllowed"),
        (Some("x".repeat(32)), 404, "NoSuchVersion"),
        (Some("malformed".into()), 400, "InvalidArgument"),
    ] {
        let get = client.get_object().bucket("data").key("a").set_version_id(id.clone()).send().await;
        assert_eq!(refused(get), (status, code.to_owned()), "{id:?}");
        let (found, _, answer) = refusal(head().set_version_id(id.clone()).send().await);
        assert_eq!((found, answer.body().bytes()), (status, Some(&b""[..])), "{id:?}");
    }
}
