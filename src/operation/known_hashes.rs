//! Piece hashes that S3 already knows: the SHA-1s of a multipart upload's parts, where the parts can be pieces.

use super::Error;
use crate::{
    logging::causes,
    s3::reading::{ObjectHead, PartChecksums, PartChecksumsError, Parts},
    torrent::{Info, PieceLength, Pieces},
};

const SMALLEST_PART: u64 = 256 * 1024;
const LARGEST_PART: u64 = 64 * 1024 * 1024;

/// Returns the `info` that part checksums make, or `None` where the object must be read. An object that was uploaded in
/// parts might have had them, so a line in the log then says why it is read.
pub(super) async fn info(
    part_checksums: Option<&PartChecksums>,
    head: &ObjectHead,
    name: &str,
    fixed: Option<PieceLength>,
) -> Result<Option<Info>, Error> {
    if !head.is_multipart() {
        return Ok(None);
    }
    let Some(part_checksums) = part_checksums else {
        log("the function has no credentials to ask for them");
        return Ok(None);
    };
    match part_checksums.read(head, |size| can_be_pieces(size, fixed)).await {
        Ok(Parts { size, digests }) => {
            let pieces = Pieces::from(digests);
            Ok(Some(Info { length: head.length, files: Vec::new(), name: name.to_owned(), piece_length: size, pieces }))
        }
        Err(PartChecksumsError::Misfit(misfit)) => {
            log(&causes(&misfit));
            Ok(None)
        }
        Err(PartChecksumsError::S3(error)) => Err(error.into()),
    }
}

fn log(reason: &str) {
    tracing::info!(reason, "the object is read: its part checksums cannot be used");
}

/// Returns whether parts of `size` bytes can be pieces: a power of two that clients accept, and the configured one where
/// there is one.
fn can_be_pieces(size: u64, fixed: Option<PieceLength>) -> bool {
    let piece_length = PieceLength::new(size).filter(|_| (SMALLEST_PART..=LARGEST_PART).contains(&size));
    piece_length.is_some_and(|piece_length| fixed.is_none_or(|fixed| fixed == piece_length))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn powers_of_two_from_256_kib_to_64_mib_are_pieces() {
        for size in [256 * 1024, 8 * MIB, 64 * MIB] {
            assert!(can_be_pieces(size, None), "{size}");
        }
        for size in [0, 128 * 1024, 5 * MIB, 8 * MIB + 1, 8_000_000, 128 * MIB] {
            assert!(!can_be_pieces(size, None), "{size}");
        }
    }

    #[test]
    fn a_piece_length_that_is_set_must_be_theirs() {
        assert!(!can_be_pieces(8 * MIB, PieceLength::new(16 * MIB)));
        assert!(can_be_pieces(8 * MIB, PieceLength::new(8 * MIB)));
    }
}
