//! The v1 info hash: the SHA-1 of the bencoded `info` dictionary (BEP 3). It is the torrent's identity.

use std::fmt;

use sha1::{Digest, Sha1};

/// A v1 info hash. It is shown as 40 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InfoHash([u8; 20]);

impl InfoHash {
    /// Hashes the bencoded bytes of an `info` dictionary.
    pub fn of(bencoded_info: &[u8]) -> Self {
        Self(Sha1::digest(bencoded_info).into())
    }

    /// Returns the 20 bytes.
    pub fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }
}

impl From<[u8; 20]> for InfoHash {
    fn from(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}
