//! The health of peers and swarms, as it is read and written.
//!
//! | attribute | of | value |
//! | --- | --- | --- |
//! | `rate` | a peer | the best rate at which it has uploaded, in bytes a second |
//! | `since`, `since_up`, `since_down` | a peer | when its measurement began, and what it had moved by then |
//! | `checked` | a peer | when the tracker last tried to reach it |
//! | `reached` | a peer | there if that succeeded |
//! | `slow` | a peer | since when it has been slow or stuck |
//! | `fast_until` | the mark | until when torrents need no web seeds |
//! | `slow_until` | the mark | until when they have them in any case |
//! | `fast_seen` | the mark | when a leecher was last seen at `ENOUGH_SPEED` |

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Partition, Result,
    item::{Item, number, number_of},
    key::MARK,
};
use crate::tracker::{PeerHealth, SwarmHealth};

const RATE: &str = "rate";
const SINCE: &str = "since";
const SINCE_UP: &str = "since_up";
const SINCE_DOWN: &str = "since_down";
const CHECKED: &str = "checked";
const REACHED: &str = "reached";
const SLOW: &str = "slow";
/// The attribute that the API function reads.
pub(super) const FAST_UNTIL: &str = "fast_until";
const SLOW_UNTIL: &str = "slow_until";
const FAST_SEEN: &str = "fast_seen";

/// Returns the health of a peer. If its item has none, all is unknown.
pub(super) fn of_peer(item: &Item) -> PeerHealth {
    let [rate, since, uploaded, downloaded] =
        [RATE, SINCE, SINCE_UP, SINCE_DOWN].map(|name| number_of(item, name).unwrap_or_default());
    let [checked, slow_since] = [CHECKED, SLOW].map(|name| number_of(item, name));
    PeerHealth { rate, since, uploaded, downloaded, checked, is_reached: item.contains_key(REACHED), slow_since }
}

/// Adds the health of a peer to its item.
pub(super) fn add(item: &mut Item, health: &PeerHealth) {
    let PeerHealth { rate, since, uploaded, downloaded, checked, is_reached, slow_since } = *health;
    let numbers = [
        (RATE, Some(rate)),
        (SINCE, Some(since)),
        (SINCE_UP, Some(uploaded)),
        (SINCE_DOWN, Some(downloaded)),
        (CHECKED, checked),
        (SLOW, slow_since),
    ];
    for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
        item.insert(name.to_owned(), number(value));
    }
    if is_reached {
        item.insert(REACHED.to_owned(), AttributeValue::Bool(true));
    }
}

/// Returns the health of a swarm, which its mark has.
pub(super) fn of_swarm(mark: &Item) -> SwarmHealth {
    let [fast_until, slow_until, fast_seen] =
        [FAST_UNTIL, SLOW_UNTIL, FAST_SEEN].map(|name| number_of(mark, name).unwrap_or_default());
    SwarmHealth { fast_until, slow_until, fast_seen }
}

impl Partition {
    /// Writes the health of the swarm. A leecher that was seen to be slow meanwhile outweighs it.
    pub async fn put_health(&self, health: &SwarmHealth) -> Result<()> {
        let SwarmHealth { fast_until, slow_until, fast_seen } = *health;
        let update = self
            .update(MARK)
            .update_expression("SET fast_until = :fast_until, slow_until = :slow_until, fast_seen = :fast_seen");
        let update = update
            .condition_expression(
                "attribute_exists(peer) AND (attribute_not_exists(slow_until) OR slow_until <= :slow_until)",
            )
            .expression_attribute_values(":fast_until", number(fast_until))
            .expression_attribute_values(":slow_until", number(slow_until))
            .expression_attribute_values(":fast_seen", number(fast_seen));
        Box::pin(update.send()).await?;
        Ok(())
    }
}
