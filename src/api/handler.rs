//! The API function: for each event, one response, one line in the log and one of metrics.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_http::{Body, Request, RequestExt, Response};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    error_document::ErrorAnswer,
    request::{Call, Parsed, parse},
    request_end::RequestEnd,
    response::ResponseTo,
    torrents::{Error, Time, Torrents},
};
use crate::{
    config::Config,
    invocation::Invocation,
    jobs::Jobs,
    meter::Meter,
    metrics::Metrics,
    operation::{GetObjectTorrent, SIDECAR_TIMEOUT, Torrent},
    s3::access::Endpoints,
};

/// This much of the Lambda's own time is left to send the answer.
const TIME_TO_ANSWER: Duration = Duration::from_millis(500);

/// The API function.
#[derive(Clone, Debug)]
pub struct Api {
    config: Arc<Config>,
    torrents: Torrents,
    endpoints: Arc<Endpoints>,
    metrics: Metrics,
}

impl Api {
    /// Makes the function that serves `operation`. Without `jobs`, every object is read in the request.
    pub fn new(config: Arc<Config>, operation: GetObjectTorrent, jobs: Option<Jobs>) -> Self {
        let endpoints = Arc::new(Endpoints::new(&config.region, config.endpoint.as_deref()));
        Self { config, torrents: Torrents::new(operation, jobs), endpoints, metrics: Metrics::default() }
    }

    /// Writes the metrics elsewhere than to standard output.
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Answers `request`. Every failure is a response.
    pub async fn handle(self, request: Request) -> Response<Body> {
        let invocation = Invocation::begin(request.lambda_context_ref().cloned().unwrap_or_default());
        self.answer(request, &invocation).instrument(invocation.span()).await
    }

    async fn answer(&self, request: Request, invocation: &Invocation) -> Response<Body> {
        let (context, meter) = (&invocation.context, Meter::default());
        let time = time(&self.config, invocation.started, context.deadline);
        let parsed = parse(&request, &self.config, &self.endpoints);
        let to = ResponseTo { method: request.method(), headers: request.headers(), request_id: &context.request_id };
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
        let end = RequestEnd { invocation, parsed: &parsed, meter: &meter, time, origin, status, code, failure };
        end.write(&self.metrics);
        response
    }

    async fn outcome(&self, parsed: &Parsed, time: Time, meter: &Meter) -> Outcome {
        match parsed.call.clone() {
            Ok(Call::Preflight) => Outcome::Preflight,
            Err(refusal) => Outcome::Error(ErrorAnswer::from(&refusal), None),
            Ok(Call::Torrent { request, may_start_job }) => {
                match self.torrents.get(request, may_start_job, time, meter).await {
                    Ok(torrent) => Outcome::Torrent(torrent),
                    Err(error) => Outcome::Error(ErrorAnswer::from(&error), Some(error)),
                }
            }
        }
    }
}

/// What a request is answered with.
enum Outcome {
    Preflight,
    Torrent(Torrent),
    /// The error, with the failure behind it, unless the request was refused from the start.
    Error(ErrorAnswer, Option<Error>),
}

/// Returns how long a request that began at `started` may take: `TIME_BUDGET_MS`, or less where the Lambda's own deadline
/// (milliseconds since 1970) lies ahead and is nearer.
fn time(config: &Config, started: Instant, deadline_ms: u64) -> Time {
    let budget = Duration::from_millis(config.time_budget_ms);
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    match deadline.duration_since(SystemTime::now()) {
        Ok(ahead) => {
            let reading = budget.min(ahead.saturating_sub(SIDECAR_TIMEOUT + TIME_TO_ANSWER).max(ahead / 2));
            Time { until: started + reading, end: started + ahead.saturating_sub(TIME_TO_ANSWER) }
        }
        Err(_) => Time { until: started + budget, end: started + budget + SIDECAR_TIMEOUT },
    }
}
