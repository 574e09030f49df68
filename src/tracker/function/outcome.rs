//! What becomes of a request: its failure, its line in the log, and its line of metrics. The log has neither addresses nor
//! queries, and says nothing of what went well unless it is asked to: a million lines would cost as much as the announces.

use lambda_runtime::Context;
use tokio::time::Instant;

use super::{Tracker, event::Action, table::TableError};
use crate::{
    logging::causes,
    metrics,
    tracker::{BUSY, Counts, Refusal},
};

/// What is told of a request at its end.
#[derive(Default)]
pub(super) struct Told {
    pub(super) info_hash: String,
    pub(super) event: &'static str,
    pub(super) counts: Counts,
    pub(super) peers: usize,
    pub(super) completed: bool,
    pub(super) uploaded: u64,
    pub(super) downloaded: u64,
}

/// Why there is only a `failure reason`.
pub(super) enum Failure {
    Refused(Refusal),
    Table(TableError),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl Tracker {
    pub(super) fn tell(
        &self,
        action: Action,
        told: &Told,
        failure: Option<&Failure>,
        started: Instant,
        context: &Context,
    ) {
        let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let (reason, cause) = match failure {
            None => (String::new(), None),
            Some(Failure::Refused(refusal)) => (refusal.to_string(), None),
            Some(Failure::Table(error)) => (BUSY.to_owned(), Some(causes(&**error))),
        };
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    $level,
                    action = action.as_str(),
                    info_hash = told.info_hash,
                    event = told.event,
                    complete = told.counts.complete,
                    incomplete = told.counts.incomplete,
                    told = told.peers,
                    duration_ms,
                    failure = reason,
                    cause,
                    "tracker"
                )
            };
        }
        if cause.is_some() {
            line!(tracing::Level::WARN);
        } else {
            line!(tracing::Level::DEBUG);
        }
        let (refused, table) = match failure {
            None => (0, 0),
            Some(Failure::Refused(_)) => (1, 0),
            Some(Failure::Table(_)) => (0, 1),
        };
        let values = [
            ("Announces", u64::from(action == Action::Announce)),
            ("Scrapes", u64::from(action == Action::Scrape)),
            ("Refusals", refused),
            ("TableFailures", table),
            ("Peers", told.counts.complete + told.counts.incomplete),
            ("Completed", u64::from(told.completed)),
            ("BytesFromPeers", told.uploaded),
            ("BytesDownloaded", told.downloaded),
            ("TrackerDuration", duration_ms),
        ];
        // A line costs by its length. What is left out adds nothing to a sum.
        let told = values.into_iter().filter(|(name, value)| *value > 0 || *name == "TrackerDuration");
        let values: Vec<_> = told.collect();
        self.metrics.write(context, &metrics::TRACKER, &[], &values);
    }
}
