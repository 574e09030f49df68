//! Collections: one torrent for all objects below a prefix.

mod cache;
mod content;
mod jobs;
mod listing;
mod request;

use get_object_torrent::torrent::File;
use test_s3::{Bucket, Content, FakeS3, ListPage, Rights, Who, continuation_token};

/// A bucket that anyone may read and list, with objects of these sizes.
async fn server(objects: &[(&str, u64)]) -> FakeS3 {
    let s3 = FakeS3::start([bucket()]).await;
    for (seed, (key, size)) in (0..).zip(objects) {
        s3.put("data", key, Content::random(*size, seed));
    }
    s3
}

pub(crate) fn bucket() -> Bucket {
    Bucket::public("data").allow(Who::Everyone, "*", Rights::LIST)
}

/// Lets S3 list at most so many objects at once.
fn shorten(page: &mut ListPage, most: usize) {
    if page.objects.len() > most {
        page.objects.truncate(most);
        page.is_truncated = true;
        page.next_token = page.objects.last().map(|object| continuation_token(&object.key));
    }
}

pub(crate) fn file(path: &str, length: u64) -> File {
    File { length, path: path.split('/').map(str::to_owned).collect() }
}

/// The bytes of these objects, one after the other.
fn together(s3: &FakeS3, keys: &[&str]) -> Content {
    let bytes = keys.iter().map(|key| s3.object("data", key).expect("an object").content.to_bytes());
    Content::from(bytes.collect::<Vec<_>>().concat())
}
