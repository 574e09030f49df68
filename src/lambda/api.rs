//! The API function: one event, one response, one log line.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_http::{Body, Context, Request, RequestExt, Response};
use tokio::time::Instant;
use tracing::Instrument;

use super::{
    error_document::ErrorAnswer,
    log_line::LogLine,
    request::{Asked, Parsed, parse},
    response::ResponseTo,
};
use crate::{
    config::Config,
    s3::Meter,
    service::{Error, GetObjectTorrent, SIDECAR_TIMEOUT, Torrent},
};

/// Left of the Lambda's own time when the budget ends: to store a sidecar, and to answer.
const MARGIN: Duration = SIDECAR_TIMEOUT.saturating_add(Duration::from_millis(500));

/// The API function.
#[derive(Clone, Debug)]
pub struct Api {
    config: Arc<Config>,
    operation: Arc<GetObjectTorrent>,
}

impl Api {
    /// The function that serves `operation`.
    #[must_use]
    pub fn new(config: Arc<Config>, operation: GetObjectTorrent) -> Self {
        Self { config, operation: Arc::new(operation) }
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
        let parsed = parse(&request, self.config.virtual_host_domain.as_deref());
        let to = ResponseTo {
            method: request.method(),
            headers: request.headers(),
            request_id: &context.request_id,
        };
        let deadline = started + budget(&self.config, context.deadline);
        let outcome = self.outcome(&parsed, deadline, &meter).await;
        let (response, origin, code) = match &outcome {
            Outcome::Preflight => (to.preflight(), "", ""),
            Outcome::Torrent(torrent) => (to.torrent(torrent.clone()), torrent.origin.as_str(), ""),
            Outcome::Refused(answer) | Outcome::Failed(answer, _) => {
                (to.error(answer, &parsed.resource), "", answer.code)
            }
        };
        let failure = if let Outcome::Failed(_, error) = &outcome { Some(error) } else { None };
        let status = response.status();
        LogLine { parsed: &parsed, meter: &meter, started, origin, status, code, failure }.write();
        response
    }

    async fn outcome(&self, parsed: &Parsed, deadline: Instant, meter: &Meter) -> Outcome {
        match &parsed.asked {
            Ok(Asked::Preflight) => Outcome::Preflight,
            Err(refusal) => Outcome::Refused(ErrorAnswer::from(*refusal)),
            Ok(Asked::Torrent(request)) => match self.operation.get(request, deadline, meter).await {
                Ok(torrent) => Outcome::Torrent(torrent),
                Err(error) => Outcome::Failed(ErrorAnswer::from(&error), error),
            },
        }
    }
}

enum Outcome {
    Preflight,
    Torrent(Torrent),
    Refused(ErrorAnswer),
    Failed(ErrorAnswer, Error),
}

/// How long a request may take: `TIME_BUDGET_MS`, and less where the Lambda's own deadline (milliseconds
/// since 1970) lies ahead and nearer.
fn budget(config: &Config, deadline_ms: u64) -> Duration {
    let configured = Duration::from_millis(config.time_budget_ms);
    let deadline = UNIX_EPOCH + Duration::from_millis(deadline_ms);
    match deadline.duration_since(SystemTime::now()) {
        Ok(ahead) => configured.min(ahead.saturating_sub(MARGIN).max(ahead / 2)),
        Err(_) => configured,
    }
}
