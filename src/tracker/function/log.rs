//! The end of a request: its line in the log, and its line of metrics. The log has neither addresses nor queries, and
//! no lines about success unless you ask for them: a million lines would cost as much as the announces.

use crate::{
    invocation::{Invocation, log_outcome},
    logging::causes,
    metrics::{self, Metrics},
    table::TableError,
    tracker::{BUSY, PeerCounts, Refusal, Transfer},
};

/// What is known about a request at its end.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) info_hash: String,
    pub(super) event: &'static str,
    /// The peers of the torrent.
    pub(super) counts: PeerCounts,
    /// The number of peers in the answer.
    pub(super) peers: usize,
    pub(super) completed: bool,
    /// Whether the tracker has reached the client, if it tried.
    pub(super) reached: Option<bool>,
    pub(super) transfer: Transfer,
}

/// Why the answer is only a `failure reason`.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("{BUSY}")]
    Table(#[from] TableError),
}

impl Outcome {
    pub(super) fn write(&self, action: &str, failure: Option<&Failure>, metrics: &Metrics, invocation: &Invocation) {
        let duration_ms = invocation.milliseconds();
        let is_refused = matches!(failure, Some(Failure::Refused(_)));
        let cause = match failure {
            Some(Failure::Table(error)) => Some(causes(&**error)),
            _ => None,
        };
        log_outcome!(
            if cause.is_some() => WARN else DEBUG,
            action,
            info_hash = self.info_hash,
            event = self.event,
            complete = self.counts.seeders,
            incomplete = self.counts.leechers,
            told = self.peers,
            duration_ms,
            failure = failure.map(ToString::to_string).unwrap_or_default(),
            cause,
            "tracker"
        );
        let mut values = vec![
            ("Announces", u64::from(action == "announce")),
            ("Scrapes", u64::from(action == "scrape")),
            ("Refusals", u64::from(is_refused)),
            ("TableFailures", u64::from(cause.is_some())),
            ("Peers", self.counts.peers()),
            ("Completed", u64::from(self.completed)),
            ("SeedChecks", u64::from(self.reached.is_some())),
            ("SeedsReached", u64::from(self.reached == Some(true))),
            ("BytesFromPeers", self.transfer.uploaded),
            ("BytesDownloaded", self.transfer.downloaded),
        ];
        // A line costs by its length, and 0 adds nothing to a sum.
        values.retain(|(_, value)| *value > 0);
        values.push(("TrackerDuration", duration_ms));
        metrics.write(&invocation.context, &metrics::TRACKER, &[], &values);
    }
}
