//! What an announce writes.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{
        delete_item::builders::DeleteItemFluentBuilder,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::{AttributeValue, ReturnValue},
};
use tokio::{task::JoinSet, time::timeout};

use super::{
    Partition, Result, health,
    item::{self, Session, number},
    key::{MARK, session_key},
};
use crate::{
    logging::causes,
    tracker::{AnnounceRequest, Event, PeerHealth, PreviousAnnounce},
};

/// So many stale items are removed at the same time, and for so long: a client waits for its answer.
const REMOVALS: usize = 8;
const REMOVAL_TIME: Duration = Duration::from_secs(1);
/// The totals of a session never decrease, whichever address its client announces by.
const IS_LATER: &str = "attribute_not_exists(up) OR (up <= :up AND down <= :down)";

impl Partition {
    /// Writes the peer, with its health if that is known. Returns its previous announce.
    pub(super) async fn put(
        &self,
        request: &AnnounceRequest,
        health: Option<&PeerHealth>,
        key: &[u8],
    ) -> Result<Option<PreviousAnnounce>> {
        let mut item = item::of_peer(request, key, self.now + self.lifetime);
        if let Some(health) = health {
            health::add(&mut item, health);
        }
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let old = Box::pin(put.return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.and_then(|old| item::previous(&old, self.lifetime)))
    }

    /// Removes an item. Returns the previous announce, if it was a peer's.
    pub(super) async fn delete(&self, key: Vec<u8>) -> Result<Option<PreviousAnnounce>> {
        let old = Box::pin(self.deletion(key).return_values(ReturnValue::AllOld).send()).await?.attributes;
        Ok(old.and_then(|old| item::previous(&old, self.lifetime)))
    }

    /// Removes items that are still as they were read, as far as time allows: a peer may just have announced again. A
    /// failure here does not fail the announce.
    pub(super) async fn remove(&self, stale: BTreeMap<Vec<u8>, u64>) {
        let stale: Vec<(Vec<u8>, u64)> = stale.into_iter().collect();
        let mut removals = JoinSet::new();
        for part in stale.chunks(stale.len().div_ceil(REMOVALS).max(1)) {
            let (partition, part) = (self.clone(), part.to_vec());
            removals.spawn(async move {
                for (key, expires) in part {
                    let delete = partition.deletion(key).condition_expression("expires = :expires");
                    let delete = delete.expression_attribute_values(":expires", number(expires));
                    if let Err(error) = Box::pin(delete.send()).await {
                        tracing::debug!(cause = causes(&error), "an expired item is not removed");
                    }
                }
            });
        }
        // Later announces remove the rest.
        let _ = timeout(REMOVAL_TIME, removals.join_all()).await;
    }

    fn deletion(&self, key: Vec<u8>) -> DeleteItemFluentBuilder {
        self.client.delete_item().table_name(&self.table).set_key(Some(item::key(self.info_hash, key)))
    }

    /// Records in the client's session what this announce counts. Returns the session as it was before, or
    /// `None` if more was counted already.
    pub(super) async fn record(&self, request: &AnnounceRequest, has_ipv6: bool) -> Result<Option<Session>> {
        let has_started = request.event == Event::Started;
        let mut set = vec!["expires = :expires"];
        let update = self.update(session_key(&request.peer.id)).return_values(ReturnValue::AllOld);
        let update = update.expression_attribute_values(":expires", number(self.now + self.lifetime));
        let again = update.expression_attribute_values(":yes", AttributeValue::Bool(true));
        let mut update = again.clone();
        if has_ipv6 {
            set.push("ipv6 = :yes");
            update = update.expression_attribute_values(":up", number(request.uploaded));
            update = update.expression_attribute_values(":down", number(request.downloaded));
            update = match request.event {
                // A client that stops has a session or needs none.
                Event::Stopped => update.condition_expression(format!("attribute_exists(ipv6) AND ({IS_LATER})")),
                _ => update.condition_expression(IS_LATER),
            };
        }
        if has_ipv6 && !has_started {
            set.push("up = :up, down = :down");
        }
        if request.completes(None) {
            set.push("completed = :yes");
        }
        let set = format!("SET {}", set.join(", "));
        match Box::pin(update.update_expression(&set).send()).await {
            Ok(output) => Ok(Some(
                output.attributes.map(|old| Session::of(&old, request.peer.id, self.lifetime)).unwrap_or_default(),
            )),
            Err(error) if is_refused(&error) => {
                if has_started {
                    // A client with the same peer ID has started again, at 0.
                    Box::pin(again.update_expression(set + " REMOVE up, down").send()).await?;
                }
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn update(&self, key: impl Into<Vec<u8>>) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(item::key(self.info_hash, key)))
    }

    /// Counts one more completed download.
    pub async fn complete(&self) -> Result<()> {
        let update =
            self.update(MARK).update_expression("ADD completed :one").condition_expression("attribute_exists(peer)");
        Box::pin(update.expression_attribute_values(":one", number(1)).send()).await?;
        Ok(())
    }
}

/// Returns whether the condition of a write was not met.
pub(super) fn is_refused(error: &SdkError<UpdateItemError>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}
