//! The parts of a multipart object, as S3 lists them. They are trusted only if everything adds up.

use base64::{Engine, prelude::BASE64_STANDARD};
use sha1::{Digest, Sha1};

use crate::s3::Error;

/// A SHA-1 digest.
pub type Sha1Digest = [u8; 20];

/// The composite SHA-1 of a multipart object: the SHA-1 over the digests of its parts, and their number.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompositeSha1 {
    /// The SHA-1 over the concatenated digests of the parts.
    pub digest: Sha1Digest,
    /// The number of parts.
    pub parts: u32,
}

impl CompositeSha1 {
    /// Reads S3's form `BASE64-N`, which only an object uploaded in parts has.
    pub fn parse(text: &str) -> Option<Self> {
        let (digest, parts) = text.rsplit_once('-')?;
        Some(Self { digest: sha1_digest(digest)?, parts: parts.parse().ok()? })
    }
}

/// Reads a SHA-1 in base64.
pub(super) fn sha1_digest(base64: &str) -> Option<Sha1Digest> {
    BASE64_STANDARD.decode(base64).ok()?.try_into().ok()
}

/// Parts of equal size, except that the last may be smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The size of each part but the last, in bytes.
    pub size: u64,
    /// The SHA-1 of each part, in order.
    pub digests: Vec<Sha1Digest>,
}

/// Why part checksums cannot be used. But for [`Self::Fault`], each message completes "the object is read, because …".
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// The object was not uploaded in parts, or without checksums, or with another algorithm.
    #[error("S3 stores no SHA-1 checksums of its parts")]
    NoSha1,
    /// There is one part, or more parts than S3 allows.
    #[error("it has {0} parts")]
    Count(u32),
    /// The role lacks `s3:GetObjectAttributes`, or the right to read the object, which S3 requires too.
    #[error("the function's role may not list its parts (s3:GetObjectAttributes and s3:GetObject)")]
    Denied,
    /// This S3 does not support the call, or the object is gone.
    #[error("S3 does not list its parts")]
    NotListed(#[source] Error),
    /// S3 throttles, fails or does not answer, or refuses the function's credentials. If the object were read instead,
    /// it would get another info hash than after the fault.
    #[error(transparent)]
    Fault(Error),
    /// The list is not of the object that HEAD described.
    #[error("it changed after HEAD")]
    Changed,
    /// Parts of this size cannot be pieces.
    #[error("its parts have {0} bytes, which is not a piece length that can be used here")]
    Size(u64),
    /// Parts before the last differ in size, or the last one is larger.
    #[error("its parts differ in size")]
    Uneven,
    /// The number of parts is not the composite's, they are out of order, or one has no SHA-1.
    #[error("the list of its parts is incomplete")]
    Incomplete,
    /// The sizes do not add up to the length, or the digests do not make the composite checksum.
    #[error("its parts do not add up to the object")]
    Sum,
}

/// A list of parts that is still being read.
#[derive(Debug)]
pub(super) struct PartList {
    composite: CompositeSha1,
    last_number: i32,
    size: u64,
    last_size: u64,
    total: u64,
    digests: Vec<Sha1Digest>,
}

impl PartList {
    /// Starts a list of the parts that `composite` was computed from.
    pub(super) fn new(composite: CompositeSha1) -> Self {
        Self { composite, last_number: 0, size: 0, last_size: 0, total: 0, digests: Vec::new() }
    }

    /// Adds the next part. The size of the first must be one that `fits`.
    pub(super) fn add(
        &mut self,
        number: i32,
        size: u64,
        digest: Sha1Digest,
        fits: impl Fn(u64) -> bool,
    ) -> Result<(), Misfit> {
        if number <= self.last_number || self.digests.len() as u64 >= u64::from(self.composite.parts) {
            return Err(Misfit::Incomplete);
        }
        if self.digests.is_empty() {
            if !fits(size) {
                return Err(Misfit::Size(size));
            }
            self.size = size;
        } else if self.last_size != self.size || size > self.size || size == 0 {
            return Err(Misfit::Uneven);
        }
        self.last_number = number;
        self.last_size = size;
        self.total = self.total.saturating_add(size);
        self.digests.push(digest);
        Ok(())
    }

    /// Returns whether the list has as many parts as the composite.
    pub(super) fn is_complete(&self) -> bool {
        self.digests.len() as u64 == u64::from(self.composite.parts)
    }

    /// Returns the parts, if they are complete and add up to `length` bytes and the composite.
    pub(super) fn verify(self, length: u64) -> Result<Parts, Misfit> {
        if !self.is_complete() {
            return Err(Misfit::Incomplete);
        }
        let composite: Sha1Digest = Sha1::digest(self.digests.as_flattened()).into();
        if self.total != length || composite != self.composite.digest {
            return Err(Misfit::Sum);
        }
        Ok(Parts { size: self.size, digests: self.digests })
    }
}
