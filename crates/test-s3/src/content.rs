//! The content of an object: bytes in memory, or made-up bytes that are computed as they are read, so that objects of
//! 48 TiB need no memory.

use std::{fmt, ops::Range};

use futures::stream::{self, Stream};
use hyper::body::Bytes;
use md5::{Digest, Md5};

/// The most bytes in a chunk.
const CHUNK: u64 = 256 * 1024;

/// The bytes of an object.
#[must_use]
#[derive(Clone)]
pub struct Content {
    length: u64,
    source: Source,
}

#[derive(Clone)]
enum Source {
    Bytes(Bytes),
    Repeated(Bytes),
    Random { seed: u64 },
}

impl Content {
    /// Repeats a block up to a length. This costs no CPU to serve, because every chunk is a slice of the block.
    ///
    /// # Panics
    ///
    /// It panics when the block is empty.
    pub fn repeated(length: u64, block: impl Into<Bytes>) -> Self {
        let block = block.into();
        assert!(!block.is_empty(), "an empty block repeats to nothing");
        Self { length, source: Source::Repeated(block) }
    }

    /// Makes up bytes that look random. No two pieces are alike, and the same seed gives the same bytes.
    pub fn random(length: u64, seed: u64) -> Self {
        Self { length, source: Source::Random { seed } }
    }

    /// Makes up bytes that are random enough for most tests and cost no CPU to serve. They repeat after 1,000,003
    /// bytes, so that pieces whose length is a power of two still differ.
    pub fn cheap(length: u64, seed: u64) -> Self {
        let mut block = vec![0; 1_000_003];
        fill_random(seed, 0, &mut block);
        Self::repeated(length, block)
    }

    /// Returns the number of bytes.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The number of bytes after which it repeats, if it does.
    pub(super) fn period(&self) -> Option<u64> {
        match &self.source {
            Source::Repeated(block) => Some(block.len() as u64),
            _ => None,
        }
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
    pub(super) fn chunks(&self, range: Range<u64>) -> impl Iterator<Item = Bytes> {
        let mut at = range.start;
        std::iter::from_fn(move || {
            let chunk = (at < range.end).then(|| self.chunk(at, range.end))?;
            at += chunk.len() as u64;
            Some(chunk)
        })
    }

    /// Streams the bytes of a range.
    pub(super) fn stream(self, range: Range<u64>) -> impl Stream<Item = Bytes> + Send + Sync {
        stream::unfold(range.start, move |at| {
            let chunk = (at < range.end).then(|| self.chunk(at, range.end));
            async move { chunk.map(|chunk| (chunk.clone(), at + chunk.len() as u64)) }
        })
    }

    /// Returns the `ETag` that S3 would give it, in quotes. This is the MD5 of the bytes. Made-up content gets one that
    /// looks like a multipart upload's, and that is made of the length, the first and the last bytes.
    #[must_use]
    pub fn etag(&self) -> String {
        if let Source::Bytes(bytes) = &self.source {
            return format!("\"{}\"", hex::encode(Md5::digest(bytes)));
        }
        let probe = self.length.min(1024);
        let digest = Md5::new()
            .chain_update(self.length.to_be_bytes())
            .chain_update(self.slice(0..probe))
            .chain_update(self.slice(self.length - probe..self.length))
            .finalize();
        format!("\"{}-2\"", hex::encode(digest))
    }

    /// Returns the chunk at an offset, which ends before `end`.
    fn chunk(&self, at: u64, end: u64) -> Bytes {
        let length = in_memory((end - at).min(CHUNK));
        match &self.source {
            Source::Bytes(bytes) => bytes.slice(in_memory(at)..in_memory(at) + length),
            Source::Repeated(block) => {
                let from = in_memory(at % block.len() as u64);
                block.slice(from..block.len().min(from + length))
            }
            Source::Random { seed } => {
                let mut buffer = vec![0; length];
                fill_random(*seed, at, &mut buffer);
                buffer.into()
            }
        }
    }
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        Self { length: bytes.len() as u64, source: Source::Bytes(bytes) }
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.length)
    }
}

fn fill_random(seed: u64, offset: u64, mut buffer: &mut [u8]) {
    let mut at = offset;
    while !buffer.is_empty() {
        let word = splitmix64(seed ^ (at / 8).wrapping_mul(0x9E37_79B9_7F4A_7C15)).to_le_bytes();
        let word = &word[in_memory(at % 8)..];
        let (filled, rest) = buffer.split_at_mut(word.len().min(buffer.len()));
        filled.copy_from_slice(&word[..filled.len()]);
        at += filled.len() as u64;
        buffer = rest;
    }
}

fn splitmix64(seed: u64) -> u64 {
    let mut word = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

fn in_memory(length: u64) -> usize {
    usize::try_from(length).expect("more than fits in memory")
}
