//! Registering torrents, for the functions that make them.

use std::{
    collections::HashMap,
    error::Error,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{get_item::GetItemError, put_item::PutItemError},
    types::ReturnValuesOnConditionCheckFailure,
};
use tokio::time::Instant;

use super::{
    LENGTH, Table,
    health::FAST_UNTIL,
    item::{self, Item, number},
    key::MARK,
};
use crate::{logging::causes, torrent::InfoHash, tracker::Clock};

/// After a failure, requests do not wait for the table for so long.
const PAUSE: Duration = Duration::from_secs(10);
/// An instance remembers at most so many torrents, so that its memory stays bounded.
const MAX_KNOWN: usize = 10_000;
/// It asks again for the health of a swarm after so many seconds.
const HEALTH_AGE: u64 = 60;

/// The place where torrents are registered.
#[derive(Clone, Debug)]
pub struct Registry {
    table: Table,
    /// The tracker's clock, if the health of swarms is to be read.
    clock: Option<Clock>,
    known: Arc<Mutex<Known>>,
}

/// What an instance remembers.
#[derive(Debug, Default)]
struct Known {
    registered: HashMap<InfoHash, Health>,
    paused_until: Option<Instant>,
}

/// Until when a swarm is fast enough, as its mark said when it was read.
#[derive(Clone, Copy, Debug)]
struct Health {
    read: Instant,
    fast_until: u64,
}

impl Registry {
    /// Registers torrents in `table`.
    pub fn new(table: Table) -> Self {
        Self { table, clock: None, known: Arc::default() }
    }

    /// Also reads whether swarms need web seeds. The tracker writes that by this `clock`.
    pub fn with_health(self, clock: Clock) -> Self {
        Self { clock: Some(clock), ..self }
    }

    /// Registers a torrent of `length` bytes, unless this instance has already done so. Returns whether its swarm needs no
    /// web seeds, which is read at most once a minute. A failure is logged, does not fail the request, and means that the
    /// torrent has web seeds.
    pub async fn register(&self, info_hash: InfoHash, length: u64) -> bool {
        let (health, is_paused) = {
            let known = self.known();
            let is_paused = known.paused_until.is_some_and(|until| until > Instant::now());
            (known.registered.get(&info_hash).copied(), is_paused)
        };
        let is_current =
            |health: &Health| self.clock.is_none_or(|clock| health.read.elapsed() < clock.duration(HEALTH_AGE));
        let health = match health {
            Some(health) if is_current(&health) => health,
            _ if is_paused => return false,
            // Boxed, since the future of every request holds these.
            Some(_) => match Box::pin(self.table.fast_until(info_hash)).await {
                Ok(fast_until) => self.remember(info_hash, fast_until),
                Err(error) => return self.pause(&error, "the swarm's mark cannot be read"),
            },
            None => match Box::pin(self.table.put_mark(info_hash, length)).await {
                Ok(fast_until) => self.remember(info_hash, fast_until),
                Err(error) => return self.pause(&error, "the torrent cannot be registered with the tracker"),
            },
        };
        self.clock.is_some_and(|clock| health.fast_until > clock.now())
    }

    fn remember(&self, info_hash: InfoHash, fast_until: u64) -> Health {
        let health = Health { read: Instant::now(), fast_until };
        let mut known = self.known();
        if known.registered.len() >= MAX_KNOWN {
            known.registered.clear();
        }
        known.registered.insert(info_hash, health);
        health
    }

    fn pause(&self, error: &(dyn Error + 'static), what: &str) -> bool {
        self.known().paused_until = Some(Instant::now() + PAUSE);
        tracing::warn!(cause = causes(error), "{what}");
        false
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Puts the mark of a torrent. The mark counts downloads, so it must not replace another one. Returns until when that
    /// one says that the swarm is fast enough.
    async fn put_mark(&self, info_hash: InfoHash, length: u64) -> Result<u64, SdkError<PutItemError>> {
        let mut mark = item::key(info_hash, MARK);
        mark.insert(LENGTH.to_owned(), number(length));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(mark));
        let put = put.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match put.condition_expression("attribute_not_exists(torrent)").send().await {
            Ok(_) => Ok(0),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failure)) => {
                    Ok(failure.item().map(fast_until).unwrap_or_default())
                }
                _ => Err(error),
            },
        }
    }

    /// Reads until when the swarm of a registered torrent is fast enough.
    async fn fast_until(&self, info_hash: InfoHash) -> Result<u64, SdkError<GetItemError>> {
        let get = self.client.get_item().table_name(&self.name).set_key(Some(item::key(info_hash, MARK)));
        let output = get.projection_expression(FAST_UNTIL).send().await?;
        Ok(output.item().map(fast_until).unwrap_or_default())
    }
}

fn fast_until(mark: &Item) -> u64 {
    item::number_of(mark, FAST_UNTIL).unwrap_or_default()
}
