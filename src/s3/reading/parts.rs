//! The parts of a multipart object as S3 lists them. They are collected one after the other, and trusted only when
//! everything adds up.

use sha1::{Digest, Sha1};

use super::{CompositeSha1, Sha1Digest};
use crate::s3::Error;

/// Parts of equal size, of which only the last may be smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The size of each part but the last, in bytes.
    pub size: u64,
    /// The SHA-1 of each part, in order.
    pub digests: Vec<Sha1Digest>,
}

/// This says why part checksums cannot stand for the object's bytes. Each message completes "the object is read,
/// because …".
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// The object was not uploaded in parts, or without checksums, or with another algorithm.
    #[error("S3 keeps no SHA-1 checksums of its parts")]
    NoSha1,
    /// There is one part, or more parts than S3 allows.
    #[error("it has {0} parts")]
    Count(u32),
    /// The role lacks `s3:GetObjectAttributes`, or the right to read the object, which S3 wants as well.
    #[error("the function's role may not list its parts (s3:GetObjectAttributes and s3:GetObject)")]
    Denied,
    /// This S3 does not know the call, or the object is gone.
    #[error("S3 does not list its parts")]
    NotListed(#[source] Error),
    /// The list belongs to another object than HEAD described.
    #[error("it changed after HEAD")]
    Changed,
    /// The caller cannot use parts of this size.
    #[error("its parts have {0} bytes, which is not a piece length that can be used here")]
    Size(u64),
    /// Parts before the last differ in size, or the last one is larger.
    #[error("its parts differ in size")]
    Uneven,
    /// The parts are fewer or more than the composite checksum counts, out of order, or one has no SHA-1.
    #[error("the list of its parts is incomplete")]
    Incomplete,
    /// The sizes do not add up to the length, or the digests not to the composite checksum.
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
    /// Starts an empty list of the parts that `composite` was computed from.
    pub(super) fn new(composite: CompositeSha1) -> Self {
        Self { composite, last_number: 0, size: 0, last_size: 0, total: 0, digests: Vec::new() }
    }

    /// Adds the next part. `fits` decides about the size of the first one.
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

    /// Returns whether there are as many parts as the composite was computed from.
    pub(super) fn is_complete(&self) -> bool {
        self.digests.len() as u64 == u64::from(self.composite.parts)
    }

    /// Returns the parts, if they are complete and make an object of `length` bytes.
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

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 8;

    fn listed(sizes: &[u64]) -> Result<Parts, Misfit> {
        let digests: Vec<Sha1Digest> = (1..).zip(sizes).map(|(byte, _)| [byte; 20]).collect();
        let digest = Sha1::digest(digests.as_flattened()).into();
        let parts = u32::try_from(sizes.len()).unwrap();
        let mut list = PartList::new(CompositeSha1 { digest, parts });
        for ((number, size), digest) in (1..).zip(sizes).zip(&digests) {
            list.add(number, *size, *digest, |size| size == SIZE)?;
        }
        list.verify(sizes.iter().sum())
    }

    #[test]
    fn equal_parts_with_a_smaller_last_one_are_taken() {
        for sizes in [&[SIZE, SIZE][..], &[SIZE, SIZE, 1]] {
            let parts = listed(sizes).unwrap();
            assert_eq!((parts.size, parts.digests.len()), (SIZE, sizes.len()));
        }
    }

    #[test]
    fn uneven_parts_are_not() {
        for sizes in [&[SIZE, 1, SIZE][..], &[SIZE, SIZE + 1], &[SIZE, SIZE, 0], &[SIZE, 2, 1]] {
            assert!(matches!(listed(sizes), Err(Misfit::Uneven)), "{sizes:?}");
        }
        assert!(matches!(listed(&[7, 7]), Err(Misfit::Size(7))));
    }

    #[test]
    fn what_does_not_add_up_is_not() {
        let digest = Sha1::digest([1; 40]).into();
        let list = |numbers: &[i32], parts, length| {
            let mut list = PartList::new(CompositeSha1 { digest, parts });
            numbers.iter().try_for_each(|number| list.add(*number, SIZE, [1; 20], |_| true))?;
            list.verify(length)
        };
        assert!(list(&[1, 2], 2, 2 * SIZE).is_ok());
        assert!(matches!(list(&[1, 2], 2, 2 * SIZE - 1), Err(Misfit::Sum)));
        assert!(matches!(list(&[1, 2], 3, 3 * SIZE), Err(Misfit::Incomplete)));
        assert!(matches!(list(&[1], 2, SIZE), Err(Misfit::Incomplete)));
        assert!(matches!(list(&[1, 2, 3], 2, 3 * SIZE), Err(Misfit::Incomplete)));
        assert!(matches!(list(&[2, 1], 2, 2 * SIZE), Err(Misfit::Incomplete)));
        assert!(matches!(list(&[1, 1], 2, 2 * SIZE), Err(Misfit::Incomplete)));
    }

    #[test]
    fn digests_that_are_not_the_composites_are_not() {
        let mut list = PartList::new(CompositeSha1 { digest: [0; 20], parts: 2 });
        list.add(1, SIZE, [1; 20], |_| true).unwrap();
        list.add(2, SIZE, [2; 20], |_| true).unwrap();
        assert!(matches!(list.verify(2 * SIZE), Err(Misfit::Sum)));
    }
}
