//! Answering an announce.

use super::{
    Tracker,
    event::Request,
    log::{Failure, Outcome},
    reach::{is_global, is_reached},
};
use crate::{
    logging::causes,
    table::{Opened, Partition},
    tracker::{
        AnnounceRequest, AnnounceResponse, Event, HealthRules, PeerHealth, Progress, Refusal, Swarm, SwarmHealth,
        encode,
    },
};

/// What an announce shows of the client, before it is written.
struct Measured<'a> {
    rules: &'a HealthRules,
    peer: PeerHealth,
    progress: Progress,
    /// What the mark says.
    mark: SwarmHealth,
    now: u64,
}

impl Tracker {
    pub(super) async fn announce(&self, request: &Request<'_>, outcome: &mut Outcome) -> Result<Vec<u8>, Failure> {
        let mut request = AnnounceRequest::parse(request.query, request.address?)?;
        (outcome.info_hash, outcome.event) = (request.info_hash.to_string(), request.event.as_str());
        let (mut random, now) = (fastrand::Rng::new(), self.clock.now());
        let partition = self.table.partition(request.info_hash, now, self.schedule().lifetime);
        let announced = request;
        let opened = partition.open(&announced).await?.ok_or(Refusal::Unregistered)?;
        let measured = match &self.health {
            Some(rules) => Some(self.measure(rules, &opened, &announced, now, outcome).await?),
            None => None,
        };
        request.peer.standing = measured.as_ref().map(|measured| measured.peer.standing()).unwrap_or_default();
        let record = opened.announce(measured.as_ref().map(|measured| &measured.peer), &mut random).await?;
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
        let interval = self.schedule().interval(request.peer.is_seeder(), &mut random);
        let response = AnnounceResponse::new(outcome.counts, completed, &peers, interval, self.clock);
        let may_wait_in_vain = match &measured {
            Some(measured) => measured.judge(&request, swarm, &partition).await,
            None => false,
        };
        Ok(encode(&if may_wait_in_vain { response.with_warning() } else { response }))
    }

    /// Measures the client, and tries to reach it if it is a seeder.
    async fn measure<'a>(
        &self,
        rules: &'a HealthRules,
        opened: &Opened<'_>,
        request: &AnnounceRequest,
        now: u64,
        outcome: &mut Outcome,
    ) -> Result<Measured<'a>, Failure> {
        let (known, mark) = (opened.known().await?, opened.swarm_health());
        let (mut peer, progress) =
            rules.measure(request, known, opened.length(), opened.others(), mark.is_fast(now), now);
        let address = request.peer.address;
        if peer.is_check_due(request, now) && (self.checks_any_address || is_global(address.ip())) {
            (peer.checked, peer.is_reached) = (Some(now), is_reached(address, request.info_hash).await);
            outcome.reached = Some(peer.is_reached);
        }
        Ok(Measured { rules, peer, progress, mark, now })
    }
}

impl Measured<'_> {
    /// Writes what the mark should say about the swarm, if that is due. Returns whether the client is a leecher that may
    /// wait in vain. A failure is only logged: then torrents have web seeds, at the latest when the mark is out of date.
    async fn judge(&self, request: &AnnounceRequest, swarm: &Swarm, partition: &Partition) -> bool {
        let strength = swarm.strength(request, self.now);
        let next = self.rules.judge(self.mark, &self.peer, self.progress, &strength, self.now);
        if self.mark.is_due(&next, self.now)
            && let Err(error) = partition.put_health(&next).await
        {
            tracing::warn!(cause = causes(&*error), "the health of the swarm is not written");
        }
        let is_waiting = !request.peer.is_seeder() && request.event != Event::Stopped;
        is_waiting && (strength.seeders == 0 || self.progress == Progress::Stuck)
    }
}
