//! The sidecar as a cache: believed only when verified, and never the cause of a failed request.

use std::time::Duration;

use tokio::time::timeout;

use super::{CONTENT_TYPE, Origin, Torrent, TorrentRequest};
use crate::{
    logging::causes,
    s3::{self, Lookup, Meter, ObjectHead, Sidecar, SidecarStore, Stored},
    torrent::{Info, InfoHash, MAX_PIECES, Metainfo, PieceLength},
};

/// A sidecar that does not answer costs at most this to read, and this to write.
pub const SIDECAR_TIMEOUT: Duration = Duration::from_secs(2);

/// The place where a torrent may be kept.
pub(super) enum Slot {
    /// Nothing may be written there.
    Closed,
    /// Nothing is known to be there.
    Free,
    /// A sidecar of ours is there.
    Taken(Sidecar),
}

impl Slot {
    /// The same, closed where `torrent` is what already lies there.
    pub(super) fn unless_it_holds(self, torrent: &Torrent) -> Self {
        match self {
            Self::Taken(sidecar) if torrent.origin == Origin::Sidecar && sidecar.bytes == torrent.bytes => {
                Self::Closed
            }
            // A job has stored what it made.
            _ if torrent.origin == Origin::Job => Self::Closed,
            slot => slot,
        }
    }

    /// [`Self::verified_info`], where it is no surprise that there is none.
    pub(super) fn info_of(
        &self,
        head: &ObjectHead,
        name: &str,
        fixed: Option<PieceLength>,
    ) -> Option<(Info, InfoHash)> {
        let Self::Taken(sidecar) = self else { return None };
        verified(sidecar, head, name, fixed)
    }

    /// The `info` of the sidecar and its hash, if it is that of the object `head` describes.
    pub(super) fn verified_info(
        &self,
        head: &ObjectHead,
        name: &str,
        fixed: Option<PieceLength>,
    ) -> Option<(Info, InfoHash)> {
        let info = self.info_of(head, name, fixed);
        if info.is_none() && matches!(self, Self::Taken(_)) {
            tracing::info!("the sidecar is out of date or damaged: it is renewed");
        }
        info
    }
}

/// Reads the sidecar; whatever is wrong with that is a cache miss.
pub(super) async fn read(sidecars: &SidecarStore, request: &TorrentRequest, meter: &Meter) -> Slot {
    if !sidecars.has_place_for(&request.object) {
        tracing::warn!("the sidecar's key would be longer than S3 takes: nothing is cached");
        meter.add_sidecar_failure();
        return Slot::Closed;
    }
    match look(sidecars, request, meter).await {
        Ok(Slot::Closed) => {
            tracing::warn!("an object that is not ours lies at the sidecar's key: nothing is cached");
            meter.add_sidecar_failure();
            Slot::Closed
        }
        Ok(slot) => slot,
        Err(Some(error)) => {
            tracing::warn!(cause = causes(&error), "the sidecar cannot be read");
            meter.add_sidecar_failure();
            Slot::Free
        }
        Err(None) => {
            tracing::warn!("the sidecar cannot be read in time");
            meter.add_sidecar_failure();
            Slot::Free
        }
    }
}

/// Reads the sidecar, and says nothing of it; `None` where there was no time.
pub(super) async fn look(
    sidecars: &SidecarStore,
    request: &TorrentRequest,
    meter: &Meter,
) -> Result<Slot, Option<s3::Error>> {
    let read = sidecars.read(&request.object, &request.options, meter);
    match timeout(SIDECAR_TIMEOUT, read).await {
        Ok(Ok(Lookup::Missing)) => Ok(Slot::Free),
        Ok(Ok(Lookup::Ours(sidecar))) => Ok(Slot::Taken(sidecar)),
        Ok(Ok(Lookup::Foreign)) => Ok(Slot::Closed),
        Ok(Err(error)) => Err(Some(error)),
        Err(_) => Err(None),
    }
}

/// Stores the torrent in `slot`, unless that is closed; whatever is wrong with that is logged.
pub(super) async fn write(
    sidecars: &SidecarStore,
    request: &TorrentRequest,
    torrent: &Torrent,
    head: &ObjectHead,
    slot: Slot,
    meter: &Meter,
) {
    let replaced = match slot {
        Slot::Closed => return,
        Slot::Free => None,
        Slot::Taken(sidecar) => Some(sidecar),
    };
    match store(sidecars, request, torrent, head, replaced.as_ref(), meter).await {
        Ok(Stored::Written) => {}
        Ok(Stored::Raced) => tracing::info!("another object lies at the sidecar's key: not written"),
        Err(error) => {
            tracing::warn!(cause = causes(&error), "the sidecar cannot be written");
            meter.add_sidecar_failure();
        }
    }
}

/// Stores the torrent in place of `replaced`, or where nothing is.
pub(super) async fn store(
    sidecars: &SidecarStore,
    request: &TorrentRequest,
    torrent: &Torrent,
    head: &ObjectHead,
    replaced: Option<&Sidecar>,
    meter: &Meter,
) -> Result<Stored, s3::Error> {
    let stored = s3::Torrent {
        bytes: &torrent.bytes,
        content_type: CONTENT_TYPE,
        content_disposition: &torrent.content_disposition,
        info_hash: &torrent.info_hash,
    };
    sidecars.write(&request.object, head, &stored, replaced, &request.options, meter).await
}

fn verified(
    sidecar: &Sidecar,
    head: &ObjectHead,
    name: &str,
    fixed: Option<PieceLength>,
) -> Option<(Info, InfoHash)> {
    let info = sidecar.is_of(head).then(|| Metainfo::from_bytes(&sidecar.bytes).ok())??.info;
    let as_told = info.length == head.length
        && info.name == name
        && info.is_consistent()
        && info.pieces.count() <= Some(MAX_PIECES)
        && fixed.is_none_or(|fixed| fixed.get() == info.piece_length);
    let info_hash = as_told.then(|| info.info_hash().ok())??;
    (sidecar.info_hash() == Some(&info_hash.to_string())).then_some((info, info_hash))
}
