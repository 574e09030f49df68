//! The table of peers: what an announce reads and writes there.

use std::{
    error::Error,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_dynamodb::{
    Client,
    config::Builder,
    primitives::Blob,
    types::{AttributeValue, ReturnValue},
};

use super::item::{self, COMPLETED, Item};
use crate::{
    registry::{MARK, PEER, TORRENT},
    torrent::InfoHash,
    tracker::{Announce, Before, Event, INTERVAL, Peer, Swarm},
};

/// A call must be answered by then. Clients wait longer, but each second of theirs is one of the function's.
const TIMEOUT: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 2;
/// As many items are read at once. A torrent with no more peers is read whole.
const PAGE_ITEMS: i32 = 200;
/// A peer is forgotten when it has missed an announce.
const LIFETIME: u64 = 2 * INTERVAL;

/// Why the table cannot be read or written. Callers are told only that it cannot.
pub(super) type TableError = Box<dyn Error + Send + Sync>;

/// The table, in which each item is a peer of one torrent, or the mark that registers the torrent.
#[derive(Clone, Debug)]
pub(super) struct Table {
    client: Client,
    name: String,
}

/// Items that lie side by side.
struct Page {
    peers: Vec<Peer>,
    /// The number of completed downloads, where the mark is in the page.
    completed: Option<u64>,
    /// The place of the last item, where others follow it.
    end: Option<u64>,
}

impl Table {
    pub(super) fn new(sdk: &SdkConfig, name: String) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS);
        let config = Builder::from(sdk).retry_config(retries).timeout_config(timeouts).build();
        Self { client: Client::from_conf(config), name }
    }

    /// Returns the peers of `torrent`, or `None` where it is not registered. Where they are more than a page, the peers
    /// that follow the place `start` stand for all of them.
    pub(super) async fn swarm(&self, torrent: InfoHash, start: u64) -> Result<Option<Swarm>, TableError> {
        let mut head = self.page(torrent, None, false).await?;
        if head.completed.is_none() {
            // The torrent may just have been registered. Only this costs a read that is always up to date.
            head = self.page(torrent, None, true).await?;
        }
        let Some(completed) = head.completed else { return Ok(None) };
        let Some(head_end) = head.end else { return Ok(Some(Swarm { peers: head.peers, share: 1.0, completed })) };
        let mut page = self.page(torrent, Some(start), false).await?;
        let width = if let Some(end) = page.end {
            end.saturating_sub(start)
        } else {
            // Behind the last peer comes the first.
            let before = |peer: &Peer| item::place(&item::sort_key(peer.address)) < start;
            page.peers.extend(head.peers.into_iter().filter(before));
            (u64::MAX - start).saturating_add(head_end.min(start))
        };
        Ok(Some(Swarm { peers: page.peers, share: share(width), completed }))
    }

    /// Reads what is most likely up to date: a peer that is missing for a moment is told of the next time.
    async fn page(&self, torrent: InfoHash, start: Option<u64>, consistent: bool) -> Result<Page, TableError> {
        let query = self.client.query().table_name(&self.name).limit(PAGE_ITEMS).consistent_read(consistent);
        let query = query.expression_attribute_values(":torrent", bytes(torrent.as_bytes()));
        let query = match start {
            None => query.key_condition_expression("torrent = :torrent"),
            Some(start) => query
                .key_condition_expression("torrent = :torrent AND peer >= :start")
                .expression_attribute_values(":start", bytes(item::first_key_at(start))),
        };
        let output = query.send().await?;
        let (now, items) = (now(), output.items());
        let mark = items.iter().find(|item| item::sort_key_of(item) == Some(&MARK));
        Ok(Page {
            peers: items.iter().filter_map(|item| item::peer(item, now)).collect(),
            completed: mark.map(|mark| item::number(mark, COMPLETED).unwrap_or_default()),
            end: output.last_evaluated_key().and_then(item::sort_key_of).map(item::place),
        })
    }

    /// Writes the peer, or removes one that has stopped. Returns what was known of it before.
    pub(super) async fn write(&self, announce: &Announce) -> Result<Option<Before>, TableError> {
        let (torrent, peer) = (bytes(announce.torrent.as_bytes()), bytes(item::sort_key(announce.peer.address)));
        let old: Option<Item> = if announce.event == Event::Stopped {
            let delete = self.client.delete_item().table_name(&self.name).key(TORRENT, torrent).key(PEER, peer);
            delete.return_values(ReturnValue::AllOld).send().await?.attributes
        } else {
            let put = self.client.put_item().table_name(&self.name).item(TORRENT, torrent).item(PEER, peer);
            let attributes = item::attributes(announce, now() + LIFETIME);
            let put = attributes.into_iter().fold(put, |put, (name, value)| put.item(name, value));
            put.return_values(ReturnValue::AllOld).send().await?.attributes
        };
        Ok(old.as_ref().and_then(item::before))
    }

    /// Counts one more completed download of `torrent`.
    pub(super) async fn complete(&self, torrent: InfoHash) -> Result<(), TableError> {
        let update = self.client.update_item().table_name(&self.name);
        let update = update.key(TORRENT, bytes(torrent.as_bytes())).key(PEER, bytes(MARK));
        let update = update.update_expression("ADD completed :one").condition_expression("attribute_exists(peer)");
        update.expression_attribute_values(":one", AttributeValue::N("1".to_owned())).send().await?;
        Ok(())
    }
}

fn bytes(bytes: impl Into<Vec<u8>>) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// Returns the share of all places that `width` is.
#[allow(clippy::cast_precision_loss)]
fn share(width: u64) -> f64 {
    (width.max(1) as f64 / u64::MAX as f64).min(1.0)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}
