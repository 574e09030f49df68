//! From an event to its response, a line in the log, and a line of metrics. The log has neither addresses nor queries, and
//! says nothing of what went well unless it is asked to: a million lines would cost as much as the announces.

use lambda_runtime::Context;
use serde_json::Value;
use tokio::{task::JoinSet, time::Instant};

use super::{
    Tracker,
    event::{Action, Request, found, not_found},
    table::TableError,
};
use crate::{
    logging::causes,
    metrics,
    torrent::InfoHash,
    tracker::{Announce, BUSY, Counts, Query, Refusal, announced, busy, refused, scraped, torrents_of},
};

/// What is told of a request at its end.
#[derive(Default)]
struct Told {
    info_hash: String,
    event: &'static str,
    counts: Counts,
    peers: usize,
    completed: bool,
    uploaded: u64,
    downloaded: u64,
}

/// Why there is only a `failure reason`.
enum Failure {
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
    /// Answers `event`. Failures are answers, too.
    pub(super) async fn answer(&self, event: &Value, context: &Context) -> Value {
        let started = Instant::now();
        let request = Request::of(event);
        let mut told = Told::default();
        let body = match request.action {
            Action::Announce => self.announce(&request, &mut told).await,
            Action::Scrape => self.scrape(request.query).await,
            Action::Other => return not_found(),
        };
        self.tell(request.action, &told, body.as_ref().err(), started, context);
        found(&body.unwrap_or_else(|failure| match failure {
            Failure::Refused(refusal) => refused(&refusal.to_string()),
            Failure::Table(_) => busy(),
        }))
    }

    /// One read, and one write. What is not registered is not written.
    async fn announce(&self, request: &Request<'_>, told: &mut Told) -> Result<Vec<u8>, Failure> {
        let announce = Announce::parse(request.query, request.address?)?;
        (told.info_hash, told.event) = (announce.torrent.to_string(), announce.event.as_str());
        let mut random = fastrand::Rng::new();
        let swarm = self.table.swarm(announce.torrent, random.u64(..)).await?.ok_or(Refusal::Unregistered)?;
        let before = self.table.write(&announce).await?;
        let counts = !swarm.knows_by_ipv4(&announce.peer);
        if counts {
            let transfer = announce.transfer(before.as_ref());
            (told.uploaded, told.downloaded) = (transfer.uploaded, transfer.downloaded);
        }
        if counts && announce.completes(before.as_ref()) {
            // A number that is too low by one is worth no failure.
            let counted = self.table.complete(announce.torrent).await;
            let warn = |error: &TableError| tracing::warn!(cause = causes(&**error), "a download is not counted");
            told.completed = counted.inspect_err(warn).is_ok();
        }
        let peers = swarm.choose(&announce, &mut random);
        (told.counts, told.peers) = (swarm.counts_after(&announce), peers.len());
        Ok(announced(told.counts, swarm.completed + u64::from(told.completed), &peers, &mut random))
    }

    /// Torrents that are not registered are left out.
    async fn scrape(&self, query: Query<'_>) -> Result<Vec<u8>, Failure> {
        let mut reads = JoinSet::new();
        for torrent in torrents_of(query)? {
            let table = self.table.clone();
            reads.spawn(async move { Ok((torrent, table.swarm(torrent, fastrand::u64(..)).await?)) });
        }
        let read: Result<Vec<(InfoHash, _)>, TableError> = reads.join_all().await.into_iter().collect();
        let registered = read?.into_iter().filter_map(|(torrent, swarm)| Some((torrent, swarm?)));
        Ok(scraped(registered.map(|(torrent, swarm)| (torrent, swarm.counts(), swarm.completed))))
    }

    fn tell(&self, action: Action, told: &Told, failure: Option<&Failure>, started: Instant, context: &Context) {
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
