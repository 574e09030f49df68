//! The checksums that S3 keeps of objects and parts, as far as the tests need them: SHA-1, which the function uses, and
//! SHA-256 as one that it does not.
//!
//! An object that came with another checksum has none here, nor has one that came in a single PUT.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use s3s::{
    crypto::{Checksum as Hasher, Sha1, Sha256},
    dto::ChecksumType,
};

/// A checksum algorithm.
#[derive(Clone, Copy, Debug)]
pub enum Algorithm {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    /// The algorithm of a value of `x-amz-checksum-algorithm`.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "SHA1" => Some(Self::Sha1),
            "SHA256" => Some(Self::Sha256),
            _ => None,
        }
    }

    /// Returns the checksum of these bytes, in base64.
    pub(super) fn digest(self, chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
        match self {
            Self::Sha1 => digest::<Sha1>(chunks),
            Self::Sha256 => digest::<Sha256>(chunks),
        }
    }

    /// Returns the checksum of the parts' checksums.
    pub(super) fn composite<'a>(self, parts: impl IntoIterator<Item = &'a String>) -> String {
        self.digest(parts.into_iter().map(|part| BASE64_STANDARD.decode(part).expect("base64")))
    }
}

fn digest<H: Hasher>(chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
    let mut hasher = H::new();
    for chunk in chunks {
        hasher.update(chunk.as_ref());
    }
    BASE64_STANDARD.encode(hasher.finalize())
}

/// An object's checksum.
#[derive(Clone, Debug)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The value in base64, without the number of parts.
    pub value: String,
    /// The number of parts, if it is the checksum of their checksums and not of the bytes.
    pub composite_of: Option<usize>,
}

impl Checksum {
    /// The value with the number of parts, as HEAD has it.
    pub(super) fn numbered(&self) -> String {
        self.composite_of.map_or_else(|| self.value.clone(), |parts| format!("{}-{parts}", self.value))
    }

    pub(super) fn kind(&self) -> ChecksumType {
        ChecksumType::from_static(match self.composite_of {
            Some(_) => ChecksumType::COMPOSITE,
            None => ChecksumType::FULL_OBJECT,
        })
    }
}

/// The algorithm's field in those types of s3s that have one for each algorithm.
macro_rules! checksum_field {
    ($of:expr, $algorithm:expr) => {
        match $algorithm {
            Algorithm::Sha1 => &mut $of.checksum_sha1,
            Algorithm::Sha256 => &mut $of.checksum_sha256,
        }
    };
}

pub(super) use checksum_field;
