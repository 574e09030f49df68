//! The peers of a torrent: how many there are, and which of them an answer names.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use super::{AnnounceRequest, Event, Peer};

/// The most peers of one [network](Peer::network) in a torrent. People share addresses, so there are some; but nobody
/// may crowd out the others with all ports of one address.
pub const MAX_IN_NETWORK: usize = 32;

/// What is known of the peers of one torrent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swarm {
    /// Samples of different kinds of peers. No peer is in two of them.
    pub samples: Vec<Sample>,
    /// How many downloads were completed.
    pub completed: u64,
}

/// Some of the peers of one kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// A random choice.
    pub peers: Vec<Peer>,
    /// Other peers that were read, the same ones each time. An answer names them only if it lacks others.
    pub spare: Vec<Peer>,
    /// Which share of all peers of this kind both are, at most 1. Counts are exact only if it is 1.
    pub share: f64,
}

/// How many peers a torrent has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeerCounts {
    /// Peers that have all of it.
    pub seeders: u64,
    /// The other peers.
    pub leechers: u64,
}

impl PeerCounts {
    /// Returns how many peers there are.
    pub fn peers(self) -> u64 {
        self.seeders + self.leechers
    }
}

impl Swarm {
    /// Counts the peers.
    pub fn counts(&self) -> PeerCounts {
        self.count(|_| true)
    }

    /// Counts the peers other than the one that announces.
    pub fn others(&self, request: &AnnounceRequest) -> PeerCounts {
        self.count(|peer| peer.address != request.peer.address)
    }

    /// Counts the peers as they are after the announce.
    pub fn counts_after(&self, request: &AnnounceRequest) -> PeerCounts {
        let mut counts = self.others(request);
        match request.event {
            Event::Stopped => {}
            _ if request.peer.is_seeder() => counts.seeders += 1,
            _ => counts.leechers += 1,
        }
        counts
    }

    /// Chooses the peers that the answer names: never the client itself, and for seeders only leechers. Leechers get
    /// seeders first, in up to half of the answer. If there are more peers than wanted, the choice is random.
    pub fn choose(&self, request: &AnnounceRequest, random: &mut fastrand::Rng) -> Vec<Peer> {
        if request.event == Event::Stopped {
            return Vec::new();
        }
        let (own, numwant) = (&request.peer, request.numwant);
        // A client with two addresses is two peers with one ID.
        let others = self.shuffled(random, |peer| peer.address != own.address && peer.id != own.id);
        let (mut chosen, leechers): (Vec<Peer>, Vec<Peer>) = others.into_iter().partition(Peer::is_seeder);
        let seeders = if own.is_seeder() { 0 } else { numwant.div_ceil(2).max(numwant.saturating_sub(leechers.len())) };
        chosen.truncate(seeders);
        chosen.extend(leechers);
        chosen.truncate(numwant);
        chosen
    }

    /// Returns the peers that are `wanted` in random order, but spare ones last, and of seeders as of leechers one of
    /// each network before a second of any.
    fn shuffled(&self, random: &mut fastrand::Rng, wanted: impl Fn(&Peer) -> bool) -> Vec<Peer> {
        let (mut peers, mut spare) = (Vec::new(), Vec::new());
        for sample in &self.samples {
            peers.extend(&sample.peers);
            spare.extend(&sample.spare);
        }
        random.shuffle(&mut peers);
        random.shuffle(&mut spare);
        peers.append(&mut spare);
        let (mut seen, mut networks) = (HashSet::new(), HashMap::<(IpAddr, bool), usize>::new());
        let mut ranked: Vec<(usize, Peer)> = Vec::new();
        for peer in peers {
            if wanted(&peer) && seen.insert((peer.address, peer.is_seeder())) {
                let rank = networks.entry((peer.network(), peer.is_seeder())).or_default();
                ranked.push((*rank, peer));
                *rank += 1;
            }
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, peer)| peer).collect()
    }

    fn count(&self, is_counted: impl Fn(&Peer) -> bool) -> PeerCounts {
        let mut counts = PeerCounts::default();
        for sample in &self.samples {
            let peers = sample.peers.iter().chain(&sample.spare).filter(|peer| is_counted(peer));
            let (seeders, leechers): (Vec<&Peer>, Vec<&Peer>) = peers.partition(|peer| peer.is_seeder());
            counts.seeders += sample.estimate(seeders.len());
            counts.leechers += sample.estimate(leechers.len());
        }
        counts
    }
}

impl Sample {
    /// Returns how many peers there are of a kind that is here `number` times.
    // Torrents have fewer than 2^53 peers, and the number is an estimate.
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn estimate(&self, number: usize) -> u64 {
        if number == 0 { 0 } else { (number as f64 / self.share).round() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use proptest::{collection::vec, prelude::*};

    use super::{super::Standing, *};

    fn peers() -> impl Strategy<Value = Vec<Peer>> {
        let peer = (any::<u16>(), 0..3_u64, 0..20_u8);
        let peer = peer.prop_map(|(port, left, id)| Peer { id: [id; 20], ..peer_at([192, 0, 2, 1], port, left) });
        vec(peer, 0..300)
    }

    fn swarm(peers: Vec<Peer>, spare: Vec<Peer>) -> Swarm {
        Swarm { samples: vec![Sample { peers, spare, share: 1.0 }], completed: 0 }
    }

    fn peer_at(address: [u8; 4], port: u16, left: u64) -> Peer {
        Peer { address: SocketAddr::from((address, port)), id: [0; 20], left, standing: Standing::default() }
    }

    fn request(left: u64, numwant: usize, event: Event) -> AnnounceRequest {
        let peer = Peer { id: [7; 20], ..peer_at([192, 0, 2, 1], 7, left) };
        AnnounceRequest { info_hash: [0; 20].into(), peer, uploaded: 0, downloaded: 0, event, numwant }
    }

    proptest! {
        #[test]
        fn an_answer_names_others_that_are_useful(
            peers in peers(), spare in peers(), left in 0..2_u64, numwant in 0..101_usize, seed: u64
        ) {
            let swarm = swarm(peers, spare);
            let request = request(left, numwant, Event::None);
            let chosen = swarm.choose(&request, &mut fastrand::Rng::with_seed(seed));
            let is_useful =
                |peer: &&Peer| peer.address.port() != 7 && peer.id != [7; 20] && (left > 0 || peer.left > 0);
            let all: Vec<&Peer> = swarm.samples[0].peers.iter().chain(&swarm.samples[0].spare).collect();
            let useful: HashSet<SocketAddr> =
                all.iter().copied().filter(is_useful).map(|peer| peer.address).collect();
            // An address may be a seeder's and a leecher's, as it is for a moment in the table.
            prop_assert!(chosen.len() >= useful.len().min(numwant) && chosen.len() <= numwant);
            prop_assert!(chosen.iter().all(|peer| is_useful(&peer) && all.contains(&peer)));
            let stopped = AnnounceRequest { event: Event::Stopped, ..request };
            prop_assert_eq!(swarm.choose(&stopped, &mut fastrand::Rng::new()), []);
        }
    }

    #[test]
    fn the_choice_is_random_and_spare_peers_come_last() {
        let of_port = |port| peer_at([192, 0, 2, 2], port, 1);
        let swarm = swarm((1..=100).map(of_port).collect(), (101..=200).map(of_port).collect());
        let mut random = fastrand::Rng::with_seed(1);
        let mut times = [0; 201];
        for _ in 0..1000 {
            for peer in swarm.choose(&request(0, 10, Event::None), &mut random) {
                times[usize::from(peer.address.port())] += 1;
            }
        }
        assert!(times[1..=100].iter().all(|times| (50..150).contains(times)), "{times:?}");
        assert_eq!(times[101..], [0; 100]);
        assert_eq!(swarm.choose(&request(0, 150, Event::None), &mut random).len(), 150);
    }

    #[test]
    fn an_answer_names_each_network_once_before_any_twice() {
        let crowd = (1..=200).map(|port| peer_at([192, 0, 2, 2], port, 1));
        let others: Vec<Peer> = (1..=20).map(|host| peer_at([198, 51, 100, host], 1, 1)).collect();
        let swarm = swarm(crowd.collect(), others.clone());
        let chosen = swarm.choose(&request(1, 30, Event::None), &mut fastrand::Rng::with_seed(1));
        assert_eq!(chosen.len(), 30);
        assert!(others.iter().all(|other| chosen.contains(other)));
        let network = |text: &str| Peer { address: text.parse().unwrap(), ..others[0] }.network();
        assert_eq!(network("[2001:db8::1]:1"), network("[2001:db8::ffff:0:0:2]:2"));
        assert_ne!(network("[2001:db8::1]:1"), network("[2001:db8:0:1::1]:1"));
    }

    #[test]
    fn up_to_half_of_a_leechers_answer_are_seeders_and_they_come_first() {
        // Seeders and leechers of the swarm, the number wanted, and seeders and leechers of the answer.
        for (seeders, leechers, numwant, expected) in [
            (1, 100, 50, (1, 49)),
            (100, 100, 50, (25, 25)),
            (100, 10, 50, (40, 10)),
            (100, 100, 1, (1, 0)),
            (3, 2, 50, (3, 2)),
        ] {
            let peers = |network, number, left| (0..number).map(move |host| peer_at([network, 0, 2, host], 1, left));
            // A network's seeder and leecher are not neighbours to each other.
            let swarm = swarm(peers(203, leechers, 1).chain(peers(203, seeders, 0)).collect(), Vec::new());
            let chosen = swarm.choose(&request(1, numwant, Event::None), &mut fastrand::Rng::with_seed(1));
            let first = chosen.iter().take_while(|peer| peer.is_seeder()).count();
            assert!(chosen[first..].iter().all(|peer| !peer.is_seeder()));
            assert_eq!((first, chosen.len() - first), expected);
        }
    }

    #[test]
    fn counts_are_those_after_the_announce() {
        let host = [192, 0, 2, 1];
        let mut swarm = swarm(vec![peer_at(host, 7, 5), peer_at(host, 8, 0)], vec![peer_at(host, 9, 1)]);
        assert_eq!(swarm.counts(), PeerCounts { seeders: 1, leechers: 2 });
        for (left, event, seeders, leechers) in
            [(0, Event::Completed, 2, 1), (3, Event::None, 1, 2), (3, Event::Stopped, 1, 1)]
        {
            assert_eq!(swarm.counts_after(&request(left, 0, event)), PeerCounts { seeders, leechers });
        }
        swarm.samples[0].share = 0.25;
        swarm.samples.push(Sample::default());
        assert_eq!(swarm.counts(), PeerCounts { seeders: 4, leechers: 8 });
    }
}
