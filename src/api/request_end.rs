//! The end of a request: its line in the log, and its line of metrics. A field that does not apply is empty or 0.
//! Neither line ever has headers or the query, and the metrics have neither bucket nor key.

use lambda_http::http::StatusCode;

use super::{
    request::{Call, Parsed},
    torrents::{Deadlines, Error},
};
use crate::{
    invocation::{Invocation, log_outcome, milliseconds},
    logging::causes,
    meter::Meter,
    metrics::{self, Metrics, NONE},
};

/// What is known about a request at its end.
pub(super) struct RequestEnd<'a> {
    pub(super) invocation: &'a Invocation,
    pub(super) parsed: &'a Parsed,
    pub(super) meter: &'a Meter,
    pub(super) deadlines: Deadlines,
    pub(super) origin: &'static str,
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) failure: Option<&'a Error>,
}

impl RequestEnd<'_> {
    pub(super) fn write(&self, metrics: &Metrics) {
        let duration_ms = self.invocation.milliseconds();
        self.log(duration_ms);
        self.measure(duration_ms, metrics);
    }

    /// This is the only place that logs the causes of a 5xx.
    fn log(&self, duration_ms: u64) {
        let address = &self.parsed.address;
        let asked = match &self.parsed.call {
            Ok(Call::Torrent { request, .. }) => Some(request),
            _ => None,
        };
        let version_id = asked.and_then(|request| request.object.version_id.as_deref());
        let presigned = asked.is_some_and(|request| request.presigned.is_some());
        let cause = self.failure.filter(|_| self.status.is_server_error()).map(|error| causes(error));
        log_outcome!(
            if self.is_fault() => ERROR else INFO,
            bucket = address.bucket,
            key = address.key,
            version_id = version_id.unwrap_or_default(),
            presigned,
            origin = self.origin,
            object_size_bytes = self.meter.object_size.get(),
            objects = self.meter.objects.get(),
            piece_count = self.meter.piece_count.get(),
            bytes_read = self.meter.bytes_read.get(),
            s3_requests = self.meter.s3_requests.get(),
            duration_ms,
            status = self.status.as_u16(),
            code = self.code,
            cause,
            "request"
        );
    }

    fn measure(&self, duration_ms: u64, metrics: &Metrics) {
        let status = format!("{}xx", self.status.as_u16() / 100);
        let origin = if self.origin.is_empty() { NONE } else { self.origin };
        let bytes_read = self.meter.bytes_read.get();
        // Failures count only if S3 has the object, so that nobody can set off an alarm by asking for a missing one.
        let sidecar_failed = self.meter.sidecar_failures.get() > 0 && self.meter.object_size.get() > 0;
        let mut values = vec![
            ("Requests", 1),
            ("Duration", duration_ms),
            ("BytesRead", bytes_read),
            ("Errors", u64::from(self.is_fault())),
            ("SidecarFailures", u64::from(sidecar_failed)),
        ];
        // A request that waits for a job uses all its time by design, and reads nothing.
        if bytes_read > 0 {
            // In percent. It may exceed 100, because storing the torrent has time of its own.
            let allowed = self.deadlines.torrent.saturating_duration_since(self.invocation.started);
            values.push(("TimeUsed", duration_ms * 100 / milliseconds(allowed).max(1)));
        }
        for (name, counter) in [("Objects", &self.meter.objects), ("WithoutWebSeeds", &self.meter.without_web_seeds)] {
            if counter.get() > 0 {
                values.push((name, counter.get()));
            }
        }
        metrics.write(&self.invocation.context, &metrics::REQUEST, &[("Origin", origin), ("Status", &status)], &values);
    }

    /// Returns whether this is a 5xx that an operator should know about. Neither a 501 is one, which anyone can cause,
    /// nor a torrent that is not ready yet.
    fn is_fault(&self) -> bool {
        self.status.is_server_error() && self.failure.is_some_and(|failure| !failure.is_only_early())
    }
}
