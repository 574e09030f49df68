//! The order of a listing's keys.

use super::malformed;
use crate::s3::Error;

/// Checks that each key follows the one before it. S3 sorts keys by their bytes. `SeaweedFS` and other servers with
/// folders sort them segment by segment, so that `/` precedes every other byte.
#[derive(Debug)]
pub(super) struct Order {
    last: Option<String>,
    by_bytes: bool,
    by_segments: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self { last: None, by_bytes: true, by_segments: true }
    }
}

impl Order {
    /// Adds the next key. It is an error if it is in neither order, or was listed before.
    pub(super) fn add(&mut self, key: &str) -> Result<(), Error> {
        if let Some(last) = &self.last {
            self.by_bytes &= last.as_str() < key;
            self.by_segments &= last.split('/').lt(key.split('/'));
            if !self.by_bytes && !self.by_segments {
                return Err(malformed("a key before the one that it follows"));
            }
        }
        self.last = Some(key.to_owned());
        Ok(())
    }
}
