//! The tracker: peers of one torrent find each other through it. This module is pure: it knows neither AWS nor async.
//! [`function`] is the Lambda function around it.
//!
//! Implements [BEP 3](https://www.bittorrent.org/beps/bep_0003.html) (announces),
//! [BEP 23](https://www.bittorrent.org/beps/bep_0023.html) and [BEP 7](https://www.bittorrent.org/beps/bep_0007.html)
//! (compact peers), [BEP 48](https://www.bittorrent.org/beps/bep_0048.html) (scrapes) and
//! [BEP 31](https://www.bittorrent.org/beps/bep_0031.html) (when to retry).

mod clock;
pub mod function;
mod health;
mod query;
mod request;
mod response;
mod swarm;
mod transfer;

pub use self::{
    clock::{Clock, Schedule},
    health::{HealthRules, PeerHealth, Progress, Standing, SwarmHealth, SwarmStrength},
    query::Query,
    request::{AnnounceRequest, Event, Peer, Refusal, ScrapeRequest},
    response::{AnnounceResponse, BUSY, FailureResponse, ScrapeResponse, compact, encode},
    swarm::{MAX_IN_NETWORK, PeerCounts, Sample, Swarm},
    transfer::{PreviousAnnounce, Transfer},
};
