//! Piece length: how many bytes one SHA-1 of the torrent covers (BEP 3, `piece length`).

use serde::{Deserialize, Serialize};

/// The most pieces of a torrent. Their 4,000,000 bytes of digests fit a Lambda response of 6,291,556 bytes in base64.
/// (libtorrent loads up to 2,097,152 pieces.)
pub const MAX_PIECES: u64 = 200_000;

const SMALLEST: u64 = 256 * 1024;
const USUAL_LARGEST: u64 = 16 * 1024 * 1024;
const USUAL_PIECES: u64 = 2_048;

/// A piece length in bytes: a power of two from 16 KiB to 256 MiB, which S3's largest object needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64")]
pub struct PieceLength(u64);

impl PieceLength {
    /// The smallest piece length, 16 KiB, is the size of the blocks that clients request.
    pub const MIN: u64 = 16 * 1024;
    /// The largest piece length, 256 MiB. libtorrent's limit is 511 MiB.
    pub const MAX: u64 = 256 * 1024 * 1024;

    /// Returns `bytes` as a piece length, if it is a power of two from [`Self::MIN`] to [`Self::MAX`].
    pub fn new(bytes: u64) -> Option<Self> {
        let allowed = bytes.is_power_of_two() && (Self::MIN..=Self::MAX).contains(&bytes);
        allowed.then_some(Self(bytes))
    }

    /// Returns the piece length for an object of `length` bytes: the smallest power of two from 256 KiB to 16 MiB that
    /// gives at most 2,048 pieces. If 16 MiB would give more than [`MAX_PIECES`], it is the smallest that does not.
    pub fn for_object_of(length: u64) -> Self {
        let usual = length.div_ceil(USUAL_PIECES).next_power_of_two().clamp(SMALLEST, USUAL_LARGEST);
        let needed = length.div_ceil(MAX_PIECES).next_power_of_two();
        Self(usual.max(needed).min(Self::MAX))
    }

    /// Returns the piece length in bytes.
    pub fn get(self) -> u64 {
        self.0
    }

    /// Returns the number of pieces of `length` bytes. The last one may be short.
    pub fn piece_count(self, length: u64) -> u64 {
        length.div_ceil(self.get())
    }
}

impl TryFrom<u64> for PieceLength {
    type Error = &'static str;

    fn try_from(bytes: u64) -> Result<Self, &'static str> {
        Self::new(bytes).ok_or("a piece length is a power of two from 16 KiB to 256 MiB")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    const GIB: u64 = 1024 * MIB;

    #[test]
    fn grows_with_the_object_to_16_mib_and_again_past_200000_pieces() {
        let limit = MAX_PIECES * 16 * MIB;
        for (length, piece_length) in [
            (1, 256 * KIB),
            (512 * MIB, 256 * KIB),
            (512 * MIB + 1, 512 * KIB),
            (GIB, 512 * KIB),
            (GIB + 1, MIB),
            (32 * GIB, 16 * MIB),
            (32 * GIB + 1, 16 * MIB),
            (limit, 16 * MIB),
            (limit + 1, 32 * MIB),
            (5 * 1024 * GIB, 32 * MIB),
            (53_687_091_200_000, 256 * MIB),
        ] {
            let chosen = PieceLength::for_object_of(length);
            assert_eq!(chosen.get(), piece_length, "{length}");
            assert!(chosen.piece_count(length) <= MAX_PIECES);
        }
    }
}
