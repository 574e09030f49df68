//! From an event to its response.

use std::time::Duration;

use lambda_runtime::Context;
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};

use super::{
    Tracker,
    event::{Action, Request, found, not_found},
    key::Zone,
    outcome::{Failure, Told},
    reading::Wish,
    table::{Table, TableError, now},
};
use crate::{
    torrent::InfoHash,
    tracker::{Query, Swarm, busy, refused, scraped, torrents_of},
};

/// An answer takes no longer. The function is ended a second after that.
const TIMEOUT: Duration = Duration::from_secs(9);

impl Tracker {
    /// Answers `event`. Failures are answers, too.
    pub(super) async fn answer(&self, event: &Value, context: &Context) -> Value {
        let started = Instant::now();
        let request = Request::of(event);
        let mut told = Told::default();
        let answer = async {
            match request.action {
                Action::Announce => self.announce(&request, &mut told).await.map(Some),
                Action::Scrape => self.scrape(request.query).await.map(Some),
                Action::Other => Ok(None),
            }
        };
        let answer = timeout(TIMEOUT, answer).await.unwrap_or_else(|late| Err(Failure::Table(late.into())));
        let Some(body) = answer.transpose() else { return not_found() };
        self.tell(request.action, &told, body.as_ref().err(), started, context);
        found(&body.unwrap_or_else(|failure| match failure {
            Failure::Refused(refusal) => refused(&refusal.to_string()),
            Failure::Table(_) => busy(),
        }))
    }

    /// Torrents that are not registered are left out.
    async fn scrape(&self, query: Query<'_>) -> Result<Vec<u8>, Failure> {
        let mut reads = JoinSet::new();
        for torrent in torrents_of(query)? {
            let table = self.table.clone();
            reads.spawn(async move { Ok((torrent, table.swarm(torrent).await?)) });
        }
        let read: Result<Vec<(InfoHash, _)>, TableError> = reads.join_all().await.into_iter().collect();
        let registered = read?.into_iter().filter_map(|(torrent, swarm)| Some((torrent, swarm?)));
        Ok(scraped(registered.map(|(torrent, swarm)| (torrent, swarm.counts(), swarm.completed))))
    }
}

impl Table {
    /// Reads some of the peers of `torrent`, which stand for all.
    async fn swarm(&self, torrent: InfoHash) -> Result<Option<Swarm>, TableError> {
        let now = now();
        let Some(head) = self.head(torrent, now).await? else { return Ok(None) };
        let [seeders, leechers] = [Zone::Seeders, Zone::Leechers].map(|zone| fastrand::u64(zone.places()));
        let wish = Wish { seeders: Some(seeders), leechers, is_backward: fastrand::bool(), enough: 0, now };
        Ok(Some(self.rest(torrent, head, &wish).await?.swarm))
    }
}
