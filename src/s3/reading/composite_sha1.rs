//! A multipart object's composite SHA-1: the SHA-1 over the digests of its parts, and their number. S3 writes it as
//! `BASE64-N`.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>

use base64::{Engine, prelude::BASE64_STANDARD};

/// A SHA-1 digest.
pub type Sha1Digest = [u8; 20];

/// The composite SHA-1 of a multipart object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompositeSha1 {
    /// The SHA-1 over the parts' digests, one after the other.
    pub digest: Sha1Digest,
    /// The number of parts.
    pub parts: u32,
}

impl CompositeSha1 {
    /// Reads `BASE64-N`. Anything else gives `None`, such as the SHA-1 of an object that was not uploaded in parts.
    pub fn parse(text: &str) -> Option<Self> {
        let (digest, parts) = text.rsplit_once('-')?;
        Some(Self { digest: sha1_digest(digest)?, parts: parts.parse().ok()? })
    }
}

/// Reads a SHA-1 in base64.
pub(super) fn sha1_digest(base64: &str) -> Option<Sha1Digest> {
    BASE64_STANDARD.decode(base64).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_composite_is_a_digest_and_a_count() {
        // printf '' | openssl sha1 -binary | base64
        let composite = CompositeSha1::parse("2jmj7l5rSw0yVb/vlWAYkK/YBwk=-10000").unwrap();
        assert_eq!(
            (hex::encode(composite.digest).as_str(), composite.parts),
            ("da39a3ee5e6b4b0d3255bfef95601890afd80709", 10_000)
        );
    }

    #[test]
    fn other_checksums_are_none() {
        for text in ["", "-1", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=", "2jmj7l5rSw0yVb/vlWAYkK/YBwk=-", "AAAA-2", "*-2"] {
            assert_eq!(CompositeSha1::parse(text), None, "{text}");
        }
    }
}
