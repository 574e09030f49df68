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
    request::{Call, parse},
    request_end::RequestEnd,
    response::ResponseTo,
    torrents::{Deadlines, Torrents},
};
use crate::{
    config::Config,
    invocation::Invocation,
    jobs::Jobs,
    meter::Meter,
    metrics::Metrics,
    operation::{GetObjectTorrent, SIDECAR_TIMEOUT},
    s3::access::Endpoints,
};

/// The part of the Lambda's own time that is kept for sending the answer.
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
    /// Makes the function. Without `jobs`, requests read every object.
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
        let deadlines = deadlines(&self.config, invocation.started, context.deadline);
        let parsed = parse(&request, &self.config, &self.endpoints);
        let to = ResponseTo { method: request.method(), headers: request.headers(), request_id: &context.request_id };
        let (mut origin, mut code, mut failure) = ("", "", None);
        let response = match parsed.call.clone() {
            Ok(Call::Preflight) => to.preflight(),
            Ok(Call::Torrent { request, may_start_job }) => {
                match self.torrents.get(request, may_start_job, deadlines, &meter).await {
                    Ok(torrent) => {
                        origin = torrent.origin.as_str();
                        to.torrent(torrent)
                    }
                    Err(error) => {
                        let answer = ErrorAnswer::from(&error);
                        (code, failure) = (answer.code, Some(error));
                        to.error(&answer, &parsed.resource)
                    }
                }
            }
            Err(refusal) => {
                let answer = ErrorAnswer::from(&refusal);
                code = answer.code;
                to.error(&answer, &parsed.resource)
            }
        };
        let (status, failure) = (response.status(), failure.as_ref());
        let end = RequestEnd { invocation, parsed: &parsed, meter: &meter, deadlines, origin, status, code, failure };
        end.write(&self.metrics);
        response
    }
}

/// Returns the deadlines of a request that began at `started`: `TIME_BUDGET_MS`, or the Lambda's own deadline
/// (milliseconds since 1970) if that is nearer. Local runtimes give a deadline in the past, which is ignored.
fn deadlines(config: &Config, started: Instant, deadline_ms: u64) -> Deadlines {
    let budget = Duration::from_millis(config.time_budget_ms);
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    match deadline.duration_since(SystemTime::now()) {
        Ok(ahead) => {
            let reading = budget.min(ahead.saturating_sub(SIDECAR_TIMEOUT + TIME_TO_ANSWER).max(ahead / 2));
            Deadlines { torrent: started + reading, answer: started + ahead.saturating_sub(TIME_TO_ANSWER) }
        }
        Err(_) => Deadlines { torrent: started + budget, answer: started + budget + SIDECAR_TIMEOUT },
    }
}
