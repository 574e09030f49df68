//! S3's nouns: bucket, key, version, `ETag`, and what a request says of them. No SDK, no I/O.

use std::{fmt, net::Ipv4Addr};

use percent_encoding::percent_decode_str;

/// The longest key S3 takes, in bytes of UTF-8.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub const MAX_KEY_BYTES: usize = 1024;

/// S3's largest object in bytes: 10,000 parts of 5 GiB.
pub const MAX_OBJECT_BYTES: u64 = 53_687_091_200_000;

/// A bucket name that keeps S3's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BucketName(String);

/// Why a text is no name of a bucket served here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketNameError {
    /// Against the rules of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
    #[error("is no bucket name: 3 to 63 of a-z, 0-9, '.' and '-', with a letter or digit at both ends")]
    Invalid,
    /// A directory bucket (S3 Express One Zone), `…--x-s3`: read by another API.
    #[error("is a directory bucket, which is not supported")]
    Directory,
}

impl BucketName {
    /// Checks `name`.
    ///
    /// # Errors
    /// See [`BucketNameError`].
    pub fn new(name: &str) -> Result<Self, BucketNameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
        let at_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = name.as_bytes();
        let valid = (3..=63).contains(&bytes.len())
            && bytes.iter().copied().all(allowed)
            && at_end(bytes.first())
            && at_end(bytes.last())
            && !name.contains("..")
            && name.parse::<Ipv4Addr>().is_err();
        match valid {
            false => Err(BucketNameError::Invalid),
            true if name.ends_with("--x-s3") => Err(BucketNameError::Directory),
            true => Ok(Self(name.to_owned())),
        }
    }

    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One object, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectId {
    /// The bucket it lies in.
    pub bucket: BucketName,
    /// Its key, byte for byte.
    pub key: String,
    /// The version that was asked for; the latest where it is `None`.
    pub version_id: Option<String>,
}

/// What a caller asks to be passed on to every call on the object's bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallOptions {
    /// `x-amz-request-payer: requester`.
    pub requester_pays: bool,
    /// `x-amz-expected-bucket-owner`: 12 digits.
    pub expected_bucket_owner: Option<String>,
}

/// Whether `text` is an AWS account id: 12 digits.
#[must_use]
pub fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Decodes once; a `%` without two hex digits is an error, and `+` stays `+`.
#[must_use]
pub fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let whole =
        |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    text.split('%').skip(1).all(whole).then(|| percent_decode_str(text).collect())
}

/// A run of bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// The first byte's offset.
    pub start: u64,
    /// The offset after the last byte; greater than `start`.
    pub end: u64,
}

impl ByteRange {
    /// In bytes.
    #[must_use]
    pub fn length(self) -> u64 {
        self.end - self.start
    }

    /// As a `Range` header's value, whose end is inclusive
    /// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-14.2)).
    #[must_use]
    pub fn header(self) -> String {
        format!("bytes={}-{}", self.start, self.end - 1)
    }

    /// What `Content-Range` must say of this range of an object of `total` bytes.
    #[must_use]
    pub fn content_range(self, total: u64) -> String {
        format!("bytes {}-{}/{total}", self.start, self.end - 1)
    }

    /// Cuts `total` bytes into ranges of `step` bytes, the last one shorter.
    pub fn split(total: u64, step: u64) -> impl Iterator<Item = Self> {
        let starts = (0..total.div_ceil(step)).map(move |number| number * step);
        starts.map(move |start| Self { start, end: (start + step).min(total) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_keep_the_rules_are_taken() {
        for name in ["abc", "a-b.c1", "0ab", &"a".repeat(63), "a--b", "1.2.3"] {
            assert!(BucketName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn names_against_the_rules_are_refused() {
        let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint/a";
        let long = "a".repeat(64);
        for name in ["", "ab", &long, "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "1.2.3.4", "äbc", arn]
        {
            assert_eq!(BucketName::new(name), Err(BucketNameError::Invalid), "{name}");
        }
    }

    #[test]
    fn directory_buckets_are_named_as_such() {
        assert_eq!(BucketName::new("data--use1-az4--x-s3"), Err(BucketNameError::Directory));
    }

    #[test]
    fn ranges_are_inclusive_on_the_wire() {
        let range = ByteRange { start: 5, end: 10 };
        assert_eq!((range.header().as_str(), range.length()), ("bytes=5-9", 5));
        assert_eq!(range.content_range(12), "bytes 5-9/12");
    }

    #[test]
    fn a_split_covers_all_bytes_once() {
        let ranges: Vec<_> = ByteRange::split(10, 4).map(|range| (range.start, range.end)).collect();
        assert_eq!(ranges, [(0, 4), (4, 8), (8, 10)]);
        assert_eq!(ByteRange::split(8, 4).count(), 2);
        assert_eq!(ByteRange::split(1, 4).count(), 1);
    }
}
