//! The table of peers, and how it is read.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{Client, config::Builder, primitives::Blob, types::AttributeValue};
use aws_smithy_http_client::{
    self as http,
    tls::{Provider, rustls_provider::CryptoMode},
};

use super::{
    item::{self, Item, Session},
    key::session_key,
};
use crate::{
    registry::{PEER, TORRENT},
    torrent::InfoHash,
};

/// A call must be answered by then. Clients wait longer, but each second of theirs is one of the function's.
const TIMEOUT: Duration = Duration::from_secs(7);
/// A connection may have died while the function was frozen, and then nothing answers. The next attempt takes another one.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2_500);
const ATTEMPTS: u32 = 3;
/// As many connections are kept, fewer than there are attempts: if all of them have died, the last attempt opens one.
const CONNECTIONS: usize = 2;
/// The most that is waited before the second attempt.
const BACKOFF: Duration = Duration::from_millis(100);

/// Why the table cannot be read or written. Callers are told only that it cannot.
pub(super) type TableError = Box<dyn Error + Send + Sync>;

/// The table, in which each item is a peer of one torrent, a client's session, or the mark that registers the torrent.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) client: Client,
    pub(super) name: String,
}

/// Which items are read.
pub(super) enum Keys {
    All,
    /// From the first to the second.
    Between(Vec<u8>, Vec<u8>),
}

/// How they are read.
pub(super) struct Read {
    /// As many are read, if there are so many. Each of them costs.
    pub(super) limit: usize,
    /// Only items that are not out of date at that time are returned.
    pub(super) alive_at: Option<u64>,
    /// Whether the latest writes must be seen, which costs twice as much.
    pub(super) is_consistent: bool,
    /// Whether the last come first.
    pub(super) is_backward: bool,
}

impl Read {
    /// At most `limit` items, in order, as they most likely are.
    pub(super) fn first(limit: usize) -> Self {
        Self { limit, alive_at: None, is_consistent: false, is_backward: false }
    }
}

/// Items that lie side by side.
pub(super) struct Page {
    pub(super) items: Vec<Item>,
    /// The sort key of the last item, where others may follow it.
    pub(super) end: Option<Vec<u8>>,
}

impl Table {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_timeout(TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(BACKOFF);
        let tls = Provider::Rustls(CryptoMode::AwsLc);
        let http = http::Builder::new().pool_max_idle_per_host(CONNECTIONS).tls_provider(tls).build_https();
        let config = Builder::from(sdk).http_client(http).retry_config(retries).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Reads items of `torrent`.
    pub(super) async fn page(&self, torrent: InfoHash, keys: Keys, read: Read) -> Result<Page, TableError> {
        let limit = i32::try_from(read.limit).unwrap_or(i32::MAX);
        let query = self.client.query().table_name(&self.name).limit(limit);
        let mut query = query.consistent_read(read.is_consistent).scan_index_forward(!read.is_backward);
        query = query.expression_attribute_values(":torrent", bytes(torrent.as_bytes()));
        query = match keys {
            Keys::All => query.key_condition_expression("torrent = :torrent"),
            Keys::Between(from, to) => query
                .key_condition_expression("torrent = :torrent AND peer BETWEEN :from AND :to")
                .expression_attribute_values(":from", bytes(from))
                .expression_attribute_values(":to", bytes(to)),
        };
        if let Some(now) = read.alive_at {
            query = query.filter_expression("expires > :now").expression_attribute_values(":now", number(now));
        }
        // Boxed, as the SDK's futures are large.
        let output = Box::pin(query.send()).await?;
        let end = output.last_evaluated_key().and_then(item::sort_key_of).map(<[u8]>::to_vec);
        Ok(Page { items: output.items.unwrap_or_default(), end })
    }

    /// Reads the session of the client `id`.
    pub(super) async fn session(&self, torrent: InfoHash, id: [u8; 20]) -> Result<Session, TableError> {
        let get = self.client.get_item().table_name(&self.name);
        let get = get.key(TORRENT, bytes(torrent.as_bytes())).key(PEER, bytes(session_key(&id)));
        let item = Box::pin(get.send()).await?.item;
        Ok(item.map(|item| Session::of(&item, id)).unwrap_or_default())
    }
}

pub(super) fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

pub(super) fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
