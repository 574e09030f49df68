//! GetObjectTorrent itself: the object's checks, the sidecar as a cache, where piece hashes come from, and the torrent
//! built around them.
//!
//! [`GetObjectTorrent::open`] binds the operation to one request. A request then goes *look up, read, store*, and a job
//! *look up, hash span by span, assemble*.

mod bound_operation;
mod build;
mod cache;
mod checks;
mod collection;
mod content_disposition;
mod error;
mod hashing;
mod known_hashes;
mod subject;
mod torrent;

use std::sync::Arc;

pub use self::{
    bound_operation::{BoundOperation, Lookup, Unread},
    cache::SIDECAR_TIMEOUT,
    collection::{BadName, CollectionError, Member},
    error::Error,
    subject::Subject,
    torrent::{CONTENT_TYPE, Origin, Torrent, UnstoredTorrent},
};
use crate::{
    config::Config,
    object::{CallOptions, ObjectId},
    s3::access::{Clients, PresignedUrl},
    table::Registry,
};

/// A checked request for the torrent of an object or a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorrentRequest {
    /// The object, or the prefix of a collection.
    pub object: ObjectId,
    /// The options that go with every call on the object's bucket.
    pub options: CallOptions,
    /// Whether the key names a prefix if it names no object with content.
    pub may_be_prefix: bool,
    /// Whether the torrent has web seeds even if its swarm needs none.
    pub always_web_seeds: bool,
    /// The caller's proof of READ access. The object is then read by this URL.
    pub presigned: Option<PresignedUrl>,
}

/// The operation, with everything that outlives a request.
#[derive(Clone, Debug)]
pub struct GetObjectTorrent {
    config: Arc<Config>,
    clients: Clients,
    registry: Option<Registry>,
}

impl GetObjectTorrent {
    /// Makes the operation. Without credentials, it only reads the object, and caches nothing.
    pub fn new(config: Arc<Config>, clients: Clients) -> Self {
        Self { config, clients, registry: None }
    }

    /// Registers each torrent in `registry`, if there is a tracker.
    pub fn with_registry(self, registry: Option<Registry>) -> Self {
        Self { registry, ..self }
    }
}
