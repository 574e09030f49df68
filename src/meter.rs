//! The counts of one request, for its line in the log and its line of metrics.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The counts of one request or task. Clones count together.
pub type Meter = Arc<RequestCounts>;

/// What is counted.
#[derive(Debug, Default)]
pub struct RequestCounts {
    /// HTTP requests sent to S3, retries included.
    pub s3_requests: Counter,
    /// Bytes of the object that were hashed.
    pub bytes_read: Counter,
    /// The object's size in bytes as S3 last told it, or 0 before that.
    pub object_size: Counter,
    /// The number of objects in the collection, or 0 where one object is asked for.
    pub objects: Counter,
    /// The number of pieces that the torrent has, or 0 before there is a torrent.
    pub piece_count: Counter,
    /// How many torrents were given without web seeds, because their swarm is fast enough: 0 or 1.
    pub without_web_seeds: Counter,
    /// How often the sidecar could not be read or written as it should.
    pub sidecar_failures: Counter,
}

/// A number that several tasks may change.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Returns the number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Adds `more` to the number.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// Replaces the number.
    pub fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }
}
