//! Bucket names, checked against S3's rules.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A bucket name that follows S3's rules.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct BucketName(String);

text_type!(BucketName);

/// Why a text cannot name a bucket here. Each message completes "the bucket's name …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BucketNameError {
    /// The text breaks the rules of
    /// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>.
    #[error("is not a valid bucket name: use 3 to 63 of a-z, 0-9, '.' and '-', with a letter or digit at both ends")]
    Invalid,
    /// The name is that of a directory bucket (S3 Express One Zone, `…--x-s3`), which has another API.
    #[error("is a directory bucket, which is not supported")]
    Directory,
}

impl BucketName {
    /// Checks `name`.
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
}

impl TryFrom<String> for BucketName {
    type Error = BucketNameError;

    fn try_from(name: String) -> Result<Self, BucketNameError> {
        Self::new(&name)
    }
}
