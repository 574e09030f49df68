//! The peers of a torrent: how many there are, and which of them a client is told of.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
};

use super::{Announce, Event, Peer};

/// A torrent has at most as many peers of one [network](Peer::network). People share addresses, so it has some; one
/// person with all ports of an address must not crowd out the others.
pub const MAX_IN_NETWORK: usize = 32;

/// What is known of the peers of one torrent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swarm {
    /// Peers of several kinds, no peer in more than one.
    pub samples: Vec<Sample>,
    /// How many downloads were completed.
    pub completed: u64,
}

/// Some peers of all that are of their kind.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// A random choice.
    pub peers: Vec<Peer>,
    /// Others that were read, always the same ones: they are told where there are not enough others.
    pub spare: Vec<Peer>,
    /// The share of all peers that these and those are, at most 1. Only where it is 1 are counts exact.
    pub share: f64,
}

/// How many peers a torrent has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Peers that have all of it.
    pub complete: u64,
    /// The other peers.
    pub incomplete: u64,
}

impl Counts {
    /// Returns how many peers there are.
    pub fn peers(self) -> u64 {
        self.complete + self.incomplete
    }
}

impl Swarm {
    /// Counts the peers.
    pub fn counts(&self) -> Counts {
        self.count(|_| true)
    }

    /// Counts the peers other than the one that announces.
    pub fn others(&self, announce: &Announce) -> Counts {
        self.count(|peer| peer.address != announce.peer.address)
    }

    /// Counts the peers as they are after `announce`, which was not in the table when they were read.
    pub fn counts_after(&self, announce: &Announce) -> Counts {
        let Counts { complete, incomplete } = self.others(announce);
        let (seeders, leechers) = match announce.event {
            Event::Stopped => (0, 0),
            _ if announce.peer.is_seed() => (1, 0),
            _ => (0, 1),
        };
        Counts { complete: complete + seeders, incomplete: incomplete + leechers }
    }

    /// Chooses the peers that the announcing client is told of: never itself, and for seeds only peers that still need
    /// something. For others, up to half are seeds, which come first. A random choice where there are more than it
    /// wants.
    pub fn choose(&self, announce: &Announce, random: &mut fastrand::Rng) -> Vec<Peer> {
        if announce.event == Event::Stopped {
            return Vec::new();
        }
        let own = &announce.peer;
        // A client with two addresses is two peers of one name.
        let is_other = |peer: &Peer| peer.address != own.address && peer.id != own.id;
        let leechers = self.shuffled(random, |peer| is_other(peer) && !peer.is_seed());
        let mut chosen =
            if own.is_seed() { Vec::new() } else { self.shuffled(random, |peer| is_other(peer) && peer.is_seed()) };
        chosen.truncate(announce.wanted.div_ceil(2).max(announce.wanted.saturating_sub(leechers.len())));
        chosen.extend(leechers);
        chosen.truncate(announce.wanted);
        chosen
    }

    /// Returns all peers that are `wanted` in a random order, but one of each network before a second of any.
    fn shuffled(&self, random: &mut fastrand::Rng, wanted: impl Fn(&Peer) -> bool) -> Vec<Peer> {
        let (mut peers, mut addresses) = (Vec::new(), HashSet::new());
        for part in [|sample: &Sample| sample.peers.clone(), |sample: &Sample| sample.spare.clone()] {
            let mut found: Vec<Peer> = self.samples.iter().flat_map(part).filter(&wanted).collect();
            random.shuffle(&mut found);
            peers.extend(found.into_iter().filter(|peer| addresses.insert(peer.address)));
        }
        let mut known: HashMap<IpAddr, usize> = HashMap::new();
        let mut ranked: Vec<(usize, Peer)> = Vec::new();
        for peer in peers {
            let of_network = known.entry(peer.network()).or_default();
            ranked.push((*of_network, peer));
            *of_network += 1;
        }
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, peer)| peer).collect()
    }

    fn count(&self, wanted: impl Fn(&Peer) -> bool) -> Counts {
        let counts = self.samples.iter().map(|sample| {
            let peers = sample.peers.iter().chain(&sample.spare).filter(|peer| wanted(peer));
            let (seeders, leechers): (Vec<&Peer>, Vec<&Peer>) = peers.partition(|peer| peer.is_seed());
            Counts { complete: sample.estimate(seeders.len()), incomplete: sample.estimate(leechers.len()) }
        });
        counts.fold(Counts::default(), |sum, counts| Counts {
            complete: sum.complete + counts.complete,
            incomplete: sum.incomplete + counts.incomplete,
        })
    }
}

impl Sample {
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

    use super::*;

    fn peers() -> impl Strategy<Value = Vec<Peer>> {
        let peer = (any::<u16>(), 0..3_u64, 0..20_u8);
        vec(peer, 0..300).prop_map(|peers| {
            let peer =
                |(port, left, id)| Peer { address: SocketAddr::from(([192, 0, 2, 1], port)), id: [id; 20], left };
            peers.into_iter().map(peer).collect()
        })
    }

    fn swarm(peers: Vec<Peer>, spare: Vec<Peer>) -> Swarm {
        Swarm { samples: vec![Sample { peers, spare, share: 1.0 }], completed: 0 }
    }

    fn peer(address: [u8; 4], port: u16, left: u64) -> Peer {
        Peer { address: SocketAddr::from((address, port)), id: [0; 20], left }
    }

    fn announce(left: u64, wanted: usize, event: Event) -> Announce {
        let peer = Peer { id: [7; 20], ..peer([192, 0, 2, 1], 7, left) };
        Announce { torrent: [0; 20].into(), peer, uploaded: 0, downloaded: 0, event, wanted }
    }

    proptest! {
        #[test]
        fn a_client_is_told_of_others_that_can_use_it_or_be_used(
            peers in peers(), spare in peers(), left in 0..2_u64, wanted in 0..101_usize, seed: u64
        ) {
            let swarm = swarm(peers, spare);
            let announce = announce(left, wanted, Event::None);
            let told = swarm.choose(&announce, &mut fastrand::Rng::with_seed(seed));
            let all: Vec<Peer> = swarm.samples[0].peers.iter().chain(&swarm.samples[0].spare).copied().collect();
            let useful = |peer: &&Peer| {
                peer.address.port() != 7 && peer.id != [7; 20] && (left > 0 || peer.left > 0)
            };
            let addresses = |peers: &[Peer]| -> HashSet<_> { peers.iter().map(|peer| peer.address).collect() };
            let known = addresses(&all.iter().filter(useful).copied().collect::<Vec<_>>());
            // In these swarms an address may be that of a seed and of another, which tables have for a moment.
            prop_assert!(told.len() >= known.len().min(wanted) && told.len() <= wanted);
            prop_assert!(told.iter().all(|peer| useful(&peer) && all.contains(peer)));
            prop_assert_eq!(swarm.choose(&Announce { event: Event::Stopped, ..announce }, &mut fastrand::Rng::new()), []);
        }
    }

    #[test]
    fn the_choice_is_a_random_one_and_spare_peers_come_last() {
        let of_port = |port| peer([192, 0, 2, 2], port, 1);
        let swarm = swarm((1..=100).map(of_port).collect(), (101..=200).map(of_port).collect());
        let mut random = fastrand::Rng::with_seed(1);
        let mut told = [0; 201];
        for _ in 0..1000 {
            for peer in swarm.choose(&announce(0, 10, Event::None), &mut random) {
                told[usize::from(peer.address.port())] += 1;
            }
        }
        assert!(told[1..=100].iter().all(|times| (50..150).contains(times)), "{told:?}");
        assert_eq!(told[101..], [0; 100]);
        assert_eq!(swarm.choose(&announce(0, 150, Event::None), &mut random).len(), 150);
    }

    #[test]
    fn one_network_is_told_once_before_any_is_told_twice() {
        let crowd = (1..=200).map(|port| peer([192, 0, 2, 2], port, 1));
        let others: Vec<Peer> = (1..=20).map(|host| peer([198, 51, 100, host], 1, 1)).collect();
        let swarm = swarm(crowd.collect(), others.clone());
        let told = swarm.choose(&announce(1, 30, Event::None), &mut fastrand::Rng::with_seed(1));
        assert_eq!(told.len(), 30);
        assert!(others.iter().all(|other| told.contains(other)));
        let near = |text: &str| Peer { address: text.parse().unwrap(), ..others[0] };
        assert_eq!(near("[2001:db8::1]:1").network(), near("[2001:db8::ffff:0:0:2]:2").network());
        assert_ne!(near("[2001:db8::1]:1").network(), near("[2001:db8:0:1::1]:1").network());
    }

    #[test]
    fn up_to_half_of_what_a_leecher_is_told_are_seeds_and_they_come_first() {
        let told = |seeders: u8, leechers: u8, wanted| {
            let peers = |network, number: u8, left| (0..number).map(move |host| peer([network, 0, 2, host], 1, left));
            let swarm = swarm(peers(198, leechers, 1).chain(peers(203, seeders, 0)).collect(), Vec::new());
            let told = swarm.choose(&announce(1, wanted, Event::None), &mut fastrand::Rng::with_seed(1));
            let first = told.iter().take_while(|peer| peer.is_seed()).count();
            assert!(told[first..].iter().all(|peer| !peer.is_seed()));
            (first, told.len() - first)
        };
        assert_eq!(told(1, 100, 50), (1, 49));
        assert_eq!(told(100, 100, 50), (25, 25));
        assert_eq!(told(100, 10, 50), (40, 10));
        assert_eq!(told(100, 100, 1), (1, 0));
        assert_eq!(told(3, 2, 50), (3, 2));
    }

    #[test]
    fn counts_are_those_after_the_announce() {
        let host = [192, 0, 2, 1];
        let mut swarm = swarm(vec![peer(host, 7, 5), peer(host, 8, 0)], vec![peer(host, 9, 1)]);
        assert_eq!(swarm.counts(), Counts { complete: 1, incomplete: 2 });
        let after = |swarm: &Swarm, left, event| swarm.counts_after(&announce(left, 0, event));
        assert_eq!(after(&swarm, 0, Event::Completed), Counts { complete: 2, incomplete: 1 });
        assert_eq!(after(&swarm, 3, Event::None), Counts { complete: 1, incomplete: 2 });
        assert_eq!(after(&swarm, 3, Event::Stopped), Counts { complete: 1, incomplete: 1 });
        swarm.samples[0].share = 0.25;
        assert_eq!(swarm.counts(), Counts { complete: 4, incomplete: 8 });
        swarm.samples.push(Sample::default());
        assert_eq!(swarm.counts().peers(), 12);
    }
}
