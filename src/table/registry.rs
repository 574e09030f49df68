//! Registering torrents, for the functions that make them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_sdk_dynamodb::{error::SdkError, operation::put_item::PutItemError};
use tokio::time::Instant;

use super::{
    LENGTH, Table,
    item::{self, number},
    key::MARK,
};
use crate::{logging::causes, torrent::InfoHash};

/// After a failure, requests do not wait for the table for so long.
const PAUSE: Duration = Duration::from_secs(10);
/// An instance remembers at most so many torrents, so that its memory stays bounded.
const MAX_KNOWN: usize = 10_000;

/// The place where torrents are registered.
#[derive(Clone, Debug)]
pub struct Registry {
    table: Table,
    known: Arc<Mutex<Known>>,
}

/// What an instance remembers.
#[derive(Debug, Default)]
struct Known {
    registered: HashSet<InfoHash>,
    paused_until: Option<Instant>,
}

impl Registry {
    /// Registers torrents in `table`.
    pub fn new(table: Table) -> Self {
        Self { table, known: Arc::default() }
    }

    /// Registers a torrent of `length` bytes, unless this instance has already done so. A failure is logged, and does
    /// not fail the request.
    pub async fn register(&self, info_hash: InfoHash, length: u64) {
        if !self.is_due(info_hash) {
            return;
        }
        // Boxed, since the future of every request holds this one.
        let result = Box::pin(self.table.put_mark(info_hash, length)).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match result {
            Err(error) if !is_registered(&error) => {
                known.paused_until = Some(Instant::now() + PAUSE);
                tracing::warn!(cause = causes(&error), "the torrent cannot be registered with the tracker");
            }
            _ => {
                if known.registered.len() >= MAX_KNOWN {
                    known.registered.clear();
                }
                known.registered.insert(info_hash);
            }
        }
    }

    fn is_due(&self, info_hash: InfoHash) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        !known.registered.contains(&info_hash) && known.paused_until.is_none_or(|until| until <= Instant::now())
    }
}

impl Table {
    /// Puts the mark of a torrent. The mark counts downloads, so it must not replace another one.
    async fn put_mark(&self, info_hash: InfoHash, length: u64) -> Result<(), SdkError<PutItemError>> {
        let mut mark = item::key(info_hash, MARK);
        mark.insert(LENGTH.to_owned(), number(length));
        let put = self.client.put_item().table_name(&self.name).set_item(Some(mark));
        put.condition_expression("attribute_not_exists(torrent)").send().await.map(drop)
    }
}

fn is_registered(error: &SdkError<PutItemError>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}
