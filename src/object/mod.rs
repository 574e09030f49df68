//! S3's nouns: bucket, key, version, `ETag`, byte range, and the options of a call. This module knows neither SDK nor
//! I/O.

/// Implements `as_str` and `Display` for a type around a `String`.
macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

mod bucket_name;
mod etag;
mod key;
mod range;
mod sidecar_location;

use serde::{Deserialize, Serialize};

pub use self::{
    bucket_name::{BucketName, BucketNameError},
    etag::ETag,
    key::{MAX_KEY_BYTES, ObjectKey, ObjectKeyError, percent_decode},
    range::ByteRange,
    sidecar_location::SidecarLocation,
};

/// The size of S3's largest object in bytes: 10,000 parts of 5 GiB.
pub const MAX_OBJECT_BYTES: u64 = 53_687_091_200_000;

/// One object, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectId {
    /// The object's bucket.
    pub bucket: BucketName,
    /// The object's key, byte for byte.
    pub key: ObjectKey,
    /// The requested version; `None` is the latest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
}

/// The header that says who pays for a call.
pub const REQUEST_PAYER: &str = "x-amz-request-payer";
/// The header that names the account that must own the bucket.
pub const EXPECTED_BUCKET_OWNER: &str = "x-amz-expected-bucket-owner";

/// The caller's options that go with every call on the object's bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// Whether the request has [`REQUEST_PAYER`]`: requester`.
    pub requester_pays: bool,
    /// The value of [`EXPECTED_BUCKET_OWNER`], which is 12 digits.
    pub expected_bucket_owner: Option<String>,
}

/// The longest version ID, in bytes.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html>
pub const MAX_VERSION_ID_BYTES: usize = 1024;

/// Returns whether `text` can be a version ID, which needs no encoding in a URL.
pub fn is_version_id(text: &str) -> bool {
    let needs_no_encoding = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    (1..=MAX_VERSION_ID_BYTES).contains(&text.len()) && text.bytes().all(needs_no_encoding)
}

/// Returns whether `text` is an AWS account ID, which is 12 digits.
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}
