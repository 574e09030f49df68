//! The peers of a torrent: how many there are, and which of them a client is told of.

use super::{Announce, Event, Peer};

/// What is known of the peers of one torrent.
#[derive(Clone, Debug, PartialEq)]
pub struct Swarm {
    /// The peers that were read.
    pub peers: Vec<Peer>,
    /// The share of all peers that these are, above 0 and at most 1. Only where it is 1 are counts exact.
    pub share: f64,
    /// How many downloads were completed.
    pub completed: u64,
}

/// How many peers a torrent has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Peers that have all of it.
    pub complete: u64,
    /// The other peers.
    pub incomplete: u64,
}

impl Swarm {
    /// Counts the peers.
    pub fn counts(&self) -> Counts {
        count(&self.peers, self.share)
    }

    /// Counts the peers as they are after `announce`, which was not in the table when they were read.
    pub fn counts_after(&self, announce: &Announce) -> Counts {
        let others: Vec<Peer> =
            self.peers.iter().filter(|peer| peer.address != announce.peer.address).copied().collect();
        let Counts { complete, incomplete } = count(&others, self.share);
        let (seed, leecher) = match announce.event {
            Event::Stopped => (0, 0),
            _ if announce.peer.is_seed() => (1, 0),
            _ => (0, 1),
        };
        Counts { complete: complete + seed, incomplete: incomplete + leecher }
    }

    /// Returns whether `peer` announces by an IPv4 address, too. It says the same there, which is counted once.
    pub fn knows_by_ipv4(&self, peer: &Peer) -> bool {
        peer.address.is_ipv6() && self.peers.iter().any(|other| other.address.is_ipv4() && other.id == peer.id)
    }

    /// Chooses the peers that the announcing client is told of: never itself, for seeds only peers that still need
    /// something, and a random choice where there are more than it wants.
    pub fn choose(&self, announce: &Announce, random: &mut fastrand::Rng) -> Vec<Peer> {
        if announce.event == Event::Stopped {
            return Vec::new();
        }
        let own = &announce.peer;
        // A client with two addresses is two peers of one name.
        let others = self.peers.iter().filter(|peer| peer.address != own.address && peer.id != own.id);
        let useful = others.filter(|peer| !(own.is_seed() && peer.is_seed()));
        random.choose_multiple(useful.copied(), announce.wanted)
    }
}

// Torrents have fewer than 2^53 peers, and the number is an estimate.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn count(peers: &[Peer], share: f64) -> Counts {
    let seeds = peers.iter().filter(|peer| peer.is_seed()).count();
    let estimate = |number: usize| (number as f64 / share).round() as u64;
    Counts { complete: estimate(seeds), incomplete: estimate(peers.len() - seeds) }
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

    fn announce(left: u64, wanted: usize, event: Event) -> Announce {
        let peer = Peer { address: SocketAddr::from(([192, 0, 2, 1], 7)), id: [7; 20], left };
        Announce { torrent: [0; 20].into(), peer, uploaded: 0, downloaded: 0, event, wanted }
    }

    proptest! {
        #[test]
        fn a_client_is_told_of_others_that_can_use_it_or_be_used(
            peers in peers(), left in 0..2_u64, wanted in 0..101_usize, seed: u64
        ) {
            let swarm = Swarm { peers, share: 1.0, completed: 0 };
            let announce = announce(left, wanted, Event::None);
            let told = swarm.choose(&announce, &mut fastrand::Rng::with_seed(seed));
            let useful = |peer: &&Peer| {
                peer.address.port() != 7 && peer.id != [7; 20] && (left > 0 || peer.left > 0)
            };
            prop_assert_eq!(told.len(), swarm.peers.iter().filter(useful).count().min(wanted));
            prop_assert!(told.iter().all(|peer| useful(&peer) && swarm.peers.contains(peer)));
            prop_assert_eq!(swarm.choose(&Announce { event: Event::Stopped, ..announce }, &mut fastrand::Rng::new()), []);
        }
    }

    #[test]
    fn the_choice_is_a_random_one() {
        let peer = |port| Peer { address: SocketAddr::from(([192, 0, 2, 2], port)), id: [0; 20], left: 1 };
        let swarm = Swarm { peers: (1..=100).map(peer).collect(), share: 1.0, completed: 0 };
        let mut random = fastrand::Rng::with_seed(1);
        let mut told = [0; 101];
        for _ in 0..1000 {
            for peer in swarm.choose(&announce(0, 10, Event::None), &mut random) {
                told[usize::from(peer.address.port())] += 1;
            }
        }
        assert!(told[1..].iter().all(|times| (50..150).contains(times)), "{told:?}");
    }

    #[test]
    fn counts_are_those_after_the_announce() {
        let peer = |port, left| Peer { address: SocketAddr::from(([192, 0, 2, 1], port)), id: [0; 20], left };
        let mut swarm = Swarm { peers: vec![peer(7, 5), peer(8, 0), peer(9, 1)], share: 1.0, completed: 0 };
        assert_eq!(swarm.counts(), Counts { complete: 1, incomplete: 2 });
        let after = |swarm: &Swarm, left, event| swarm.counts_after(&announce(left, 0, event));
        assert_eq!(after(&swarm, 0, Event::Completed), Counts { complete: 2, incomplete: 1 });
        assert_eq!(after(&swarm, 3, Event::None), Counts { complete: 1, incomplete: 2 });
        assert_eq!(after(&swarm, 3, Event::Stopped), Counts { complete: 1, incomplete: 1 });
        swarm.share = 0.25;
        assert_eq!(swarm.counts(), Counts { complete: 4, incomplete: 8 });
    }
}
