//! The conditions on an object or a collection, cached or not.

use super::{CollectionError, Error, Subject};
use crate::{
    config::Config,
    s3::{self, reading::ObjectHead},
    torrent::{MAX_PIECES, PieceLength, Pieces},
};

/// The largest info dictionary, in bytes. With trackers and web seeds around it, it still fits a Lambda response of
/// 6,291,556 bytes in base64. <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
const MAX_INFO_BYTES: usize = 4_500_000;

/// Returns the piece length of the torrent, or why there can be none.
pub(super) fn check(subject: &Subject, config: &Config) -> Result<PieceLength, Error> {
    let limit = config.max_object_size;
    match &*subject.head {
        ObjectHead { archived: true, .. } => Err(Error::S3(s3::Error::Archived)),
        ObjectHead { length: 0, .. } => Err(Error::EmptyObject),
        ObjectHead { is_sidecar: true, .. } => Err(Error::IsSidecar),
        ObjectHead { length, .. } if *length > limit => Err(Error::TooLarge(limit)),
        _ => choose_piece_length(subject, config),
    }
}

/// Returns the configured piece length, or one that suits the length. A collection's grows until its torrent fits a
/// response.
fn choose_piece_length(subject: &Subject, config: &Config) -> Result<PieceLength, Error> {
    let length = subject.head.length;
    let usual = || PieceLength::for_object_of(length);
    let mut piece_length = config.piece_length.unwrap_or_else(usual);
    if piece_length.piece_count(length) > MAX_PIECES {
        return Err(Error::TooManyPieces(piece_length.get()));
    }
    if subject.members.is_none() {
        return Ok(piece_length);
    }
    let names = subject.info("", 0, Pieces::from(Vec::new()));
    let names = serde_bencode::to_bytes(&names)?.len();
    loop {
        let hashes = Pieces::byte_length(length, piece_length);
        let bytes = names.saturating_add(usize::try_from(hashes).unwrap_or(usize::MAX));
        if bytes <= MAX_INFO_BYTES {
            return Ok(piece_length);
        }
        let larger = PieceLength::new(piece_length.get() * 2).filter(|_| config.piece_length.is_none());
        let does_not_fit = CollectionError::DoesNotFit { files: subject.objects(), bytes, limit: MAX_INFO_BYTES };
        piece_length = larger.ok_or(does_not_fit)?;
    }
}
