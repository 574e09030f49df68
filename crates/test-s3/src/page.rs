//! A page of `ListObjectsV2`, which a test may alter.

use std::time::SystemTime;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use s3s::dto::{EncodingType, ListObjectsV2Output, Object as Contents, ObjectStorageClass, Timestamp};

use crate::{etag, object::Object};

/// All but what `encoding-type=url` leaves as it is, and the space, which becomes a `+`.
const ENCODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

/// A page of a listing. [`Fault::list_page`](crate::Fault::list_page) alters it before it is sent. Its fields are
/// public, so that a test can have S3 say something untrue.
#[derive(Clone, Debug)]
pub struct ListPage {
    /// The prefix, which the answer repeats.
    pub prefix: String,
    /// The token that the request came with.
    pub token: Option<String>,
    /// The objects that are listed. `KeyCount` is their number.
    pub objects: Vec<ListedObject>,
    /// Whether the page says that others follow.
    pub is_truncated: bool,
    /// The token of the next page.
    pub next_token: Option<String>,
    /// The value of `EncodingType`. Keys and prefix are encoded if it is `url`.
    pub encoding: Option<String>,
}

/// An object in a page. What is `None` is left out.
#[derive(Clone, Debug)]
pub struct ListedObject {
    /// The key, before it is encoded.
    pub key: String,
    /// How many bytes the object has.
    pub size: Option<i64>,
    /// The `ETag`, with its quotes.
    pub etag: Option<String>,
    /// When the object was last modified.
    pub last_modified: Option<SystemTime>,
    /// The storage class, which a listing shows for every object.
    pub storage_class: Option<String>,
}

impl ListedObject {
    pub(super) fn new(key: &str, object: &Object) -> Self {
        let class = if object.archive_status.is_some() { "INTELLIGENT_TIERING" } else { "STANDARD" };
        Self {
            key: key.into(),
            size: Some(i64::try_from(object.content.length()).expect("S3's lengths fit")),
            etag: Some(object.etag.clone()),
            last_modified: Some(object.last_modified),
            storage_class: Some(object.storage_class.clone().unwrap_or_else(|| class.into())),
        }
    }

    fn output(self, encode: impl Fn(String) -> String) -> Contents {
        Contents {
            key: Some(encode(self.key)),
            size: self.size,
            e_tag: self.etag.map(|etag| etag::parse(&etag)),
            last_modified: self.last_modified.map(Timestamp::from),
            storage_class: self.storage_class.map(ObjectStorageClass::from),
            ..Contents::default()
        }
    }
}

impl ListPage {
    pub(super) fn output(self) -> ListObjectsV2Output {
        let is_encoded = self.encoding.as_deref() == Some(EncodingType::URL);
        let encode = |text: String| if is_encoded { encoded(&text) } else { text };
        ListObjectsV2Output {
            prefix: Some(encode(self.prefix)),
            continuation_token: self.token,
            key_count: Some(i32::try_from(self.objects.len()).expect("a page")),
            is_truncated: Some(self.is_truncated),
            next_continuation_token: self.next_token,
            encoding_type: self.encoding.map(EncodingType::from),
            contents: Some(self.objects.into_iter().map(|object| object.output(encode)).collect()),
            ..ListObjectsV2Output::default()
        }
    }
}

/// Returns the token of the page that begins behind a key, whether or not there is such a key.
#[must_use]
pub fn continuation_token(key: &str) -> String {
    hex::encode(key)
}

/// Returns the key after which a page begins, or `None` if the token is not one of this server.
pub(super) fn key_of_token(token: &str) -> Option<String> {
    String::from_utf8(hex::decode(token).ok()?).ok()
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string().replace(' ', "+")
}
