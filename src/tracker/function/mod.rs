//! The tracker as a Lambda function behind a Function URL.

mod announce;
mod event;
mod log;
mod reach;

use std::{convert::Infallible, time::Duration};

use lambda_runtime::LambdaEvent;
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};
use tracing::Instrument;

use self::{
    event::{Request, not_found, ok},
    log::{Failure, Outcome},
};
use super::{Clock, FailureResponse, HealthRules, Query, Schedule, ScrapeRequest, ScrapeResponse, encode};
use crate::{
    config::TrackerConfig,
    invocation::Invocation,
    metrics::Metrics,
    table::{Table, TableError},
};

/// The longest time for an answer. Lambda ends the function a second later.
const TIMEOUT: Duration = Duration::from_secs(9);

/// The tracker function.
#[derive(Clone, Debug)]
pub struct Tracker {
    table: Table,
    metrics: Metrics,
    clock: Clock,
    health: Option<HealthRules>,
    checks_any_address: bool,
}

impl Tracker {
    /// Keeps the peers in `table`. If `ENOUGH_SPEED` is not 0, it also says when torrents need no web seeds.
    pub fn new(table: Table, config: &TrackerConfig) -> Self {
        let TrackerConfig { enough_speed, clock, checks_any_address, .. } = *config;
        let health = (enough_speed > 0).then_some(HealthRules { enough_speed, clock });
        Self { table, metrics: Metrics::default(), clock, health, checks_any_address }
    }

    /// Writes the metrics elsewhere than to standard output.
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Answers an event. Every event gets a response.
    ///
    /// # Errors
    /// Returns none.
    pub async fn handle(self, event: LambdaEvent<Value>) -> Result<Value, Infallible> {
        let invocation = Invocation::begin(event.context);
        Ok(self.answer(&event.payload, &invocation).instrument(invocation.span()).await)
    }

    async fn answer(&self, event: &Value, invocation: &Invocation) -> Value {
        let request = Request::of(event);
        let mut outcome = Outcome::default();
        let answer = async {
            match request.action {
                "announce" => self.announce(&request, &mut outcome).await.map(Some),
                "scrape" => self.scrape(request.query).await.map(Some),
                _ => Ok(None),
            }
        };
        let answer = timeout(TIMEOUT, answer).await.unwrap_or_else(|late| Err(Failure::Table(late.into())));
        let Some(answer) = answer.transpose() else { return not_found() };
        outcome.write(request.action, answer.as_ref().err(), &self.metrics, invocation);
        ok(&answer.unwrap_or_else(|failure| match failure {
            Failure::Refused(error) => encode(&FailureResponse::refused(error.to_string())),
            Failure::Table(_) => encode(&FailureResponse::busy()),
        }))
    }

    /// Answers a scrape, which leaves out torrents that are not registered.
    async fn scrape(&self, query: Query<'_>) -> Result<Vec<u8>, Failure> {
        let mut reads = JoinSet::new();
        for info_hash in ScrapeRequest::parse(query)?.info_hashes {
            let partition = self.table.partition(info_hash, self.clock.now(), self.schedule().lifetime);
            reads.spawn(async move { Ok((info_hash, partition.swarm(&mut fastrand::Rng::new()).await?)) });
        }
        let read: Result<Vec<_>, TableError> = reads.join_all().await.into_iter().collect();
        let registered = read?.into_iter().filter_map(|(info_hash, swarm)| Some((info_hash, swarm?)));
        Ok(encode(&ScrapeResponse::new(registered)))
    }

    fn schedule(&self) -> Schedule {
        if self.health.is_some() { Schedule::CLOSE } else { Schedule::USUAL }
    }
}
