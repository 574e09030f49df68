//! The parts of a multipart object as S3 lists them, taken in one after the other and believed only when all of it
//! adds up.

use sha1::{Digest, Sha1};

use super::composite_sha1::{CompositeSha1, Sha1Digest};

/// Parts of equal size, but for the last, which may be smaller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Of each but the last, in bytes.
    pub size: u64,
    /// The SHA-1 of each, in order.
    pub digests: Vec<Sha1Digest>,
}

/// Why part checksums cannot stand for the object's bytes.
#[derive(Debug, thiserror::Error)]
pub enum Misfit {
    /// Put in one go, without checksums, or with another algorithm.
    #[error("S3 keeps no SHA-1 of its parts")]
    NoSha1,
    /// One part, or more than S3 allows.
    #[error("it has {0} parts")]
    Count(u32),
    /// The role lacks `s3:GetObjectAttributes`, or the right to read the object, which S3 asks for beside it.
    #[error("the function's role may not see its parts (s3:GetObjectAttributes and s3:GetObject)")]
    Denied,
    /// An S3 that does not know the call, or an object that is gone.
    #[error("S3 does not list its parts")]
    NotListed(#[source] super::Error),
    /// The list is of another object than HEAD saw.
    #[error("it changed meanwhile")]
    Changed,
    /// A size that the caller has no use for.
    #[error("its parts have {0} bytes, which makes no piece length here")]
    Size(u64),
    /// Parts before the last that differ in size, or a last one that is larger.
    #[error("its parts differ in size")]
    Uneven,
    /// Fewer or more parts than the composite checksum counts, out of order, or one without its SHA-1.
    #[error("the list of its parts is not complete")]
    Incomplete,
    /// The sizes do not make the length, or the digests not the composite checksum.
    #[error("its parts do not add up to it")]
    Sum,
}

/// A list of parts that is still coming in.
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
    /// An empty list of what `composite` was computed from.
    pub(super) fn new(composite: CompositeSha1) -> Self {
        Self { composite, last_number: 0, size: 0, last_size: 0, total: 0, digests: Vec::new() }
    }

    /// Takes the next part. The first one decides whether its size `fits`.
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

    /// Whether as many are there as the composite was computed from.
    pub(super) fn is_complete(&self) -> bool {
        self.digests.len() as u64 == u64::from(self.composite.parts)
    }

    /// The parts, if they are all there and make an object of `length` bytes.
    pub(super) fn verified(self, length: u64) -> Result<Parts, Misfit> {
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
        list.verified(sizes.iter().sum())
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
            list.verified(length)
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
        assert!(matches!(list.verified(2 * SIZE), Err(Misfit::Sum)));
    }
}
