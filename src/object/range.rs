//! Runs of an object's bytes.

use serde::{Deserialize, Serialize};

/// A run of bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteRange {
    /// The first byte's offset.
    pub start: u64,
    /// The offset after the last byte, which is greater than `start`.
    pub end: u64,
}

impl ByteRange {
    /// Returns the number of bytes.
    pub fn length(self) -> u64 {
        self.end - self.start
    }

    /// Returns the value of a `Range` header, whose end is inclusive
    /// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-14.2)).
    pub fn header(self) -> String {
        format!("bytes={}-{}", self.start, self.end - 1)
    }

    /// Returns the value of `Content-Range` for this range of an object of `total` bytes.
    pub fn content_range(self, total: u64) -> String {
        format!("bytes {}-{}/{total}", self.start, self.end - 1)
    }

    /// Cuts `total` bytes into ranges of `step` bytes; the last range may be shorter.
    pub fn split(total: u64, step: u64) -> impl Iterator<Item = Self> {
        let starts = (0..total.div_ceil(step)).map(move |number| number * step);
        starts.map(move |start| Self { start, end: (start + step).min(total) })
    }
}
