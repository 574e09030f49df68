//! The sidecar as a cache: a request trusts it only when it is verified, and never fails because of it.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout, timeout_at};

use super::{
    Origin, Subject, Torrent,
    torrent::{Identity, SidecarWrite},
};
use crate::{
    logging::causes,
    meter::Meter,
    s3::{
        self,
        reading::ObjectHead,
        sidecar::{Sidecar, SidecarStore, Slot, Write},
    },
    torrent::{MAX_PIECES, Metainfo, PieceLength},
};

/// A sidecar that does not answer costs at most this much time to read, and as much to write.
pub const SIDECAR_TIMEOUT: Duration = Duration::from_secs(2);

/// Returns the write that stores `torrent` in `slot`, where one is needed.
pub(super) fn write_for(torrent: &Torrent, head: &Arc<ObjectHead>, slot: Slot) -> Option<SidecarWrite> {
    let is_due = match &slot {
        Slot::Closed => false,
        Slot::Free => true,
        Slot::Taken(sidecar) => torrent.origin != Origin::Sidecar || sidecar.bytes != torrent.bytes,
    };
    is_due.then(|| SidecarWrite { head: Arc::clone(head), slot })
}

/// The cache of one object's torrent.
#[derive(Debug)]
pub(super) struct Cache {
    pub(super) sidecars: SidecarStore,
    meter: Meter,
}

impl Cache {
    pub(super) fn new(sidecars: SidecarStore, meter: Meter) -> Self {
        Self { sidecars, meter }
    }

    /// Reads the sidecar. Every failure is logged and counts as a cache miss.
    pub(super) async fn read(&self) -> Slot {
        if !self.sidecars.has_key() {
            self.warn("the sidecar's key would be longer than S3 accepts: nothing is cached", None);
            return Slot::Closed;
        }
        match timeout(SIDECAR_TIMEOUT, self.sidecars.read()).await {
            Ok(Ok(slot)) => {
                if matches!(slot, Slot::Closed) {
                    self.warn("another object has the sidecar's key: nothing is cached", None);
                }
                return slot;
            }
            Ok(Err(error)) => self.warn("the sidecar cannot be read", Some(&error)),
            Err(_) => self.warn("the sidecar cannot be read in time", None),
        }
        Slot::Free
    }

    /// Returns the sidecar, where it is there. Nothing is logged: the caller will look again.
    pub(super) async fn peek(&self) -> Option<Sidecar> {
        match timeout(SIDECAR_TIMEOUT, self.sidecars.read()).await {
            Ok(Ok(Slot::Taken(sidecar))) => Some(sidecar),
            _ => None,
        }
    }

    /// Stores `torrent` by the time `by`. Every failure is logged and fails nothing.
    pub(super) async fn write(&self, torrent: &Torrent, write: &SidecarWrite, by: Instant) {
        let content = torrent.sidecar_content();
        let replaced = match &write.slot {
            Slot::Taken(sidecar) => Some(sidecar),
            Slot::Free | Slot::Closed => None,
        };
        let written = self.sidecars.write(&write.head, &content, replaced);
        match timeout_at(by, written).await {
            Ok(Ok(Write::Done)) => {}
            Ok(Ok(Write::LostRace)) => {
                tracing::info!("another object has taken the sidecar's key: the sidecar is not written");
            }
            Ok(Err(error)) => self.warn("the sidecar cannot be written", Some(&error)),
            Err(_) => self.warn("the sidecar cannot be written in time", None),
        }
    }

    fn warn(&self, message: &'static str, error: Option<&s3::Error>) {
        tracing::warn!(cause = error.map(|error| causes(error)), "{message}");
        self.meter.sidecar_failures.add(1);
    }
}

/// Returns the identity of the torrent in `sidecar`, if that is the torrent of `subject`: its metadata and its bytes must
/// both say so.
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
