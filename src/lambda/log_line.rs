//! The one line that ends a request. Every field is always there: empty or 0 where there is nothing to
//! tell. Neither headers nor the query are ever in it.

use lambda_http::http::StatusCode;
use tokio::time::Instant;

use super::request::{Asked, Parsed};
use crate::{logging::causes, s3::Meter, service};

/// What is known of a request at its end.
pub(super) struct LogLine<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) meter: &'a Meter,
    pub(super) started: Instant,
    pub(super) origin: &'static str,
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) failure: Option<&'a service::Error>,
}

impl LogLine<'_> {
    /// Writes it; the cause chain of a 5xx is in it, once.
    pub(super) fn write(&self) {
        let address = &self.parsed.address;
        let asked = match &self.parsed.asked {
            Ok(Asked::Torrent(request)) => Some(request),
            _ => None,
        };
        let version_id = asked.and_then(|request| request.object.version_id.as_deref());
        let presigned = asked.is_some_and(|request| request.presigned.is_some());
        let duration_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let cause = self.failure.filter(|_| self.status.is_server_error()).map(|error| causes(error));
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    $level,
                    bucket = address.bucket,
                    key = address.key,
                    version_id = version_id.unwrap_or_default(),
                    presigned,
                    origin = self.origin,
                    object_size_bytes = self.meter.object_size(),
                    piece_count = self.meter.piece_count(),
                    bytes_read = self.meter.bytes_read(),
                    s3_requests = self.meter.s3_requests(),
                    duration_ms,
                    status = self.status.as_u16(),
                    code = self.code,
                    cause,
                    "request"
                )
            };
        }
        if self.status.is_server_error() && !self.failure.is_some_and(service::Error::is_no_fault) {
            line!(tracing::Level::ERROR);
        } else {
            line!(tracing::Level::INFO);
        }
    }
}
