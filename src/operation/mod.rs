//! GetObjectTorrent itself: the object's checks, the sidecar as a cache, where piece hashes come from, and the torrent
//! built around them.
//!
//! [`GetObjectTorrent::open`] binds the operation to one request. Then a request goes *look up, hash, store*, and a job
//! goes *look up, hash span by span, build*.

mod bound_operation;
mod build;
mod cache;
mod checks;
mod collection;
mod content_disposition;
mod error;
mod hashing;
mod known_hashes;
mod origin;
mod request;
mod subject;
mod torrent;

use std::sync::Arc;

pub use self::{
    bound_operation::{BoundOperation, Lookup, Unread},
    cache::SIDECAR_TIMEOUT,
    collection::{BadName, Collection, CollectionError, Member},
    error::Error,
    origin::Origin,
    request::TorrentRequest,
    subject::Subject,
    torrent::{CONTENT_TYPE, Torrent, UnstoredTorrent},
};
use crate::{config::Config, meter::Meter, s3::access::Clients, table::Registry};

/// The operation, with everything that outlives a request.
#[derive(Clone, Debug)]
pub struct GetObjectTorrent {
    config: Arc<Config>,
    clients: Clients,
    registry: Option<Registry>,
}

impl GetObjectTorrent {
    /// Makes the operation of `config`. Without credentials, it caches nothing and asks for nothing but the object.
    pub fn new(config: Arc<Config>, clients: Clients) -> Self {
        Self { config, clients, registry: None }
    }

    /// Registers each torrent in `registry`, where there is a tracker.
    pub fn with_registry(self, registry: Option<Registry>) -> Self {
        Self { registry, ..self }
    }

    /// Binds the operation to `request`, whose counts go to `meter`. No call to S3 is made yet.
    ///
    /// # Errors
    /// Returns [`Error::BucketNotServed`] where `BUCKETS` does not list the bucket.
    pub fn open(&self, request: TorrentRequest, meter: &Meter) -> Result<BoundOperation, Error> {
        if !self.config.buckets.contains(&request.object.bucket) {
            return Err(Error::BucketNotServed);
        }
        Ok(BoundOperation::new(Arc::clone(&self.config), &self.clients, self.registry.clone(), request, meter))
    }
}
