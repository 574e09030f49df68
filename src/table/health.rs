//! The health of peers and swarms, as it is read and written.
//!
//! | attribute | of | value |
//! | --- | --- | --- |
//! | `rate` | a peer | the best rate at which it has uploaded, in bytes a second |
//! | `since`, `since_up`, `since_down` | a peer | when its measurement began, and what it had moved by then |
//! | `checked` | a peer | when the tracker last tried to reach it |
//! | `reached` | a peer | there if that succeeded |
//! | `slow` | a peer | since when it has been slow or stuck |
//! | `seeding` | a peer | since when it has been a seeder |
//! | `bare` | a peer | there if it may have no web seeds |
//! | `fast_until` | the mark | until when torrents need no web seeds |
//! | `slow_until` | the mark | until when they have them in any case |
//! | `fast_seen` | the mark | when a leecher was last seen at `ENOUGH_SPEED` |
//! | `failed`, `failed_seeders` | the mark | when the latest trial failed, and with how many seeders |

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Partition, Result,
    item::{Item, number, number_of},
    key::MARK,
    write::is_refused,
};
use crate::tracker::{PeerHealth, SwarmHealth};

const RATE: &str = "rate";
const SINCE: &str = "since";
const SINCE_UP: &str = "since_up";
const SINCE_DOWN: &str = "since_down";
const CHECKED: &str = "checked";
const REACHED: &str = "reached";
const SLOW: &str = "slow";
const SEEDING: &str = "seeding";
const BARE: &str = "bare";
/// The attribute that the API function reads.
pub(super) const FAST_UNTIL: &str = "fast_until";
const SWARM: [&str; 5] = [FAST_UNTIL, "slow_until", "fast_seen", "failed", "failed_seeders"];

/// Returns the health of a peer. If its item has none, all is unknown.
pub(super) fn of_peer(item: &Item) -> PeerHealth {
    let [rate, since, uploaded, downloaded] =
        [RATE, SINCE, SINCE_UP, SINCE_DOWN].map(|name| number_of(item, name).unwrap_or_default());
    let [checked, slow_since, seeding_since] = [CHECKED, SLOW, SEEDING].map(|name| number_of(item, name));
    let [is_reached, is_bare] = [REACHED, BARE].map(|name| item.contains_key(name));
    PeerHealth { rate, since, uploaded, downloaded, checked, is_reached, seeding_since, is_bare, slow_since }
}

/// Adds the health of a peer to its item.
pub(super) fn add(item: &mut Item, health: &PeerHealth) {
    let PeerHealth { rate, since, uploaded, downloaded, checked, slow_since, seeding_since, .. } = *health;
    let numbers = [
        (RATE, Some(rate)),
        (SINCE, Some(since)),
        (SINCE_UP, Some(uploaded)),
        (SINCE_DOWN, Some(downloaded)),
        (CHECKED, checked),
        (SLOW, slow_since),
        (SEEDING, seeding_since),
    ];
    for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        item.insert(name.to_owned(), number(value));
    }
    for (name, _) in [(REACHED, health.is_reached), (BARE, health.is_bare)].into_iter().filter(|(_, is_so)| *is_so) {
        item.insert(name.to_owned(), AttributeValue::Bool(true));
    }
}

/// Returns the health of a swarm, which its mark has.
pub(super) fn of_swarm(mark: &Item) -> SwarmHealth {
    let [fast_until, slow_until, fast_seen, failed, failed_seeders] =
        SWARM.map(|name| number_of(mark, name).unwrap_or_default());
    SwarmHealth { fast_until, slow_until, fast_seen, failed, failed_seeders }
}

impl Partition {
    /// Writes the health of the swarm, unless a leecher was seen to be slow meanwhile, which outweighs it.
    pub async fn put_health(&self, health: &SwarmHealth) -> Result<()> {
        let SwarmHealth { fast_until, slow_until, fast_seen, failed, failed_seeders } = *health;
        let set = SWARM.map(|name| format!("{name} = :{name}")).join(", ");
        let mut update = self.update(MARK).update_expression(format!("SET {set}"));
        for (name, value) in SWARM.into_iter().zip([fast_until, slow_until, fast_seen, failed, failed_seeders]) {
            update = update.expression_attribute_values(format!(":{name}"), number(value));
        }
        let update = update.condition_expression(
            "attribute_exists(peer) AND (attribute_not_exists(slow_until) OR slow_until <= :slow_until)",
        );
        match Box::pin(update.send()).await {
            Err(error) if !is_refused(&error) => Err(error.into()),
            _ => Ok(()),
        }
    }
}
