//! What one request cost and found out, for the log line that ends it.

use std::sync::{
    Arc, OnceLock,
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
    object_size: OnceLock<u64>,
    piece_count: OnceLock<u64>,
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

    /// The object's size in bytes, once S3 told it.
    #[must_use]
    pub fn object_size(&self) -> Option<u64> {
        self.0.object_size.get().copied()
    }

    /// How many pieces the torrent has, once it is made.
    #[must_use]
    pub fn piece_count(&self) -> Option<u64> {
        self.0.piece_count.get().copied()
    }

    /// Notes the object's size in bytes; the first one told stays.
    pub fn set_object_size(&self, bytes: u64) {
        let _ = self.0.object_size.set(bytes);
    }

    /// Notes the count of pieces.
    pub fn set_piece_count(&self, count: u64) {
        let _ = self.0.piece_count.set(count);
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
