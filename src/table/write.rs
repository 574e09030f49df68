//! What an announce writes.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, ReturnValue},
};
use tokio::{task::JoinSet, time::timeout};

use super::{
    Table, TableError,
    item::{self, Item, Session, number},
    key::{MARK, session_key},
    page::Stale,
};
use crate::{
    logging::causes,
    torrent::InfoHash,
    tracker::{AnnounceRequest, Event, LIFETIME, PreviousAnnounce},
};

/// So many stale items are removed at the same time, and for so long: a client waits for its answer.
const REMOVALS: usize = 8;
const REMOVAL_TIME: Duration = Duration::from_secs(1);
/// The totals of a session never decrease, whichever address its client announces by.
const IS_LATER: &str = "attribute_not_exists(up) OR (up <= :up AND down <= :down)";
/// A client that stops has a session or needs none.
const IS_LATER_AND_THERE: &str =
    "attribute_exists(ipv6) AND (attribute_not_exists(up) OR (up <= :up AND down <= :down))";

impl Table {
    /// Writes the peer as it is at `now`. Returns what it announced before.
    pub(super) async fn put(
        &self,
        request: &AnnounceRequest,
        key: &[u8],
        now: u64,
    ) -> Result<Option<PreviousAnnounce>, TableError> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(item::of_peer(request, key, now)));
        let old = Box::pin(put.return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.as_ref().and_then(item::previous))
    }

    /// Removes an item. Returns what the peer announced before, if it was one.
    pub(super) async fn delete(
        &self,
        info_hash: InfoHash,
        key: Vec<u8>,
    ) -> Result<Option<PreviousAnnounce>, TableError> {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(item::key(info_hash, key)));
        let old = Box::pin(delete.return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.as_ref().and_then(item::previous))
    }

    /// Removes what is `stale`, as far as time allows. A failure here does not fail the announce.
    pub(super) async fn remove(&self, info_hash: InfoHash, mut stale: Vec<Stale>) {
        stale.sort_unstable();
        stale.dedup();
        let mut removals = JoinSet::new();
        for part in stale.chunks(stale.len().div_ceil(REMOVALS).max(1)) {
            let (table, part) = (self.clone(), part.to_vec());
            removals.spawn(async move {
                for item in part {
                    table.remove_one(info_hash, item).await;
                }
            });
        }
        // Later announces remove the rest.
        let _ = timeout(REMOVAL_TIME, removals.join_all()).await;
    }

    /// Removes an item if it is still as it was read: a peer may just have announced again.
    async fn remove_one(&self, info_hash: InfoHash, Stale { key, expires }: Stale) {
        let delete = self.client.delete_item().table_name(&self.name).set_key(Some(item::key(info_hash, key)));
        let delete = delete.condition_expression("expires = :expires");
        let removed = Box::pin(delete.expression_attribute_values(":expires", number(expires)).send()).await;
        if let Err(error) = removed.map_err(SdkError::into_service_error)
            && !error.is_conditional_check_failed_exception()
        {
            tracing::debug!(cause = causes(&error), "an expired item is not removed");
        }
    }

    /// Records in the client's session what this announce at `now` counts. Returns the session as it was before, or
    /// `None` if more was counted already.
    pub(super) async fn record(
        &self,
        request: &AnnounceRequest,
        has_ipv6: bool,
        now: u64,
    ) -> Result<Option<Session>, TableError> {
        let has_started = request.event == Event::Started;
        let mut set = vec!["expires = :expires"];
        let mut values = vec![(":expires", number(now + LIFETIME)), (":yes", AttributeValue::Bool(true))];
        if has_ipv6 {
            set.push("ipv6 = :yes");
            values.extend([(":up", number(request.uploaded)), (":down", number(request.downloaded))]);
        }
        if has_ipv6 && !has_started {
            set.push("up = :up, down = :down");
        }
        if request.completes(None) {
            set.push("completed = :yes");
        }
        let set = format!("SET {}", set.join(", "));
        let condition = if request.event == Event::Stopped { IS_LATER_AND_THERE } else { IS_LATER };
        match self.update_session(request, &set, has_ipv6.then_some(condition), &values).await {
            Ok(old) => Ok(Some(old.map(|old| Session::of(&old, request.peer.id)).unwrap_or_default())),
            Err(error) if is_behind(&error) && has_started => {
                // A client with the same peer ID has started again, at 0.
                values.retain(|(name, _)| !matches!(*name, ":up" | ":down"));
                self.update_session(request, &(set + " REMOVE up, down"), None, &values).await?;
                Ok(None)
            }
            Err(error) if is_behind(&error) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn update_session(
        &self,
        request: &AnnounceRequest,
        expression: &str,
        condition: Option<&str>,
        values: &[(&str, AttributeValue)],
    ) -> Result<Option<Item>, SdkError<UpdateItemError>> {
        let key = item::key(request.info_hash, session_key(&request.peer.id));
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let update = self.client.update_item().table_name(&self.name).set_key(Some(key)).update_expression(expression);
        let update = update.set_condition_expression(condition.map(str::to_owned));
        let update = update.set_expression_attribute_values(Some(values)).return_values(ReturnValue::AllOld);
        Ok(Box::pin(update.send()).await?.attributes)
    }

    /// Counts one more completed download of a torrent.
    pub async fn complete(&self, info_hash: InfoHash) -> Result<(), TableError> {
        let update = self.client.update_item().table_name(&self.name).set_key(Some(item::key(info_hash, MARK)));
        let update = update.update_expression("ADD completed :one").condition_expression("attribute_exists(peer)");
        Box::pin(update.expression_attribute_values(":one", number(1)).send()).await?;
        Ok(())
    }
}

fn is_behind(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
