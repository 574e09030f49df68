//! What ends a request: its one line in the log, and its line of metrics. Every field is always there: empty or 0
//! where there is nothing to tell. Neither headers nor the query are ever in either, nor are bucket and key in the
//! metrics.

use std::time::Duration;

use lambda_http::{Context, http::StatusCode};
use tokio::time::Instant;

use super::request::{Asked, Parsed};
use crate::{
    logging::causes,
    metrics::{self, Metrics, NONE},
    s3::Meter,
    service::{self, Time},
};

/// What is known of a request at its end.
pub(super) struct RequestEnd<'a> {
    pub(super) parsed: &'a Parsed,
    pub(super) meter: &'a Meter,
    pub(super) started: Instant,
    pub(super) time: Time,
    pub(super) origin: &'static str,
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) failure: Option<&'a service::Error>,
}

impl RequestEnd<'_> {
    /// Writes both lines.
    pub(super) fn write(&self, metrics: &Metrics, context: &Context) {
        let duration = self.started.elapsed();
        self.log(duration);
        self.measure(duration, metrics, context);
    }

    /// The cause chain of a 5xx is told once, here.
    fn log(&self, duration: Duration) {
        let address = &self.parsed.address;
        let asked = match &self.parsed.asked {
            Ok(Asked::Torrent(request)) => Some(request),
            _ => None,
        };
        let version_id = asked.and_then(|request| request.object.version_id.as_deref());
        let presigned = asked.is_some_and(|request| request.presigned.is_some());
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
                    duration_ms = milliseconds(duration),
                    status = self.status.as_u16(),
                    code = self.code,
                    cause,
                    "request"
                )
            };
        }
        if self.is_fault() {
            line!(tracing::Level::ERROR);
        } else {
            line!(tracing::Level::INFO);
        }
    }

    fn measure(&self, duration: Duration, metrics: &Metrics, context: &Context) {
        let status = format!("{}xx", self.status.as_u16() / 100);
        let origin = if self.origin.is_empty() { NONE } else { self.origin };
        let bytes_read = self.meter.bytes_read();
        let mut values = vec![
            ("Requests", 1),
            ("Duration", milliseconds(duration)),
            ("BytesRead", bytes_read),
            ("Errors", u64::from(self.is_fault())),
            ("SidecarFailures", u64::from(self.sidecar_failed())),
        ];
        // Who waits for a job takes all the time there is, by design, but reads nothing.
        if bytes_read > 0 {
            values.push(("TimeUsed", self.time_used(duration)));
        }
        metrics.write(context, &metrics::REQUEST, &[("Origin", origin), ("Status", &status)], &values);
    }

    /// A 5xx that is not the caller's doing: neither an operation that is not served (501), which anyone may ask for,
    /// nor a torrent that is only not ready yet.
    fn is_fault(&self) -> bool {
        self.status.is_server_error() && self.failure.is_some_and(|failure| !failure.is_no_fault())
    }

    /// Only where S3 gave the object: nobody sets off an alarm by asking for what is not there.
    fn sidecar_failed(&self) -> bool {
        self.meter.sidecar_failures() > 0 && self.meter.object_size() > 0
    }

    /// Percent of the time there was to make the torrent; over 100 where storing it took longer.
    fn time_used(&self, duration: Duration) -> u64 {
        let allowed = self.time.until.saturating_duration_since(self.started);
        milliseconds(duration) * 100 / milliseconds(allowed).max(1)
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
