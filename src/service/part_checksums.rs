//! Piece hashes that S3 already knows: the SHA-1s of a multipart upload's parts, where the parts can be pieces.

use super::{Error, TorrentRequest};
use crate::{
    config::Config,
    logging::causes,
    s3::{self, Meter, Misfit, ObjectHead, PartChecksums, Parts},
    torrent::{Info, PieceLength, Pieces},
};

const SMALLEST_PART: u64 = 256 * 1024;
const LARGEST_PART: u64 = 64 * 1024 * 1024;

/// The `info` made of part checksums; `None` where the object has to be read. One that was uploaded in parts might
/// have had them: a line in the log says why it is read.
pub(super) async fn info(
    part_checksums: Option<&PartChecksums>,
    request: &TorrentRequest,
    head: &ObjectHead,
    name: &str,
    config: &Config,
    meter: &Meter,
) -> Result<Option<Info>, Error> {
    if !head.is_multipart() {
        return Ok(None);
    }
    let Some(part_checksums) = part_checksums else {
        log("the function has no credentials to ask with");
        return Ok(None);
    };
    match read(part_checksums, request, head, config, meter).await.map_err(Error::S3)? {
        Ok(parts) => Ok(Some(Info {
            length: head.length,
            name: name.to_owned(),
            piece_length: parts.size,
            pieces: Pieces::from(parts.digests),
        })),
        Err(misfit) => {
            log(&causes(&misfit));
            Ok(None)
        }
    }
}

async fn read(
    part_checksums: &PartChecksums,
    request: &TorrentRequest,
    head: &ObjectHead,
    config: &Config,
    meter: &Meter,
) -> Result<Result<Parts, Misfit>, s3::Error> {
    let TorrentRequest { object, options, .. } = request;
    let fits = |size| piece_length(size, config.piece_length).is_some();
    if request.presigned.is_none() {
        return part_checksums.read(object, head, fits, options, meter).await;
    }
    // In place of HEAD there was a GET, which does not tell of checksums.
    match part_checksums.composite(object, head, options, meter).await? {
        Ok(composite) => {
            let head = ObjectHead { composite_sha1: Some(composite), ..head.clone() };
            part_checksums.read(object, &head, fits, options, meter).await
        }
        Err(misfit) => Ok(Err(misfit)),
    }
}

fn log(reason: &str) {
    tracing::info!(reason, "the object is read: its part checksums cannot be used");
}

/// Parts of `size` bytes as pieces: a power of two that clients take and that nothing else was configured for.
fn piece_length(size: u64, fixed: Option<PieceLength>) -> Option<PieceLength> {
    let piece_length = PieceLength::new(size).filter(|_| (SMALLEST_PART..=LARGEST_PART).contains(&size))?;
    fixed.is_none_or(|fixed| fixed == piece_length).then_some(piece_length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1024 * 1024;

    #[test]
    fn powers_of_two_from_256_kib_to_64_mib_are_pieces() {
        for size in [256 * 1024, 8 * MIB, 64 * MIB] {
            assert_eq!(piece_length(size, None).map(PieceLength::get), Some(size));
        }
        for size in [0, 128 * 1024, 5 * MIB, 8 * MIB + 1, 8_000_000, 128 * MIB] {
            assert_eq!(piece_length(size, None), None, "{size}");
        }
    }

    #[test]
    fn a_piece_length_that_is_set_must_be_theirs() {
        assert_eq!(piece_length(8 * MIB, PieceLength::new(16 * MIB)), None);
        assert_eq!(piece_length(8 * MIB, PieceLength::new(8 * MIB)), PieceLength::new(8 * MIB));
    }
}
