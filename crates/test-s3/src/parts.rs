//! The parts that an object was uploaded in.

use std::collections::BTreeMap;

use crate::{
    checksum::{Algorithm, Checksum},
    content::Content,
};

/// The parts that an object was uploaded in, as `GetObjectAttributes` lists them. An object that came in one PUT has
/// none. The fields are public, so that a test can have S3 say something untrue:
///
/// ```
/// use test_s3::{Content, Object};
///
/// let mut object = Object::new(Content::cheap(5 << 20, 1)).parts(1 << 20);
/// object.parts.list.pop(); // The last part is not listed.
/// object.parts.list[2].checksum = None;
/// object.parts.total = 7;
/// object.checksum.as_mut().unwrap().value = "another".into();
/// ```
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
    pub(super) fn new(list: Vec<Part>) -> Self {
        let total = list.len();
        Self { list, total }
    }

    /// Cuts content into parts of these sizes, and computes their SHA-1s.
    pub(super) fn of(content: &Content, sizes: impl IntoIterator<Item = u64>) -> Self {
        // Equal bytes are hashed once, so 80 GB that repeat take no time.
        let mut known = BTreeMap::new();
        let mut start = 0;
        let part = |(number, size)| {
            let phase = content.period().map_or(start, |period| start % period);
            let checksum = known
                .entry((phase, size))
                .or_insert_with(|| Algorithm::Sha1.digest(content.chunks(start..start + size)));
            start += size;
            Part { number, size, checksum: Some(checksum.clone()) }
        };
        let list = (1..).zip(sizes).map(part).collect();
        assert_eq!(start, content.length(), "the parts are not the object");
        Self::new(list)
    }

    /// Returns the checksum of the checksums, or `None` if a part has none.
    pub(super) fn composite(&self, algorithm: Algorithm) -> Option<Checksum> {
        let checksums: Option<Vec<_>> = self.list.iter().map(|part| part.checksum.as_ref()).collect();
        let value = algorithm.composite(checksums?);
        Some(Checksum::new(algorithm, &value, Some(self.list.len())))
    }
}
