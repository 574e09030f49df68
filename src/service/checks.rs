//! What an object must be to get a torrent, cached or not.

use super::Error;
use crate::{
    config::Config,
    s3::{self, object::ObjectHead},
    torrent::{MAX_PIECES, PieceLength},
};

/// Refuses an object that cannot have a torrent.
pub(super) fn check(head: &ObjectHead, config: &Config) -> Result<(), Error> {
    let limit = config.max_object_size;
    match head {
        ObjectHead { archived: true, .. } => Err(Error::S3(s3::Error::Archived)),
        ObjectHead { length: 0, .. } => Err(Error::EmptyObject),
        ObjectHead { is_sidecar: true, .. } => Err(Error::IsSidecar),
        ObjectHead { length, .. } if *length > limit => Err(Error::TooLarge { limit }),
        _ => choose_piece_length(head, config).map(|_| ()),
    }
}

/// Returns the piece length that the configuration gives an object that is read.
pub(super) fn choose_piece_length(head: &ObjectHead, config: &Config) -> Result<PieceLength, Error> {
    let piece_length = config.piece_length.unwrap_or_else(|| PieceLength::for_object_of(head.length));
    if piece_length.piece_count(head.length) > MAX_PIECES {
        return Err(Error::TooManyPieces { piece_length: piece_length.get() });
    }
    Ok(piece_length)
}
