//! The operation, bound to one request: what is known without reading, the piece hashes, and the torrent.

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Error, GetObjectTorrent, Member, Origin, Subject, Torrent, TorrentRequest, UnstoredTorrent, cache,
    checks::check,
    collection::Opener,
    hashing::{Bytes, hash_span},
    torrent::Identity,
};
use crate::{
    config::{Access, Config},
    meter::Meter,
    object::ByteRange,
    s3::{
        access::{Bucket, RegionalClient},
        reading::{ObjectHead, Source},
        sidecar::{SidecarStore, Slot},
    },
    table::Registry,
    torrent::{PieceLength, Pieces, torrent_name},
};

/// The operation, bound to one request.
#[derive(Debug)]
pub struct BoundOperation {
    pub(super) config: Arc<Config>,
    /// The request.
    pub request: TorrentRequest,
    pub(super) meter: Meter,
    pub(super) name: String,
    pub(super) source: Source,
    /// Reads the objects of a collection.
    pub(super) opener: Opener,
    /// The place of the sidecar. Without credentials, there are neither sidecars nor part checksums.
    pub sidecars: Option<SidecarStore>,
    /// Asks for part checksums.
    pub(super) signed_source: Option<Source>,
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

/// An object or a collection that must be read to make its torrent.
#[derive(Debug)]
pub struct Unread {
    /// What must be read.
    pub subject: Subject,
    /// The torrent's piece length.
    pub piece_length: PieceLength,
    slot: Slot,
}

impl Unread {
    /// Returns whether the torrent can be stored as a sidecar.
    pub fn has_sidecar_place(&self) -> bool {
        !matches!(self.slot, Slot::Closed)
    }
}

impl GetObjectTorrent {
    /// Binds the operation to `request`, which `meter` counts. This makes no call to S3, and fails only if `BUCKETS`
    /// does not list the bucket.
    pub fn open(&self, request: TorrentRequest, meter: &Meter) -> Result<BoundOperation, Error> {
        let Self { config, clients, registry } = self.clone();
        let TorrentRequest { object, options, presigned, .. } = &request;
        if !config.buckets.contains(&object.bucket) {
            return Err(Error::BucketNotServed);
        }
        let bucket = |client: &RegionalClient| {
            Bucket::new(client.clone(), object.bucket.clone(), options.clone(), meter.clone())
        };
        let reader = match config.access {
            Access::FunctionRole if presigned.is_none() => &clients.signed,
            Access::FunctionRole | Access::PublicRead => &clients.unsigned,
        };
        let source = Source::new(bucket(reader), object.clone(), presigned.clone());
        let opener = Opener { bucket: bucket(reader), prefix: object.key.clone() };
        let signed = config.has_credentials.then_some(&clients.signed);
        let sidecars = signed
            .map(|client| SidecarStore::new(client.clone(), &config.sidecar, object.clone(), options, meter.clone()));
        let signed_source = signed.map(|client| Source::new(bucket(client), object.clone(), None));
        let (name, meter) = (torrent_name(object.key.as_str()), meter.clone());
        Ok(BoundOperation { config, request, meter, name, source, opener, sidecars, signed_source, registry })
    }
}

impl BoundOperation {
    /// Returns the torrent of the sidecar or of part checksums, or else what must be read. HEAD and the GET of the
    /// sidecar run in parallel.
    pub async fn look_up(&self) -> Result<Lookup, Error> {
        let slot = async {
            Ok(match &self.sidecars {
                Some(sidecars) => cache::read(sidecars).await,
                None => Slot::Closed,
            })
        };
        let (subject, slot) = tokio::try_join!(self.find(), slot)?;
        let piece_length = check(&subject, &self.config)?;
        let Some(identity) = self.known_identity(&subject, &slot).await? else {
            return Ok(Lookup::Unread(Unread { subject, piece_length, slot }));
        };
        let torrent = self.build(&subject, identity)?;
        Ok(Lookup::Ready(UnstoredTorrent::new(torrent, &subject.head, slot)))
    }

    async fn known_identity(&self, subject: &Subject, slot: &Slot) -> Result<Option<Identity>, Error> {
        if let Slot::Taken(sidecar) = slot {
            if let Some(identity) = cache::verify(sidecar, subject, &self.name, self.config.piece_length) {
                return Ok(Some(identity));
            }
            tracing::info!("the sidecar is out of date or damaged: it will be renewed");
        }
        let info = self.info_of_parts(subject).await?;
        Ok(info.map(|info| Identity::new(info, Origin::PartChecksums)).transpose()?)
    }

    /// Reads all bytes and returns their torrent. If an object changes meanwhile, the error says so.
    pub async fn read(&self, unread: Unread) -> Result<UnstoredTorrent, Error> {
        let Unread { subject, piece_length, slot } = unread;
        let whole = ByteRange { start: 0, end: subject.head.length };
        let bytes = match &subject.members {
            Some(members) => Bytes::Members(&self.opener, members, 0),
            None => Bytes::Object(&self.source, &subject.head),
        };
        let pieces = hash_span(bytes, whole, piece_length, &self.config).await?;
        self.check_again(&subject).await?;
        let torrent = self.build_from(&subject, piece_length, pieces, Origin::Object)?;
        Ok(UnstoredTorrent::new(torrent, &subject.head, slot))
    }

    /// Returns the piece hashes of `span`, which begins at a piece, of the object that `head` describes.
    pub async fn hash_span(
        &self,
        head: ObjectHead,
        span: ByteRange,
        piece_length: PieceLength,
    ) -> Result<Pieces, Error> {
        hash_span(Bytes::Object(&self.source, &Arc::new(head)), span, piece_length, &self.config).await
    }

    /// Returns the piece hashes of `span`, which begins at a piece and lies within `members` of a collection. The first
    /// member begins at `offset`.
    pub async fn hash_members(
        &self,
        members: &[Member],
        offset: u64,
        span: ByteRange,
        piece_length: PieceLength,
    ) -> Result<Pieces, Error> {
        hash_span(Bytes::Members(&self.opener, members, offset), span, piece_length, &self.config).await
    }

    /// Returns the torrent made of a job's spans, if there may be one.
    pub fn assemble(&self, subject: &Subject, piece_length: PieceLength, pieces: Pieces) -> Result<Torrent, Error> {
        check(subject, &self.config)?;
        self.build_from(subject, piece_length, pieces, Origin::Job)
    }

    /// Returns the torrent that a job has stored, or `None` if it cannot be found yet.
    pub async fn job_torrent(&self, subject: &Subject) -> Result<Option<UnstoredTorrent>, Error> {
        let Some(sidecars) = &self.sidecars else { return Ok(None) };
        let Some(sidecar) = cache::peek(sidecars).await else { return Ok(None) };
        let identity = cache::verify(&sidecar, subject, &self.name, self.config.piece_length);
        let Some(identity) = identity else { return Ok(None) };
        let torrent = self.build(subject, Identity { origin: Origin::Job, ..identity })?;
        Ok(Some(UnstoredTorrent::new(torrent, &subject.head, Slot::Closed)))
    }

    /// Writes the sidecar by the time `by`, if it must be written, and registers the torrent. A failure is only logged.
    /// Returns the torrent, without its web seeds if its swarm needs none. The sidecar always has them.
    pub async fn store(&self, unstored: UnstoredTorrent, by: Instant) -> Torrent {
        let write_sidecar = async {
            if let Some(sidecars) = &self.sidecars {
                cache::write(sidecars, &unstored, by).await;
            }
        };
        let ((), is_fast) = tokio::join!(write_sidecar, self.register(&unstored.torrent));
        let mut torrent = unstored.torrent;
        if is_fast && !self.request.always_web_seeds && torrent.remove_web_seeds() {
            self.meter.without_web_seeds.set(1);
        }
        torrent
    }

    /// Registers the torrent with the tracker, if there is one. Returns whether its swarm needs no web seeds. A failure is
    /// only logged.
    pub async fn register(&self, torrent: &Torrent) -> bool {
        match &self.registry {
            Some(registry) => registry.register(torrent.info_hash, torrent.length).await,
            None => false,
        }
    }
}
