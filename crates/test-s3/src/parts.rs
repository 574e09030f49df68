//! The parts that an object was uploaded in.

use std::collections::BTreeMap;

use crate::{
    checksum::{Algorithm, Checksum},
    content::Content,
};

/// The parts that an object was uploaded in, as `GetObjectAttributes` lists them. An object that came in one PUT has
/// none. The fields are public, so that a test can have S3 say something untrue.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The parts by their numbers. S3 shows them only with a composite checksum.
    pub list: Vec<Part>,
    /// The value of `PartsCount`, which is 0 for an object that came in one PUT.
    pub total: usize,
}

/// A part of an upload.
#[derive(Clone, Debug)]
pub struct Part {
    /// The part's number, from 1.
    pub number: i32,
    /// How many bytes it has.
    pub size: u64,
    /// The checksum in base64, by the algorithm of the object's checksum.
    pub checksum: Option<String>,
}

impl Parts {
    /// Cuts content into parts of these sizes, and computes their checksums.
    pub(super) fn of(content: &Content, sizes: impl IntoIterator<Item = (i32, u64)>, algorithm: Algorithm) -> Self {
        // Equal bytes are hashed once, so 80 GB that repeat take no time.
        let mut known = BTreeMap::new();
        let mut start = 0;
        let part = |(number, size)| {
            let checksum = known
                .entry((start % content.period(), size))
                .or_insert_with(|| algorithm.digest(content.chunks(start..start + size)));
            start += size;
            Part { number, size, checksum: Some(checksum.clone()) }
        };
        let list: Vec<_> = sizes.into_iter().map(part).collect();
        assert_eq!(start, content.length(), "the parts are not the object");
        Self { total: list.len(), list }
    }

    /// Returns the checksum of the checksums.
    pub(super) fn composite(&self, algorithm: Algorithm) -> Checksum {
        let value = algorithm.composite(self.list.iter().filter_map(|part| part.checksum.as_ref()));
        Checksum { algorithm, value, composite_of: Some(self.list.len()) }
    }
}
