//! The sidecar as a cache: a request trusts it only after verification, and never fails because of it.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::{Origin, Subject, UnstoredTorrent, torrent::Identity};
use crate::{
    logging::causes,
    s3::{
        self,
        sidecar::{Sidecar, SidecarStore, Slot, Write},
    },
    torrent::{MAX_PIECES, Metainfo, PieceLength},
};

/// The most time that reading or writing the sidecar may take.
pub const SIDECAR_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads the sidecar. A failure is logged and counts as a cache miss.
pub(super) async fn read(sidecars: &SidecarStore) -> Slot {
    if sidecars.key.is_none() {
        warn(sidecars, "the sidecar's key would be longer than S3 accepts: nothing is cached", None);
        return Slot::Closed;
    }
    match timeout(SIDECAR_TIMEOUT, sidecars.read()).await {
        Ok(Ok(slot)) => {
            if matches!(slot, Slot::Closed) {
                warn(sidecars, "another object has the sidecar's key: nothing is cached", None);
            }
            return slot;
        }
        Ok(Err(error)) => warn(sidecars, "the sidecar cannot be read", Some(&error)),
        Err(_) => warn(sidecars, "the sidecar cannot be read in time", None),
    }
    Slot::Free
}

/// Returns the sidecar, if there is one. A failure is not logged, because the caller tries again.
pub(super) async fn peek(sidecars: &SidecarStore) -> Option<Sidecar> {
    match timeout(SIDECAR_TIMEOUT, sidecars.read()).await {
        Ok(Ok(Slot::Taken(sidecar))) => Some(sidecar),
        _ => None,
    }
}

/// Writes the sidecar by the time `by`, if it must be written. A failure is only logged.
pub(super) async fn write(sidecars: &SidecarStore, unstored: &UnstoredTorrent, by: Instant) {
    let UnstoredTorrent { torrent, head, slot } = unstored;
    let replaced = match slot {
        Slot::Closed => return,
        Slot::Free => None,
        Slot::Taken(sidecar) => Some(sidecar),
    };
    match timeout_at(by, sidecars.write(head, &torrent.sidecar_content(), replaced)).await {
        Ok(Ok(Write::Done)) => {}
        Ok(Ok(Write::LostRace)) => {
            tracing::info!("another object has taken the sidecar's key: the sidecar is not written");
        }
        Ok(Err(error)) => warn(sidecars, "the sidecar cannot be written", Some(&error)),
        Err(_) => warn(sidecars, "the sidecar cannot be written in time", None),
    }
}

fn warn(sidecars: &SidecarStore, message: &'static str, error: Option<&s3::Error>) {
    tracing::warn!(cause = error.map(|error| causes(error)), "{message}");
    sidecars.bucket.meter().sidecar_failures.add(1);
}

/// Returns the identity of the torrent in `sidecar`, if its metadata and its bytes both belong to `subject`.
pub(super) fn verify(sidecar: &Sidecar, subject: &Subject, name: &str, fixed: Option<PieceLength>) -> Option<Identity> {
    let info = sidecar.was_made_from(&subject.head).then(|| Metainfo::from_bytes(&sidecar.bytes).ok())??.info;
    let is_expected = info.length == subject.head.length
        && subject.has_files(&info.files)
        && info.name == name
        && info.is_consistent()
        && info.pieces.count() <= MAX_PIECES
        && fixed.is_none_or(|fixed| fixed.get() == info.piece_length);
    let identity = is_expected.then(|| Identity::new(info, Origin::Sidecar).ok())??;
    (sidecar.info_hash() == Some(&identity.info_hash.to_string())).then_some(identity)
}
