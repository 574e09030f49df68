//! The content of an object: a block of bytes in memory, which repeats up to the object's length, so that objects of
//! 48 TiB need no memory.

use std::{fmt, iter, ops::Range};

use hyper::body::Bytes;
use md5::{Digest, Md5};

/// The most bytes in a chunk.
const CHUNK: u64 = 256 * 1024;
/// The longest block of made-up bytes. It is prime, so that pieces whose length is a power of two still differ.
const BLOCK: u64 = 1_000_003;

/// The bytes of an object. They cost no CPU to serve, because every chunk is a slice of the block.
#[must_use]
#[derive(Clone)]
pub struct Content {
    length: u64,
    block: Bytes,
}

impl Content {
    /// Repeats a block up to a length.
    ///
    /// # Panics
    ///
    /// It panics when the block is empty.
    pub fn repeated(length: u64, block: impl Into<Bytes>) -> Self {
        let block = block.into();
        assert!(!block.is_empty(), "an empty block repeats to nothing");
        Self { length, block }
    }

    /// Makes up bytes that look random. The same seed gives the same bytes, and they repeat after 1,000,003.
    pub fn random(length: u64, seed: u64) -> Self {
        let mut block = vec![0; in_memory(length.min(BLOCK))];
        fastrand::Rng::with_seed(seed).fill(&mut block);
        Self { length, block: block.into() }
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The number of bytes after which it repeats.
    pub(super) fn period(&self) -> u64 {
        self.block.len() as u64
    }

    /// Returns the bytes of a range, in memory.
    #[must_use]
    pub fn slice(&self, range: Range<u64>) -> Bytes {
        let mut bytes = Vec::with_capacity(in_memory(range.end - range.start));
        for chunk in self.chunks(range) {
            bytes.extend_from_slice(&chunk);
        }
        bytes.into()
    }

    /// Returns all the bytes, in memory.
    #[must_use]
    pub fn to_bytes(&self) -> Bytes {
        self.slice(0..self.length)
    }

    /// Returns the bytes of a range in chunks.
    pub(super) fn chunks(&self, range: Range<u64>) -> impl Iterator<Item = Bytes> + Send + Sync + use<> {
        let (block, mut at) = (self.block.clone(), range.start);
        iter::from_fn(move || {
            let left = range.end.checked_sub(at).filter(|left| *left > 0)?;
            let from = in_memory(at % block.len() as u64);
            let chunk = block.slice(from..block.len().min(from + in_memory(left.min(CHUNK))));
            at += chunk.len() as u64;
            Some(chunk)
        })
    }

    /// Returns the `ETag` that S3 would give it, in quotes. This is the MD5 of the bytes. Content that repeats gets one
    /// that looks like a multipart upload's, and that is made of the length, the first and the last bytes.
    #[must_use]
    pub fn etag(&self) -> String {
        if self.period() == self.length {
            return format!("\"{}\"", hex::encode(Md5::digest(&self.block)));
        }
        let probe = self.length.min(1024);
        let digest = Md5::new()
            .chain_update(self.length.to_be_bytes())
            .chain_update(self.slice(0..probe))
            .chain_update(self.slice(self.length - probe..self.length))
            .finalize();
        format!("\"{}-2\"", hex::encode(digest))
    }
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        let block = bytes.into();
        Self { length: block.len() as u64, block }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.length)
    }
}

fn in_memory(length: u64) -> usize {
    usize::try_from(length).expect("more than fits in memory")
}
