//! Counts of one request, for the lines that end it: the log's and the metrics'.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The counts of one request or task. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    s3_requests: AtomicU64,
    bytes_read: AtomicU64,
    object_size: AtomicU64,
    piece_count: AtomicU64,
    sidecar_failures: AtomicU64,
}

impl Meter {
    /// Returns how many HTTP requests were sent to S3, retries included.
    #[must_use]
    pub fn s3_requests(&self) -> u64 {
        self.0.s3_requests.load(Ordering::Relaxed)
    }

    /// Returns how many bytes of the object were hashed.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.0.bytes_read.load(Ordering::Relaxed)
    }

    /// Returns the object's size in bytes as S3 last told it, or 0 before that.
    #[must_use]
    pub fn object_size(&self) -> u64 {
        self.0.object_size.load(Ordering::Relaxed)
    }

    /// Returns how many pieces the torrent has, or 0 before there is a torrent.
    #[must_use]
    pub fn piece_count(&self) -> u64 {
        self.0.piece_count.load(Ordering::Relaxed)
    }

    /// Returns how often the sidecar could not be read or written as it should.
    #[must_use]
    pub fn sidecar_failures(&self) -> u64 {
        self.0.sidecar_failures.load(Ordering::Relaxed)
    }

    /// Counts one more request to S3.
    pub fn add_s3_request(&self) {
        self.0.s3_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts `bytes` more that were hashed.
    pub fn add_bytes_read(&self, bytes: u64) {
        self.0.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts one more failure of the sidecar.
    pub fn add_sidecar_failure(&self) {
        self.0.sidecar_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Records the object's size in bytes.
    pub fn set_object_size(&self, bytes: u64) {
        self.0.object_size.store(bytes, Ordering::Relaxed);
    }

    /// Records how many pieces the torrent has.
    pub fn set_piece_count(&self, count: u64) {
        self.0.piece_count.store(count, Ordering::Relaxed);
    }
}
