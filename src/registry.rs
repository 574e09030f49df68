//! The tracker's table, as those who make torrents know it: they put the mark that registers a torrent. The tracker
//! serves no other torrents.
//!
//! An item belongs to a torrent ([`TORRENT`], the partition key). Its [`PEER`], the sort key, is [`MARK`] or tells a peer.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client, config::Builder, error::SdkError, operation::put_item::PutItemError, primitives::Blob,
    types::AttributeValue,
};
use tokio::time::{Instant, timeout};

use crate::{logging::causes, torrent::InfoHash};

/// The partition key: the info hash, 20 bytes.
pub const TORRENT: &str = "torrent";
/// The sort key, bytes.
pub const PEER: &str = "peer";
/// The torrent's length in bytes: an attribute of the mark. Older marks have none.
pub const LENGTH: &str = "length";
/// The sort key of the mark. It sorts before every peer.
pub const MARK: [u8; 1] = [0];

/// Registering a torrent takes at most this much of a request's time.
const TIMEOUT: Duration = Duration::from_secs(1);
/// A connection may have died while the function was frozen, and then nothing answers. There must be time for another one.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(450);
/// The most that is waited before the second attempt.
const BACKOFF: Duration = Duration::from_millis(50);
/// After a failure, requests do not wait for the table again for so long.
const PAUSE: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 2;
/// At most so many torrents are remembered, so that memory stays bounded.
const MAX_KNOWN: usize = 10_000;

/// The place where torrents are registered.
#[derive(Clone, Debug)]
pub struct Registry {
    client: Client,
    table: String,
    known: Arc<Mutex<Known>>,
}

/// What an instance remembers.
#[derive(Debug, Default)]
struct Known {
    registered: HashSet<InfoHash>,
    paused_until: Option<Instant>,
}

impl Registry {
    /// Uses `table`, with `sdk`'s region, endpoint and credentials.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_timeout(TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF);
        let config = Builder::from(sdk).retry_config(retries).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), table, known: Arc::default() }
    }

    /// Registers `torrent`, which has `length` bytes, unless this instance has done so before. A failure is logged and
    /// fails nothing.
    pub async fn register(&self, torrent: InfoHash, length: u64) {
        if !self.is_due(torrent) {
            return;
        }
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .item(TORRENT, AttributeValue::B(Blob::new(torrent.as_bytes())))
            .item(PEER, AttributeValue::B(Blob::new(MARK)))
            .item(LENGTH, AttributeValue::N(length.to_string()))
            // The mark counts downloads, which another mark in its place would forget.
            .condition_expression("attribute_not_exists(torrent)");
        // Boxed, since the future of every request holds this one.
        let cause = match timeout(TIMEOUT, Box::pin(put.send())).await {
            Ok(Ok(_)) => None,
            Ok(Err(error)) if is_registered(&error) => None,
            Ok(Err(error)) => Some(causes(&error)),
            Err(_) => Some("the table does not answer in time".to_owned()),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        match cause {
            None => {
                if known.registered.len() >= MAX_KNOWN {
                    known.registered.clear();
                }
                known.registered.insert(torrent);
            }
            Some(cause) => {
                known.paused_until = Some(Instant::now() + PAUSE);
                tracing::warn!(cause, "the torrent cannot be registered with the tracker");
            }
        }
    }

    fn is_due(&self, torrent: InfoHash) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        !known.registered.contains(&torrent) && known.paused_until.is_none_or(|until| until <= Instant::now())
    }
}

fn is_registered(error: &SdkError<PutItemError>) -> bool {
    error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception)
}
