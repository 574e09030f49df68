//! The torrent of one object or one collection, as one request asked for it: what is known of it without reading, the
//! piece hashes, and the torrent that they make.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Error, Member, Origin, Subject, Torrent, TorrentRequest, UnstoredTorrent,
    cache::{self, Cache},
    checks::{check, choose_piece_length},
    hashing::{Bytes, hash_span},
    known_hashes,
    subject::Finder,
    torrent::Identity,
};
use crate::{
    config::{Access, Config},
    meter::Meter,
    object::ByteRange,
    s3::{
        access::{Bucket, Clients, RegionalClient},
        reading::{ObjectHead, PartChecksums, Source},
        sidecar::{SidecarStore, Slot},
    },
    table::Registry,
    torrent::{PieceLength, Pieces, torrent_name},
};

/// The operation, bound to one request.
#[derive(Debug)]
pub struct BoundOperation {
    pub(super) config: Arc<Config>,
    pub(super) request: TorrentRequest,
    pub(super) meter: Meter,
    pub(super) name: String,
    pub(super) finder: Finder,
    /// Without credentials there is no cache, and there are no part checksums.
    cache: Option<Cache>,
    part_checksums: Option<PartChecksums>,
    registry: Option<Registry>,
}

/// What is known without reading.
#[derive(Debug)]
pub enum Lookup {
    /// The torrent.
    Ready(UnstoredTorrent),
    /// The object or the collection must be read.
    Unread(Unread),
}

/// An object or a collection that must be read to get its torrent.
#[derive(Debug)]
pub struct Unread {
    /// What must be read.
    pub subject: Subject,
    /// The piece length that the torrent will have.
    pub piece_length: PieceLength,
    slot: Arc<Slot>,
}

impl Unread {
    /// Returns whether the torrent can be stored as a sidecar.
    pub fn has_sidecar_place(&self) -> bool {
        !matches!(*self.slot, Slot::Closed)
    }
}

impl BoundOperation {
    pub(super) fn new(
        config: Arc<Config>,
        clients: &Clients,
        registry: Option<Registry>,
        request: TorrentRequest,
        meter: &Meter,
    ) -> Self {
        let TorrentRequest { object, options, presigned, .. } = &request;
        let bucket = |client: &RegionalClient| {
            Bucket::new(client.clone(), object.bucket.clone(), options.clone(), meter.clone())
        };
        let reader = match config.access {
            Access::FunctionRole if presigned.is_none() => &clients.signed,
            Access::FunctionRole | Access::PublicRead => &clients.unsigned,
        };
        let source = Source::new(bucket(reader), object.clone(), presigned.clone());
        let finder = Finder::new(source, bucket(reader), &request);
        let signed = config.has_credentials.then_some(&clients.signed);
        let cache = signed.map(|client| {
            let location = &config.sidecar;
            let sidecars = SidecarStore::new(client.clone(), location, object.clone(), options, meter.clone());
            Cache::new(sidecars, meter.clone())
        });
        let part_checksums = signed.map(|client| PartChecksums::new(bucket(client), object.clone()));
        let name = torrent_name(object.key.as_str());
        Self { config, request, meter: meter.clone(), name, finder, cache, part_checksums, registry }
    }

    /// Returns what was asked for.
    pub fn request(&self) -> &TorrentRequest {
        &self.request
    }

    /// Returns the meter of this request.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Returns the place of the sidecar. Without credentials there is none.
    pub fn sidecars(&self) -> Option<&SidecarStore> {
        self.cache.as_ref().map(|cache| &cache.sidecars)
    }

    /// Returns the object or the collection as S3 tells of it now, which also shows READ access.
    ///
    /// # Errors
    /// Returns what S3 says instead, or why there can be no torrent.
    pub async fn find(&self) -> Result<Subject, Error> {
        self.finder.find(&self.request, &self.config).await
    }

    /// Returns what is known without reading: the sidecar's torrent, or the one that part checksums make. HEAD and sidecar
    /// are asked for side by side, in one round trip.
    pub async fn look_up(&self) -> Result<Lookup, Error> {
        let slot = async {
            Ok(match &self.cache {
                Some(cache) => cache.read().await,
                None => Slot::Closed,
            })
        };
        let (subject, slot) = tokio::try_join!(self.find(), slot)?;
        self.compare(subject, Arc::new(slot)).await
    }

    /// Looks up what changed while it was read. The sidecar is not read again.
    pub async fn look_up_again(&self, unread: Unread) -> Result<Lookup, Error> {
        self.compare(self.find().await?, unread.slot).await
    }

    async fn compare(&self, subject: Subject, slot: Arc<Slot>) -> Result<Lookup, Error> {
        check(&subject, &self.config)?;
        if let Some(identity) = self.known_identity(&subject, &slot).await? {
            let torrent = self.build(&subject, identity)?;
            let write = cache::write_for(&torrent, &subject.head, &slot);
            return Ok(Lookup::Ready(UnstoredTorrent { torrent, write }));
        }
        let piece_length = choose_piece_length(&subject, &self.config)?;
        Ok(Lookup::Unread(Unread { subject, piece_length, slot }))
    }

    async fn known_identity(&self, subject: &Subject, slot: &Slot) -> Result<Option<Identity>, Error> {
        let fixed = self.config.piece_length;
        if let Slot::Taken(sidecar) = slot {
            if let Some(identity) = cache::verify(sidecar, subject, &self.name, fixed) {
                return Ok(Some(identity));
            }
            tracing::info!("the sidecar is out of date or damaged: it will be renewed");
        }
        // Pieces would have to begin with each object.
        let part_checksums = self.part_checksums.as_ref().filter(|_| subject.collection.is_none());
        let info = known_hashes::info(part_checksums, &subject.head, &self.name, fixed).await?;
        Ok(info.map(|info| Identity::new(info, Origin::PartChecksums)).transpose()?)
    }

    /// Reads all bytes and returns their torrent.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`](crate::s3::Error::Changed) where the object, or one of the collection, is no longer
    /// what it was, or another [`Error`].
    pub async fn read(&self, unread: &Unread) -> Result<UnstoredTorrent, Error> {
        let Unread { subject, piece_length, slot } = unread;
        let whole = ByteRange { start: 0, end: subject.head.length };
        let bytes = match &subject.collection {
            Some(collection) => Bytes::Members(&self.finder.opener, &collection.members, 0),
            None => Bytes::Object(&self.finder.source, &subject.head),
        };
        let pieces = hash_span(bytes, whole, *piece_length, &self.config).await?;
        self.finder.check_again(subject, &self.request, &self.config).await?;
        let torrent = self.build_from(subject, *piece_length, pieces, Origin::Object)?;
        let write = cache::write_for(&torrent, &subject.head, slot);
        Ok(UnstoredTorrent { torrent, write })
    }

    /// Returns the piece hashes of `span`, which begins at a piece, of the object that `head` describes.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`](crate::s3::Error::Changed) where the object is no longer that, or another [`Error`].
    pub async fn hash_span(
        &self,
        head: ObjectHead,
        span: ByteRange,
        piece_length: PieceLength,
    ) -> Result<Pieces, Error> {
        let bytes = Bytes::Object(&self.finder.source, &Arc::new(head));
        hash_span(bytes, span, piece_length, &self.config).await
    }

    /// Returns the piece hashes of `span`, which begins at a piece, of a collection. It lies within `members`, of which the
    /// first begins at `offset`.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`](crate::s3::Error::Changed) where one of the objects is no longer what it was, or
    /// another [`Error`].
    pub async fn hash_members(
        &self,
        members: &[Member],
        offset: u64,
        span: ByteRange,
        piece_length: PieceLength,
    ) -> Result<Pieces, Error> {
        let bytes = Bytes::Members(&self.finder.opener, members, offset);
        hash_span(bytes, span, piece_length, &self.config).await
    }

    /// Returns the torrent that the spans of a job make, if there may be one.
    pub fn assemble(&self, subject: &Subject, piece_length: PieceLength, pieces: Pieces) -> Result<Torrent, Error> {
        check(subject, &self.config)?;
        self.build_from(subject, piece_length, pieces, Origin::Job)
    }

    /// Returns the torrent that a job has stored, once it is there. Failures to look are not told: the caller will look
    /// again.
    pub async fn job_torrent(&self, subject: &Subject) -> Result<Option<UnstoredTorrent>, Error> {
        let Some(cache) = &self.cache else { return Ok(None) };
        let Some(sidecar) = cache.peek().await else { return Ok(None) };
        let identity = cache::verify(&sidecar, subject, &self.name, self.config.piece_length);
        let Some(identity) = identity else { return Ok(None) };
        let torrent = self.build(subject, Identity { origin: Origin::Job, ..identity })?;
        Ok(Some(UnstoredTorrent { torrent, write: None }))
    }

    /// Writes the sidecar, where that is due, by the time `by`, and registers the torrent. This never fails the request.
    pub async fn store(&self, torrent: UnstoredTorrent, by: Instant) -> Torrent {
        let UnstoredTorrent { torrent, write } = torrent;
        let write_sidecar = async {
            if let (Some(cache), Some(write)) = (&self.cache, write) {
                cache.write(&torrent, &write, by).await;
            }
        };
        tokio::join!(write_sidecar, self.register(&torrent));
        torrent
    }

    /// Registers the torrent with the tracker, where there is one. This fails nothing.
    pub async fn register(&self, torrent: &Torrent) {
        if let Some(registry) = &self.registry {
            registry.register(torrent.info_hash, torrent.length).await;
        }
    }
}
