//! What a job needs of the operation: what is known without reading, one span's piece hashes, and the sidecar made
//! of all of them. The same code as for a request that reads the object itself.

use tokio::time::Instant;

use super::{
    Error, GetObjectTorrent, Hashed, Made, Origin, SIDECAR_TIMEOUT, Torrent, TorrentRequest,
    checks::{check, piece_length},
    hashes,
    sidecar::{self, Slot},
};
use crate::{
    object::ByteRange,
    s3::{self, Lookup, Meter, ObjectHead, Sidecar, Stored},
    torrent::{Info, PieceLength, Pieces, torrent_name},
};

/// Others may write to the sidecar's place meanwhile, but not for ever.
const RACES: u32 = 3;

/// What a job finds before it has begun.
#[derive(Debug)]
pub enum Known {
    /// The torrent is there.
    Ready(Origin),
    /// The object has to be read.
    Unread {
        /// As it is now.
        head: ObjectHead,
        /// That its torrent will have.
        piece_length: PieceLength,
    },
}

impl GetObjectTorrent {
    /// Whether the object has to be read. Where it has not, its sidecar is stored.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn known(&self, request: &TorrentRequest, meter: &Meter) -> Result<Known, Error> {
        self.check_served(request)?;
        let (head, slot) = self.found(request, &self.source(request, meter), meter).await?;
        let Some(hashed) = self.known_info(request, &head, &slot, meter).await? else {
            self.check_place(request, &slot)?;
            let piece_length = piece_length(&head, &self.config)?;
            return Ok(Known::Unread { head, piece_length });
        };
        let origin = hashed.origin;
        let torrent = self.wrap(request, &head, hashed)?;
        let slot = slot.unless_it_holds(&torrent);
        self.stored(request, Made { torrent, head, slot }, Instant::now() + SIDECAR_TIMEOUT, meter).await;
        Ok(Known::Ready(origin))
    }

    /// A job leaves its torrent in the sidecar's place, and on the way the list of its spans beside it, which Step
    /// Functions reads in its own region alone.
    pub(super) fn check_place(&self, request: &TorrentRequest, slot: &Slot) -> Result<(), Error> {
        let bucket = self.config.sidecar.bucket_for(&request.object);
        if matches!(slot, Slot::Closed) {
            Err(Error::NoPlace)
        } else if self.clients.region_of(bucket) != self.config.region {
            Err(Error::PlaceElsewhere)
        } else {
            Ok(())
        }
    }

    /// What the object is now.
    ///
    /// # Errors
    /// What S3 says of it instead.
    pub async fn head(&self, request: &TorrentRequest, meter: &Meter) -> Result<ObjectHead, s3::Error> {
        self.source(request, meter).head().await
    }

    /// The piece hashes of `span`, which begins at a piece, of the object that still is what `head` shows.
    ///
    /// # Errors
    /// [`s3::Error::Changed`] where it is not, and all others of [`Error`].
    pub async fn hash_span(
        &self,
        request: &TorrentRequest,
        head: &ObjectHead,
        span: ByteRange,
        piece_length: PieceLength,
        meter: &Meter,
    ) -> Result<Pieces, Error> {
        hashes::of_span(&self.source(request, meter), head, span, piece_length, &self.config).await
    }

    /// Stores the sidecar of the object that still is what `planned` shows, made of all its piece hashes.
    ///
    /// # Errors
    /// [`s3::Error::Changed`] where it is not; what kept the sidecar from being stored: it is all that a job
    /// makes.
    pub async fn assemble(
        &self,
        request: &TorrentRequest,
        planned: &ObjectHead,
        piece_length: PieceLength,
        pieces: Pieces,
        meter: &Meter,
    ) -> Result<(), Error> {
        let head = self.head(request, meter).await.map_err(Error::S3)?;
        // The hashes are of that many bytes: another length must not be put beside them.
        if (&head.etag, head.length) != (&planned.etag, planned.length) {
            return Err(Error::S3(s3::Error::Changed));
        }
        check(&head, &self.config)?;
        let name = torrent_name(&request.object.key);
        let info = Info { length: head.length, name, piece_length: piece_length.get(), pieces };
        if !info.is_consistent() {
            return Err(Error::Misplaced);
        }
        let torrent = self.wrap(request, &head, Hashed::new(info, Origin::Job)?)?;
        self.keep(request, &torrent, &head, meter).await
    }

    /// Stores what a job made: here, unlike in a request, that must succeed.
    async fn keep(
        &self,
        request: &TorrentRequest,
        torrent: &Torrent,
        head: &ObjectHead,
        meter: &Meter,
    ) -> Result<(), Error> {
        let sidecars = self.sidecars.as_ref().ok_or(Error::NoPlace)?;
        if !sidecars.has_place_for(&request.object) {
            return Err(Error::NoPlace);
        }
        for _ in 0..RACES {
            let replaced =
                match sidecars.read(&request.object, &request.options, meter).await.map_err(Error::S3)? {
                    Lookup::Missing => None,
                    Lookup::Foreign => return Err(Error::NoPlace),
                    // A task that is tried again may have stored it before.
                    Lookup::Ours(sidecar) if holds(&sidecar, torrent, head) => return Ok(()),
                    Lookup::Ours(sidecar) => Some(sidecar),
                };
            let stored = sidecar::store(sidecars, request, torrent, head, replaced.as_ref(), meter).await;
            if stored.map_err(Error::S3)? == Stored::Written {
                return Ok(());
            }
        }
        Err(Error::S3(s3::Error::Unavailable("others write to the sidecar's place all the time".into())))
    }
}

/// Whether a request would believe it: metadata can get lost where bytes do not.
fn holds(sidecar: &Sidecar, torrent: &Torrent, head: &ObjectHead) -> bool {
    sidecar.is_of(head) && sidecar.info_hash() == Some(&torrent.info_hash) && sidecar.bytes == torrent.bytes
}
