//! What a job needs of the operation: what is known without reading, one span's piece hashes, and the sidecar made
//! of all of them. The same code as for a request that reads the object itself.

use tokio::time::Instant;

use super::{
    Error, GetObjectTorrent, Hashed, Made, Origin, SIDECAR_TIMEOUT, TorrentRequest,
    checks::{check, piece_length},
    hashes,
    sidecar::{self, Slot},
};
use crate::{
    object::ByteRange,
    s3::{self, Meter, ObjectHead},
    torrent::{Info, PieceLength, Pieces, torrent_name},
};

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
        let (head, slot) = self.found(request, meter).await?;
        let Some(hashed) = self.known_info(request, &head, &slot, meter).await? else {
            let piece_length = piece_length(&head, &self.config)?;
            return Ok(Known::Unread { head, piece_length });
        };
        let origin = hashed.origin;
        let torrent = self.wrap(request, &head, hashed)?;
        let slot = slot.unless_it_holds(&torrent);
        self.stored(request, Made { torrent, head, slot }, Instant::now() + SIDECAR_TIMEOUT, meter).await;
        Ok(Known::Ready(origin))
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

    /// Stores the sidecar of the object that still has `etag`, made of all its piece hashes.
    ///
    /// # Errors
    /// [`s3::Error::Changed`] where it has another; what kept the sidecar from being stored: it is all that a job
    /// makes.
    pub async fn assemble(
        &self,
        request: &TorrentRequest,
        etag: &str,
        piece_length: PieceLength,
        pieces: Pieces,
        meter: &Meter,
    ) -> Result<(), Error> {
        let (head, slot) = self.found(request, meter).await?;
        check(&head, &self.config)?;
        if head.etag != etag {
            return Err(Error::S3(s3::Error::Changed));
        }
        let name = torrent_name(&request.object.key);
        let info = Info { length: head.length, name, piece_length: piece_length.get(), pieces };
        if !info.is_consistent() {
            return Err(Error::Misplaced);
        }
        let torrent = self.wrap(request, &head, Hashed::new(info, Origin::Job)?)?;
        let Some(sidecars) = self.sidecars.as_ref().filter(|_| !matches!(slot, Slot::Closed)) else {
            return Err(Error::NoPlace);
        };
        // A lost race is none: whoever won it has stored the same.
        sidecar::store(sidecars, request, &torrent, &head, slot, meter).await.map_err(Error::S3)
    }

    async fn found(&self, request: &TorrentRequest, meter: &Meter) -> Result<(ObjectHead, Slot), Error> {
        if !self.config.buckets.contains(&request.object.bucket) {
            return Err(Error::BucketNotServed);
        }
        let source = self.source(request, meter);
        let head = async { source.head().await.map_err(Error::S3) };
        let slot = async { Ok(self.read_sidecar(request, meter).await) };
        tokio::try_join!(head, slot)
    }
}
