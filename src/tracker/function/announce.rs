//! Answering an announce.

use super::{
    Tracker,
    event::Request,
    log::{Failure, Outcome},
    now,
};
use crate::{
    logging::causes,
    tracker::{AnnounceRequest, AnnounceResponse, Refusal, encode},
};

impl Tracker {
    pub(super) async fn announce(&self, request: &Request<'_>, outcome: &mut Outcome) -> Result<Vec<u8>, Failure> {
        let request = AnnounceRequest::parse(request.query, request.address?)?;
        (outcome.info_hash, outcome.event) = (request.info_hash.to_string(), request.event.as_str());
        let (mut random, now) = (fastrand::Rng::new(), now());
        let partition = self.table.partition(request.info_hash, now);
        let record = partition.announce(&request, &mut random).await?.ok_or(Refusal::Unregistered)?;
        let swarm = &record.swarm;
        if let Some(session) = record.session {
            let (previous, others) = (session.totals.or(record.previous), swarm.others(&request).peers());
            outcome.transfer = request.transfer(previous, record.length, others, now);
            if request.completes(record.previous) && !session.completed {
                // A number that is too low by one is no reason to fail.
                let counted = partition.complete().await;
                let counted = counted.inspect_err(|error| {
                    tracing::warn!(cause = causes(&**error), "a completed download is not counted");
                });
                outcome.completed = counted.is_ok();
            }
        }
        let peers = swarm.choose(&request, &mut random);
        (outcome.counts, outcome.peers) = (swarm.counts_after(&request), peers.len());
        let completed = swarm.completed + u64::from(outcome.completed);
        Ok(encode(&AnnounceResponse::new(outcome.counts, completed, &peers, &mut random)))
    }
}
