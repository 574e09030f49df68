//! The API function: one event, one response, one log line and one of metrics.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_http::{Body, Context, Request, RequestExt, Response};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    error_document::ErrorAnswer,
    request::{Asked, Parsed, parse},
    request_end::RequestEnd,
    response::ResponseTo,
};
use crate::{
    config::Config,
    metrics::Metrics,
    s3::{Endpoints, Meter},
    service::{Error, GetObjectTorrent, SIDECAR_TIMEOUT, Time, Torrent},
};

/// Left of the Lambda's own time to send the answer.
const TO_ANSWER: Duration = Duration::from_millis(500);

/// The API function.
#[derive(Clone, Debug)]
pub struct Api {
    config: Arc<Config>,
    operation: Arc<GetObjectTorrent>,
    endpoints: Arc<Endpoints>,
    metrics: Metrics,
}

impl Api {
    /// The function that serves `operation`.
    #[must_use]
    pub fn new(config: Arc<Config>, operation: GetObjectTorrent) -> Self {
        let endpoints = Arc::new(Endpoints::new(&config.region, config.endpoint.as_deref()));
        Self { config, operation: Arc::new(operation), endpoints, metrics: Metrics::default() }
    }

    /// The same, with its metrics written elsewhere.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Answers `request`; every failure is a response.
    pub async fn handle(self, request: Request) -> Response<Body> {
        let context = request.lambda_context_ref().cloned().unwrap_or_default();
        // At the level that every filter lets through, so that each line has the id.
        let span = tracing::error_span!("request", request_id = context.request_id);
        self.answer(request, &context).instrument(span).await
    }

    async fn answer(&self, request: Request, context: &Context) -> Response<Body> {
        let started = Instant::now();
        let meter = Meter::default();
        let time = time(&self.config, started, context.deadline);
        let parsed = parse(&request, self.config.virtual_host_domain.as_deref(), &self.endpoints);
        let to = ResponseTo {
            method: request.method(),
            headers: request.headers(),
            request_id: &context.request_id,
        };
        let (mut origin, mut code, mut failure) = ("", "", None);
        let response = match self.outcome(&parsed, time, &meter).await {
            Outcome::Preflight => to.preflight(),
            Outcome::Torrent(torrent) => {
                origin = torrent.origin.as_str();
                to.torrent(torrent)
            }
            Outcome::Error(answer, cause) => {
                (code, failure) = (answer.code, cause);
                to.error(&answer, &parsed.resource)
            }
        };
        let status = response.status();
        let failure = failure.as_ref();
        let end = RequestEnd { parsed: &parsed, meter: &meter, started, time, origin, status, code, failure };
        end.write(&self.metrics, context);
        response
    }

    async fn outcome(&self, parsed: &Parsed, time: Time, meter: &Meter) -> Outcome {
        match &parsed.asked {
            Ok(Asked::Preflight) => Outcome::Preflight,
            Err(refusal) => Outcome::Error(ErrorAnswer::from(refusal), None),
            Ok(Asked::Torrent(request)) => match self.operation.get(request, time, meter).await {
                Ok(torrent) => Outcome::Torrent(torrent),
                Err(error) => Outcome::Error(ErrorAnswer::from(&error), Some(error)),
            },
        }
    }
}

enum Outcome {
    Preflight,
    Torrent(Torrent),
    /// With the failure behind it, where the request was not refused from the start.
    Error(ErrorAnswer, Option<Error>),
}

/// How long a request that began at `started` may take: `TIME_BUDGET_MS`, and less where the Lambda's own
/// deadline (milliseconds since 1970) lies ahead and nearer.
fn time(config: &Config, started: Instant, deadline_ms: u64) -> Time {
    let budget = Duration::from_millis(config.time_budget_ms);
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    match deadline.duration_since(SystemTime::now()) {
        Ok(ahead) => {
            let reading = budget.min(ahead.saturating_sub(SIDECAR_TIMEOUT + TO_ANSWER).max(ahead / 2));
            Time { until: started + reading, end: started + ahead.saturating_sub(TO_ANSWER) }
        }
        Err(_) => Time { until: started + budget, end: started + budget + SIDECAR_TIMEOUT },
    }
}
