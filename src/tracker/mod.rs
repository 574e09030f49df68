//! The tracker: peers of one torrent find each other through it. This module is pure: it knows neither AWS nor async.
//! [`function`] is what AWS sees of it.
//!
//! Implements [BEP 3](https://www.bittorrent.org/beps/bep_0003.html) (announces),
//! [BEP 23](https://www.bittorrent.org/beps/bep_0023.html) and [BEP 7](https://www.bittorrent.org/beps/bep_0007.html)
//! (compact peers), [BEP 48](https://www.bittorrent.org/beps/bep_0048.html) (scrapes) and
//! [BEP 31](https://www.bittorrent.org/beps/bep_0031.html) (when to try again).

mod announce;
mod answer;
pub mod function;
mod query;
mod refusal;
mod scrape;
mod swarm;
mod transfer;

pub use self::{
    announce::{Announce, Event, Peer},
    answer::{BUSY, LIFETIME, announced, busy, compacted, refused, scraped},
    query::Query,
    refusal::Refusal,
    scrape::{MAX_SCRAPED, torrents_of},
    swarm::{Counts, MAX_IN_NETWORK, Sample, Swarm},
    transfer::{Before, Bounds, Transfer},
};

#[cfg(test)]
mod tests;
