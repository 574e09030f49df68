//! What an announce writes into the table.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue},
};
use tokio::{task::JoinSet, time::timeout};

use super::{
    item::{self, COMPLETED, Item, Session, Stale},
    key::session_key,
    table::{Table, TableError, bytes, number},
};
use crate::{
    logging::causes,
    registry::{MARK, PEER, TORRENT},
    torrent::InfoHash,
    tracker::{Announce, Before, Event, LIFETIME},
};

/// As many stale items are removed at once, and for so long: a client waits for its answer.
const REMOVALS: usize = 8;
const REMOVAL_TIME: Duration = Duration::from_secs(1);
/// A session is counted no less than it was before, whichever address its client announces by.
const IS_LATER: &str = "attribute_not_exists(up) OR (up <= :up AND down <= :down)";
/// A client that stops has a session, or needs none.
const IS_LATER_AND_THERE: &str =
    "attribute_exists(ipv6) AND (attribute_not_exists(up) OR (up <= :up AND down <= :down))";

impl Table {
    /// Writes the peer as it is at `now`. Returns what was known of it before.
    pub(super) async fn put(&self, announce: &Announce, key: &[u8], now: u64) -> Result<Option<Before>, TableError> {
        let put = self.client.put_item().table_name(&self.name);
        let put = put.item(TORRENT, bytes(announce.torrent.as_bytes())).item(PEER, bytes(key));
        let attributes = item::attributes(announce, now + LIFETIME);
        let put = attributes.into_iter().fold(put, |put, (name, value)| put.item(name, value));
        let old = Box::pin(put.return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.as_ref().and_then(item::before))
    }

    /// Removes a peer. Returns what was known of it.
    pub(super) async fn delete(&self, torrent: InfoHash, key: &[u8]) -> Result<Option<Before>, TableError> {
        let delete = self.client.delete_item().table_name(&self.name);
        let delete = delete.key(TORRENT, bytes(torrent.as_bytes())).key(PEER, bytes(key));
        let old = Box::pin(delete.return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.as_ref().and_then(item::before))
    }

    /// Removes what is `stale`, as far as there is time. This fails nothing.
    pub(super) async fn remove(&self, torrent: InfoHash, mut stale: Vec<Stale>) {
        stale.sort_unstable();
        stale.dedup();
        let mut removals = JoinSet::new();
        for part in stale.chunks(stale.len().div_ceil(REMOVALS).max(1)) {
            let (table, part) = (self.clone(), part.to_vec());
            removals.spawn(async move {
                for item in &part {
                    table.remove_one(torrent, item).await;
                }
            });
        }
        // What is not done by then is left to other announces.
        let _ = timeout(REMOVAL_TIME, removals.join_all()).await;
    }

    /// Removes an item if it is still as it was read: a peer may just have announced again.
    async fn remove_one(&self, torrent: InfoHash, item: &Stale) {
        let delete = self.client.delete_item().table_name(&self.name);
        let delete = delete.key(TORRENT, bytes(torrent.as_bytes())).key(PEER, bytes(item.key.as_slice()));
        let delete = delete.condition_expression("expires = :expires");
        let removed = Box::pin(delete.expression_attribute_values(":expires", number(item.expires)).send()).await;
        if let Err(error) = removed.map_err(SdkError::into_service_error)
            && !error.is_conditional_check_failed_exception()
        {
            tracing::debug!(cause = causes(&error), "an item that is out of date is not removed");
        }
    }

    /// Records in the client's session what is counted of it by this announce at `now`. Returns the session as it was,
    /// or `None` where more was counted already.
    pub(super) async fn record(
        &self,
        announce: &Announce,
        has_ipv6: bool,
        now: u64,
    ) -> Result<Option<Session>, TableError> {
        let mut set = "SET expires = :expires".to_owned();
        let mut values = vec![(":expires", number(now + LIFETIME))];
        let counts_bytes = has_ipv6 && announce.event != Event::Started;
        if has_ipv6 {
            set += ", ipv6 = :yes";
            values.extend([(":up", number(announce.uploaded)), (":down", number(announce.downloaded))]);
        }
        if counts_bytes {
            set += ", up = :up, down = :down";
        }
        if announce.completes(None) {
            set += ", completed = :yes";
        }
        if set.contains(":yes") {
            values.push((":yes", AttributeValue::Bool(true)));
        }
        let condition = if announce.event == Event::Stopped { IS_LATER_AND_THERE } else { IS_LATER };
        match self.update_session(announce, &set, has_ipv6.then_some(condition), &values).await {
            Ok(old) => {
                let id = announce.peer.id;
                Ok(Some(old.map(|old| Session::of(&old, id)).unwrap_or_default()))
            }
            Err(error) if is_behind(&error) && counts_bytes => Ok(None),
            Err(error) if is_behind(&error) => {
                // A client of the same name has started anew, at 0.
                values.retain(|(name, _)| !matches!(*name, ":up" | ":down"));
                self.update_session(announce, &(set + " REMOVE up, down"), None, &values).await?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn update_session(
        &self,
        announce: &Announce,
        expression: &str,
        condition: Option<&str>,
        values: &[(&str, AttributeValue)],
    ) -> Result<Option<Item>, SdkError<UpdateItemError>> {
        let update = self.client.update_item().table_name(&self.name);
        let update = update.key(TORRENT, bytes(announce.torrent.as_bytes()));
        let update = update.key(PEER, bytes(session_key(&announce.peer.id)));
        let update = update.update_expression(expression).set_condition_expression(condition.map(str::to_owned));
        let update = values
            .iter()
            .fold(update, |update, (name, value)| update.expression_attribute_values(*name, value.clone()));
        Ok(Box::pin(update.return_values(ReturnValue::AllOld).send()).await?.attributes)
    }

    /// Counts one more completed download of `torrent`.
    pub(super) async fn complete(&self, torrent: InfoHash) -> Result<(), TableError> {
        let update = self.client.update_item().table_name(&self.name);
        let update = update.key(TORRENT, bytes(torrent.as_bytes())).key(PEER, bytes(MARK));
        let update = update.update_expression(format!("ADD {COMPLETED} :one"));
        let update = update.condition_expression("attribute_exists(peer)");
        Box::pin(update.expression_attribute_values(":one", number(1)).send()).await?;
        Ok(())
    }
}

fn is_behind(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
