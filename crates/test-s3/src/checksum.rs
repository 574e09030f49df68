//! The checksums that S3 keeps of objects and parts: `x-amz-checksum-…`, in a header or a trailer.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
//!
//! An object that came without a checksum has none here. Since the end of 2024, S3 gives such an object a CRC-64.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hyper::{HeaderMap, header::HeaderName};
use s3s::{
    S3Result,
    crypto::{Checksum as Hasher, Crc32, Crc32c, Crc64Nvme, Sha1, Sha256},
    dto::ChecksumType,
    header::{
        X_AMZ_CHECKSUM_CRC32, X_AMZ_CHECKSUM_CRC32C, X_AMZ_CHECKSUM_CRC64NVME, X_AMZ_CHECKSUM_SHA1,
        X_AMZ_CHECKSUM_SHA256,
    },
    s3_error,
};

/// A checksum algorithm that S3 knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// CRC-32, as zlib computes it.
    Crc32,
    /// CRC-32C, by Castagnoli's polynomial.
    Crc32c,
    /// CRC-64/NVME, which S3 has for whole objects only.
    Crc64Nvme,
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl Algorithm {
    const ALL: [Self; 5] = [Self::Crc32, Self::Crc32c, Self::Crc64Nvme, Self::Sha1, Self::Sha256];

    /// The value of `x-amz-checksum-algorithm`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Crc32 => "CRC32",
            Self::Crc32c => "CRC32C",
            Self::Crc64Nvme => "CRC64NVME",
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
        }
    }

    pub(super) fn named(name: &str) -> S3Result<Self> {
        let found = Self::ALL.into_iter().find(|algorithm| algorithm.name() == name);
        found.ok_or_else(|| s3_error!(InvalidRequest, "Checksum algorithm provided is unsupported."))
    }

    fn header(self) -> HeaderName {
        match self {
            Self::Crc32 => X_AMZ_CHECKSUM_CRC32,
            Self::Crc32c => X_AMZ_CHECKSUM_CRC32C,
            Self::Crc64Nvme => X_AMZ_CHECKSUM_CRC64NVME,
            Self::Sha1 => X_AMZ_CHECKSUM_SHA1,
            Self::Sha256 => X_AMZ_CHECKSUM_SHA256,
        }
    }

    /// Returns the checksum of these bytes, in base64.
    pub(super) fn digest(self, chunks: impl IntoIterator<Item = impl AsRef<[u8]>>) -> String {
        match self {
            Self::Crc32 => digest::<Crc32>(chunks),
            Self::Crc32c => digest::<Crc32c>(chunks),
            Self::Crc64Nvme => digest::<Crc64Nvme>(chunks),
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

/// A checksum that a client sent, in base64.
pub(super) type Sent = (Algorithm, String);

/// The checksum among these headers.
pub(super) fn sent(headers: &HeaderMap) -> Option<Sent> {
    Algorithm::ALL.into_iter().find_map(|algorithm| {
        let value = headers.get(algorithm.header())?.to_str().ok()?;
        Some((algorithm, value.to_owned()))
    })
}

/// Refuses a checksum that is not the one of these bytes.
pub(super) fn verify((algorithm, value): &Sent, bytes: &[u8]) -> S3Result<()> {
    let name = algorithm.name();
    if BASE64_STANDARD.decode(value).is_err() {
        let header = algorithm.header();
        return Err(s3_error!(InvalidRequest, "Value for {header} header is invalid."));
    }
    if algorithm.digest([bytes]) != *value {
        return Err(s3_error!(BadDigest, "The {name} you specified did not match the calculated checksum."));
    }
    Ok(())
}

/// An object's checksum.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The value in base64, without the number of parts.
    pub value: String,
    /// The number of parts, if it is the checksum of their checksums and not of the bytes.
    pub composite_of: Option<usize>,
}

impl Checksum {
    /// Makes a checksum from its value in base64.
    pub fn new(algorithm: Algorithm, value: &str, composite_of: Option<usize>) -> Self {
        Self { algorithm, value: value.into(), composite_of }
    }

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
            Algorithm::Crc32 => &mut $of.checksum_crc32,
            Algorithm::Crc32c => &mut $of.checksum_crc32c,
            Algorithm::Crc64Nvme => &mut $of.checksum_crc64nvme,
            Algorithm::Sha1 => &mut $of.checksum_sha1,
            Algorithm::Sha256 => &mut $of.checksum_sha256,
        }
    };
}

pub(super) use checksum_field;
