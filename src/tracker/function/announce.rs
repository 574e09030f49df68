//! Answering an announce.

use super::{
    Tracker,
    event::Request,
    log::{Failure, Outcome},
    now,
};
use crate::{
    logging::causes,
    tracker::{AnnounceRequest, AnnounceResponse, Bounds, RequestError, encode},
};

impl Tracker {
    pub(super) async fn announce(&self, request: &Request<'_>, outcome: &mut Outcome) -> Result<Vec<u8>, Failure> {
        let request = AnnounceRequest::parse(request.query, request.address?)?;
        (outcome.info_hash, outcome.event) = (request.info_hash.to_string(), request.event.as_str());
        let (mut random, now) = (fastrand::Rng::new(), now());
        let record = self.table.announce(&request, &mut random, now).await?.ok_or(RequestError::Unregistered)?;
        let swarm = &record.swarm;
        if let Some(session) = record.session {
            let bounds = Bounds { length: record.length, others: swarm.others(&request).peers(), now };
            outcome.transfer = request.transfer(session.totals.or(record.previous).as_ref(), &bounds);
            if request.completes(record.previous.as_ref()) && !session.completed {
                // A number that is too low by one is no reason to fail.
                let counted = self.table.complete(request.info_hash).await;
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
