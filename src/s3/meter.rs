//! What one request cost and found out, for the lines that end it: log and metrics.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_s3::{
    config::{ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeTransmitInterceptorContextRef},
    error::BoxError,
};

/// Counts of one request; clones count together.
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
    /// HTTP requests sent to S3, retries included.
    #[must_use]
    pub fn s3_requests(&self) -> u64 {
        self.0.s3_requests.load(Ordering::Relaxed)
    }

    /// Bytes of the object that were hashed.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.0.bytes_read.load(Ordering::Relaxed)
    }

    /// The object's size in bytes as S3 told it last; 0 before that.
    #[must_use]
    pub fn object_size(&self) -> u64 {
        self.0.object_size.load(Ordering::Relaxed)
    }

    /// How many pieces the torrent has; 0 before it is made.
    #[must_use]
    pub fn piece_count(&self) -> u64 {
        self.0.piece_count.load(Ordering::Relaxed)
    }

    /// How often the sidecar did not serve as it should.
    #[must_use]
    pub fn sidecar_failures(&self) -> u64 {
        self.0.sidecar_failures.load(Ordering::Relaxed)
    }

    /// Counts one more.
    pub fn add_sidecar_failure(&self) {
        self.0.sidecar_failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes the count of pieces.
    pub fn set_piece_count(&self, count: u64) {
        self.0.piece_count.store(count, Ordering::Relaxed);
    }

    pub(super) fn set_object_size(&self, bytes: u64) {
        self.0.object_size.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn add_bytes(&self, bytes: u64) {
        self.0.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.s3_requests.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
