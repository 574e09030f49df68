//! GetObjectTorrent itself, the only place that sees both S3 and BitTorrent: READ access, the sidecar,
//! and where that does not serve, the object's bytes.
//!
//! The piece hashes come from the sidecar, from the checksums that S3 keeps of parts, or from the object.

mod checks;
mod content_disposition;
mod error;
mod hashes;
mod job;
mod origin;
mod part_checksums;
mod request;
mod sidecar;
mod waiting;

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use self::{
    checks::{check, piece_length},
    sidecar::Slot,
};
pub use self::{
    error::{Error, JobProgress, Reader},
    job::Known,
    origin::Origin,
    request::{Time, TorrentRequest},
    sidecar::SIDECAR_TIMEOUT,
};
use crate::{
    config::{Access, Config},
    object::{ByteRange, ObjectId},
    s3::{self, Clients, Meter, ObjectHead, PartChecksums, SidecarStore, Source},
    torrent::{Info, InfoHash, Metainfo, WebSeedPlace, WebSeedTemplate, torrent_name},
    workflow::Executions,
};

/// The media type of a `.torrent`.
pub const CONTENT_TYPE: &str = "application/x-bittorrent";

/// A torrent, ready to be sent.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// The `.torrent` file.
    pub bytes: Vec<u8>,
    /// `Content-Disposition` with the file's name.
    pub content_disposition: String,
    /// The v1 info hash, 40 lower-case hex digits.
    pub info_hash: String,
    /// Where the piece hashes came from.
    pub origin: Origin,
    /// S3 charged the requester.
    pub request_charged: bool,
}

/// The operation, with all that outlives a request.
#[derive(Debug)]
pub struct GetObjectTorrent {
    config: Arc<Config>,
    clients: Clients,
    /// Without credentials there are none, nor part checksums.
    sidecars: Option<SidecarStore>,
    part_checksums: Option<PartChecksums>,
    /// Where jobs read what a request cannot.
    executions: Option<Executions>,
}

/// What a torrent is made of: computed once, as it takes a pass over all piece hashes.
struct Hashed {
    info: Info,
    info_hash: InfoHash,
    origin: Origin,
}

impl Hashed {
    fn new(info: Info, origin: Origin) -> Result<Self, Error> {
        let info_hash = info.info_hash()?;
        Ok(Self { info, info_hash, origin })
    }
}

/// A torrent, what it is of, and where it is to be stored.
struct Made {
    torrent: Torrent,
    head: ObjectHead,
    slot: Slot,
}

impl GetObjectTorrent {
    /// The operation as configured. Without credentials nothing is cached, and nothing but the object is asked for.
    /// Without `executions` every object is read in the request.
    #[must_use]
    pub fn new(config: Arc<Config>, clients: Clients, executions: Option<Executions>) -> Self {
        let role = config.has_credentials.then_some(&clients.signed);
        let sidecars = role.map(|client| SidecarStore::new(client.clone(), config.sidecar.clone()));
        let part_checksums = role.cloned().map(PartChecksums::new);
        Self { config, clients, sidecars, part_checksums, executions }
    }

    /// The torrent of the object that `request` names, by `time.until` or [`Error::OutOfTime`]. Storing its
    /// sidecar may then take [`SIDECAR_TIMEOUT`] longer, but not beyond `time.end`, and never fails the request.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn get(&self, request: &TorrentRequest, time: Time, meter: &Meter) -> Result<Torrent, Error> {
        self.check_served(request)?;
        let made = timeout_at(time.until, self.make(request, time.until, meter)).await;
        let made = made.map_err(|_| self.out_of_time(meter))??;
        Ok(self.stored(request, made, time.end.min(Instant::now() + SIDECAR_TIMEOUT), meter).await)
    }

    /// Refuses what lies in none of `BUCKETS`.
    ///
    /// # Errors
    /// [`Error::BucketNotServed`].
    pub fn check_served(&self, request: &TorrentRequest) -> Result<(), Error> {
        let is_served = self.config.buckets.contains(&request.object.bucket);
        is_served.then_some(()).ok_or(Error::BucketNotServed)
    }

    /// HEAD and sidecar side by side: one round trip.
    async fn found(
        &self,
        request: &TorrentRequest,
        source: &Source,
        meter: &Meter,
    ) -> Result<(ObjectHead, Slot), Error> {
        let head = async { source.head().await.map_err(Error::S3) };
        let slot = async { Ok(self.read_sidecar(request, meter).await) };
        tokio::try_join!(head, slot)
    }

    /// An object replaced while it is read starts anew, once.
    async fn make(&self, request: &TorrentRequest, until: Instant, meter: &Meter) -> Result<Made, Error> {
        let source = self.source(request, meter);
        let (mut head, slot) = self.found(request, &source, meter).await?;
        let mut found = self.info(request, &source, &head, &slot, until, meter).await;
        if let Err(Error::S3(s3::Error::Changed)) = found {
            tracing::info!("the object changed while it was read: starting anew");
            head = source.head().await.map_err(Error::S3)?;
            found = self
                .info(request, &source, &head, &slot, until, meter)
                .await
                .map_err(Error::or_changed_twice);
        }
        let hashed = found?;
        meter.set_piece_count(hashed.info.pieces.count().unwrap_or_default());
        let torrent = self.wrap(request, &head, hashed)?;
        let slot = slot.unless_it_holds(&torrent);
        Ok(Made { torrent, head, slot })
    }

    /// The `info` of what `head` describes, from the first origin that has it.
    async fn info(
        &self,
        request: &TorrentRequest,
        source: &Source,
        head: &ObjectHead,
        slot: &Slot,
        until: Instant,
        meter: &Meter,
    ) -> Result<Hashed, Error> {
        if let Some(hashed) = self.known_info(request, head, slot, meter).await? {
            return Ok(hashed);
        }
        if let Some(hashed) = self.info_by_job(request, head, slot, until, meter).await? {
            return Ok(hashed);
        }
        let piece_length = piece_length(head, &self.config)?;
        let all = ByteRange { start: 0, end: head.length };
        let pieces = hashes::of_span(source, head, all, piece_length, &self.config).await?;
        let name = torrent_name(&request.object.key);
        let info = Info { length: head.length, name, piece_length: piece_length.get(), pieces };
        Hashed::new(info, Origin::Object)
    }

    /// The same, where the object need not be read.
    async fn known_info(
        &self,
        request: &TorrentRequest,
        head: &ObjectHead,
        slot: &Slot,
        meter: &Meter,
    ) -> Result<Option<Hashed>, Error> {
        check(head, &self.config)?;
        let name = torrent_name(&request.object.key);
        if let Some((info, info_hash)) = slot.verified_info(head, &name, self.config.piece_length) {
            return Ok(Some(Hashed { info, info_hash, origin: Origin::Sidecar }));
        }
        let part_checksums = self.part_checksums.as_ref();
        let info = part_checksums::info(part_checksums, request, head, &name, &self.config, meter).await?;
        info.map(|info| Hashed::new(info, Origin::PartChecksums)).transpose()
    }

    fn out_of_time(&self, meter: &Meter) -> Error {
        let size = meter.object_size();
        let reader = match &self.executions {
            None => Reader::Request,
            Some(_) if size > self.config.inline_max_size => Reader::Job,
            Some(_) => Reader::RequestBesideJobs,
        };
        Error::OutOfTime { size, reader }
    }

    fn source(&self, request: &TorrentRequest, meter: &Meter) -> Source {
        let client = match self.config.access {
            Access::FunctionRole if request.presigned.is_none() => &self.clients.signed,
            Access::FunctionRole | Access::PublicRead => &self.clients.unsigned,
        };
        Source::new(client.clone(), request.object.clone(), request.options.clone(), meter.clone())
            .by(request.presigned.clone())
    }

    /// The same for the same object version and configuration, whatever the origin.
    fn wrap(&self, request: &TorrentRequest, head: &ObjectHead, hashed: Hashed) -> Result<Torrent, Error> {
        let Hashed { info, info_hash, origin } = hashed;
        let ObjectId { bucket, key, version_id } = &request.object;
        let region = self.clients.region_of(bucket);
        let place =
            WebSeedPlace { bucket: bucket.as_str(), region: &region, suffix: s3::dns_suffix(&region) };
        let url = |template: &WebSeedTemplate| template.url(&place, key, version_id.as_deref());
        let web_seeds = self.config.web_seeds.iter().filter_map(url).collect();
        let content_disposition = content_disposition::attachment(&format!("{}.torrent", info.name));
        let metainfo = Metainfo::new(info, head.last_modified, &self.config.trackers, web_seeds);
        let bytes = metainfo.to_bytes()?;
        Ok(Torrent {
            bytes,
            content_disposition,
            info_hash: info_hash.to_string(),
            origin,
            request_charged: head.request_charged,
        })
    }

    async fn read_sidecar(&self, request: &TorrentRequest, meter: &Meter) -> Slot {
        match &self.sidecars {
            Some(sidecars) => sidecar::read(sidecars, request, meter).await,
            None => Slot::Closed,
        }
    }

    /// The torrent, once its sidecar is written or `stored_by` has come.
    async fn stored(
        &self,
        request: &TorrentRequest,
        made: Made,
        stored_by: Instant,
        meter: &Meter,
    ) -> Torrent {
        let Made { torrent, head, slot } = made;
        if let Some(sidecars) = &self.sidecars {
            let write = sidecar::write(sidecars, request, &torrent, &head, slot, meter);
            if timeout_at(stored_by, write).await.is_err() {
                tracing::warn!("the sidecar cannot be written in time");
                meter.add_sidecar_failure();
            }
        }
        torrent
    }
}
