//! Piece hashes that S3 already knows: the SHA-1s of a multipart upload's parts, if the parts can be pieces.

use super::{BoundOperation, Error, Subject};
use crate::{
    logging::causes,
    s3::reading::{Misfit, Parts},
    torrent::{Info, PieceLength, Pieces},
};

const SMALLEST_PART: u64 = 256 * 1024;
const LARGEST_PART: u64 = 64 * 1024 * 1024;

impl BoundOperation {
    /// Returns the `info` made of part checksums, or `None` if the object must be read. For an object that was uploaded
    /// in parts, the log then says why.
    pub(super) async fn info_of_parts(&self, subject: &Subject) -> Result<Option<Info>, Error> {
        // A collection never counts as multipart.
        if !subject.head.is_multipart() {
            return Ok(None);
        }
        let Some(source) = &self.signed_source else {
            log("the function has no credentials to ask for them");
            return Ok(None);
        };
        let fits = |size| can_be_pieces(size, self.config.piece_length);
        match source.parts(&subject.head, fits).await {
            Ok(Parts { size, digests }) => Ok(Some(subject.info(&self.name, size, Pieces::from(digests)))),
            Err(Misfit::Fault(error)) => Err(error.into()),
            Err(misfit) => {
                log(&causes(&misfit));
                Ok(None)
            }
        }
    }
}

fn log(reason: &str) {
    tracing::info!(reason, "the object is read: its part checksums cannot be used");
}

/// Returns whether parts of `size` bytes can be pieces: a power of two that clients accept, and equal to `fixed` if
/// set.
fn can_be_pieces(size: u64, fixed: Option<PieceLength>) -> bool {
    let piece_length = PieceLength::new(size).filter(|_| (SMALLEST_PART..=LARGEST_PART).contains(&size));
    piece_length.is_some_and(|piece_length| fixed.is_none_or(|fixed| fixed == piece_length))
}
