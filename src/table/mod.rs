//! The tracker's table in `DynamoDB`. Its items belong to torrents; the functions that make torrents put a torrent's
//! mark there, and the tracker serves no other torrents.
//!
//! | attribute | of | value |
//! | --- | --- | --- |
//! | `torrent` | all | the partition key: the info hash |
//! | `peer` | all | the sort key: see `key.rs` |
//! | `length` | the mark | the torrent's length in bytes; marks of earlier versions have none |
//! | `completed` | the mark | how many downloads were completed |
//! | `id`, `left` | a peer | its peer ID, and how many bytes it still needs |
//! | `up`, `down` | a peer | how many bytes the client has moved, as it last said |
//! | `rate`, `since`, … | a peer | its health, if torrents may lack web seeds: see `health.rs` |
//! | `fast_until`, … | the mark | the health of the swarm: see `health.rs` |
//! | `up`, `down` | a session | the same, as it was last counted |
//! | `ipv6` | a session | there if the client announces by IPv6, so another address may also be its own |
//! | `completed` | a session | there if its download was counted |
//! | `expires` | a peer, a session | when it expires, in seconds since 1970; `DynamoDB` removes it some time later |

mod announce;
mod head;
mod health;
mod item;
mod key;
mod page;
mod reading;
mod registry;
mod sample;
mod write;

use std::{error::Error, result, time::Duration};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{Client, config::Builder};
use aws_smithy_http_client::{
    self as http,
    tls::{Provider, rustls_provider::CryptoMode},
};

pub use self::{
    announce::{AnnounceRecord, Opened},
    item::Session,
    registry::Registry,
};
use crate::torrent::InfoHash;

const TORRENT: &str = "torrent";
const PEER: &str = "peer";
const LENGTH: &str = "length";
const COMPLETED: &str = "completed";
const ID: &str = "id";
const LEFT: &str = "left";
const UP: &str = "up";
const DOWN: &str = "down";
const IPV6: &str = "ipv6";
const EXPIRES: &str = "expires";

/// Why the table cannot be read or written.
pub type TableError = Box<dyn Error + Send + Sync>;

type Result<T, E = TableError> = result::Result<T, E>;

/// The table.
#[derive(Clone, Debug)]
pub struct Table {
    client: Client,
    name: String,
}

/// The items of one torrent, as they are or should be at a time.
#[derive(Clone, Debug)]
pub struct Partition {
    client: Client,
    table: String,
    info_hash: InfoHash,
    /// In seconds since 1970 of the tracker's clock.
    now: u64,
    /// How long a peer or a session is kept, in the same seconds.
    lifetime: u64,
}

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The time for a call with all its attempts.
    pub call: Duration,
    /// The time for one attempt. A connection may have died while the function was frozen, and then nothing answers.
    pub attempt: Duration,
    /// The number of attempts.
    pub attempts: u32,
    /// The longest wait before the second attempt.
    pub backoff: Duration,
    /// How many idle connections are kept, or `None` to share those of the SDK's other clients.
    pub connections: Option<usize>,
}

impl Limits {
    /// For announces and scrapes. Clients would wait longer, but each second of theirs is one of the function's. If all
    /// connections have died, the last attempt opens another one.
    pub const TRACKER: Self = Self {
        call: Duration::from_secs(7),
        attempt: Duration::from_millis(2_500),
        attempts: 3,
        backoff: Duration::from_millis(100),
        connections: Some(2),
    };
    /// For registering a torrent, which takes time of the request that made it.
    pub const REGISTRY: Self = Self {
        call: Duration::from_secs(1),
        attempt: Duration::from_millis(450),
        attempts: 2,
        backoff: Duration::from_millis(50),
        connections: None,
    };
}

impl Table {
    /// Uses the table `name`, with `sdk`'s Region, endpoint and credentials.
    pub fn new(sdk: &SdkConfig, name: String, limits: Limits) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_timeout(limits.call).operation_attempt_timeout(limits.attempt);
        let retries = RetryConfig::standard().with_max_attempts(limits.attempts).with_initial_backoff(limits.backoff);
        let mut config = Builder::from(sdk).retry_config(retries).timeout_config(timeouts.build());
        if let Some(connections) = limits.connections {
            let tls = Provider::Rustls(CryptoMode::AwsLc);
            let http = http::Builder::new().pool_max_idle_per_host(connections).tls_provider(tls);
            config = config.http_client(http.build_https());
        }
        Self { client: Client::from_conf(config.build()), name }
    }

    /// Returns the items of a torrent at `now`, in seconds since 1970. New ones are kept for `lifetime` seconds.
    pub fn partition(&self, info_hash: InfoHash, now: u64, lifetime: u64) -> Partition {
        Partition { client: self.client.clone(), table: self.name.clone(), info_hash, now, lifetime }
    }
}
