//! The torrent of one object, as one request asked for it: what is known of it without reading, the object's piece
//! hashes, and the torrent that they make.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Error, Origin, Torrent, TorrentRequest, UnstoredTorrent,
    cache::{self, Cache},
    checks::{check, choose_piece_length},
    content_disposition, known_hashes, read,
    torrent::Identity,
};
use crate::{
    config::{Access, Config},
    meter::Meter,
    object::{ByteRange, ObjectId},
    s3::{
        self,
        access::{Bucket, Clients, RegionalClient, dns_suffix},
        object::{ObjectHead, PartChecksums, Source},
        sidecar::{SidecarStore, Slot},
    },
    torrent::{Info, Metainfo, PieceLength, Pieces, WebSeedPlace, WebSeedTemplate, torrent_name},
};

/// The operation, bound to one request.
#[derive(Debug)]
pub struct ObjectTorrent {
    config: Arc<Config>,
    request: TorrentRequest,
    meter: Meter,
    name: String,
    source: Source,
    /// Without credentials there is no cache, and there are no part checksums.
    cache: Option<Cache>,
    part_checksums: Option<PartChecksums>,
}

/// What is known without reading the object.
#[derive(Debug)]
pub enum Lookup {
    /// The torrent.
    Ready(UnstoredTorrent),
    /// The object must be read.
    Unread(UnreadObject),
}

/// An object that must be read to get its torrent.
#[derive(Debug)]
pub struct UnreadObject {
    /// What HEAD told.
    pub head: ObjectHead,
    /// The piece length that the torrent will have.
    pub piece_length: PieceLength,
    slot: Arc<Slot>,
}

impl UnreadObject {
    /// Returns whether the torrent can be stored as a sidecar.
    pub fn has_sidecar_place(&self) -> bool {
        !matches!(*self.slot, Slot::Closed)
    }
}

impl ObjectTorrent {
    pub(super) fn new(config: Arc<Config>, clients: &Clients, request: TorrentRequest, meter: &Meter) -> Self {
        let TorrentRequest { object, options, presigned } = &request;
        let bucket = |client: &RegionalClient| {
            Bucket::new(client.clone(), object.bucket.clone(), options.clone(), meter.clone())
        };
        let reader = match config.access {
            Access::FunctionRole if presigned.is_none() => &clients.signed,
            Access::FunctionRole | Access::PublicRead => &clients.unsigned,
        };
        let source = Source::new(bucket(reader), object.clone(), presigned.clone());
        let signed = config.has_credentials.then_some(&clients.signed);
        let cache = signed.map(|client| {
            let location = &config.sidecar;
            let sidecars = SidecarStore::new(client.clone(), location, object.clone(), options, meter.clone());
            Cache::new(sidecars, meter.clone())
        });
        let part_checksums = signed.map(|client| PartChecksums::new(bucket(client), object.clone()));
        let name = torrent_name(object.key.as_str());
        Self { config, request, meter: meter.clone(), name, source, cache, part_checksums }
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

    /// Returns what HEAD tells about the object, which also shows READ access.
    ///
    /// # Errors
    /// Returns what S3 says instead.
    pub async fn head(&self) -> Result<ObjectHead, s3::Error> {
        self.source.head().await
    }

    /// Returns what is known without reading the object: the sidecar's torrent, or the one that part checksums make. HEAD
    /// and sidecar are asked for side by side, in one round trip.
    pub async fn look_up(&self) -> Result<Lookup, Error> {
        let slot = async {
            Ok(match &self.cache {
                Some(cache) => cache.read().await,
                None => Slot::Closed,
            })
        };
        let (head, slot) = tokio::try_join!(self.source.head(), slot)?;
        self.compare(head, Arc::new(slot)).await
    }

    /// Looks up an object that changed while it was read. The sidecar is not read again.
    pub async fn look_up_again(&self, object: UnreadObject) -> Result<Lookup, Error> {
        self.compare(self.source.head().await?, object.slot).await
    }

    async fn compare(&self, head: ObjectHead, slot: Arc<Slot>) -> Result<Lookup, Error> {
        check(&head, &self.config)?;
        if let Some(identity) = self.known_identity(&head, &slot).await? {
            let torrent = self.build(&head, identity)?;
            let write = cache::write_for(&torrent, head, &slot);
            return Ok(Lookup::Ready(UnstoredTorrent { torrent, write }));
        }
        let piece_length = choose_piece_length(&head, &self.config)?;
        Ok(Lookup::Unread(UnreadObject { head, piece_length, slot }))
    }

    async fn known_identity(&self, head: &ObjectHead, slot: &Slot) -> Result<Option<Identity>, Error> {
        let fixed = self.config.piece_length;
        if let Slot::Taken(sidecar) = slot {
            if let Some(identity) = cache::verify(sidecar, head, &self.name, fixed) {
                return Ok(Some(identity));
            }
            tracing::info!("the sidecar is out of date or damaged: it will be renewed");
        }
        let info = known_hashes::info(self.part_checksums.as_ref(), head, &self.name, fixed).await?;
        Ok(info.map(|info| Identity::new(info, Origin::PartChecksums)).transpose()?)
    }

    /// Reads the whole object and returns its torrent.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`] where the object is no longer what it was, or another [`Error`].
    pub async fn read(&self, object: &UnreadObject) -> Result<UnstoredTorrent, Error> {
        let UnreadObject { head, piece_length, slot } = object;
        let whole = ByteRange { start: 0, end: head.length };
        let pieces = self.hash_span(head, whole, *piece_length).await?;
        let torrent = self.build_from(head, *piece_length, pieces, Origin::Object)?;
        let write = cache::write_for(&torrent, head.clone(), slot);
        Ok(UnstoredTorrent { torrent, write })
    }

    /// Returns the piece hashes of `span`, which begins at a piece.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`] where the object is no longer what `head` describes, or another [`Error`].
    pub async fn hash_span(
        &self,
        head: &ObjectHead,
        span: ByteRange,
        piece_length: PieceLength,
    ) -> Result<Pieces, Error> {
        read::hash_span(&self.source, head, span, piece_length, &self.config).await
    }

    /// Returns the torrent that the spans of a job make, if the object may have one.
    pub fn assemble(&self, head: &ObjectHead, piece_length: PieceLength, pieces: Pieces) -> Result<Torrent, Error> {
        check(head, &self.config)?;
        self.build_from(head, piece_length, pieces, Origin::Job)
    }

    /// Returns the torrent that a job has stored, once it is there. Failures to look are not told: the caller will look
    /// again.
    pub async fn job_torrent(&self, head: &ObjectHead) -> Result<Option<UnstoredTorrent>, Error> {
        let Some(cache) = &self.cache else { return Ok(None) };
        let Some(sidecar) = cache.peek().await else { return Ok(None) };
        let identity = cache::verify(&sidecar, head, &self.name, self.config.piece_length);
        let Some(identity) = identity else { return Ok(None) };
        let torrent = self.build(head, Identity { origin: Origin::Job, ..identity })?;
        Ok(Some(UnstoredTorrent { torrent, write: None }))
    }

    /// Writes the sidecar, where that is due, by the time `by`. This never fails the request.
    pub async fn store(&self, torrent: UnstoredTorrent, by: Instant) -> Torrent {
        let UnstoredTorrent { torrent, write } = torrent;
        if let (Some(cache), Some(write)) = (&self.cache, write) {
            cache.write(&torrent, &write, by).await;
        }
        torrent
    }

    fn build_from(
        &self,
        head: &ObjectHead,
        piece_length: PieceLength,
        pieces: Pieces,
        origin: Origin,
    ) -> Result<Torrent, Error> {
        let piece_length = piece_length.get();
        let info = Info { length: head.length, name: self.name.clone(), piece_length, pieces };
        if !info.is_consistent() {
            return Err(Error::MisplacedHashes);
        }
        self.build(head, Identity::new(info, origin)?)
    }

    /// Builds the torrent. It is the same for the same object version and configuration, whatever the origin.
    fn build(&self, head: &ObjectHead, identity: Identity) -> Result<Torrent, Error> {
        let Identity { info, info_hash, origin } = identity;
        self.meter.piece_count.set(info.pieces.count());
        let ObjectId { bucket, key, version_id } = &self.request.object;
        let region = self.source.region();
        let place = WebSeedPlace { bucket: bucket.as_str(), region: &region, suffix: &dns_suffix(&region) };
        let url = |template: &WebSeedTemplate| template.url(&place, key.as_str(), version_id.as_deref());
        let web_seeds = self.config.web_seeds.iter().filter_map(url).collect();
        let content_disposition = content_disposition::attachment(&format!("{}.torrent", info.name));
        let metainfo = Metainfo::new(info, head.last_modified, &self.config.trackers, web_seeds);
        Ok(Torrent {
            bytes: metainfo.to_bytes()?,
            content_disposition,
            info_hash: info_hash.to_string(),
            origin,
            request_charged: head.request_charged,
        })
    }
}
