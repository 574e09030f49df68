//! A scrape (BEP 48): how many peers each of some torrents has.

use std::collections::HashSet;

use super::{Query, Refusal};
use crate::torrent::InfoHash;

/// The most torrents of one scrape. UDP trackers answer as many.
pub const MAX_SCRAPED: usize = 74;

/// Returns the torrents that a scrape asks for, each once.
///
/// # Errors
/// Returns what is wrong with the query. A scrape of all torrents is refused.
pub fn torrents_of(query: Query<'_>) -> Result<Vec<InfoHash>, Refusal> {
    let hashes = query.all("info_hash").take(MAX_SCRAPED + 1);
    let hashes: Option<Vec<InfoHash>> =
        hashes.map(|hash| <[u8; 20]>::try_from(&*hash).ok().map(InfoHash::from)).collect();
    let hashes = hashes.ok_or(Refusal::InfoHash)?;
    if !(1..=MAX_SCRAPED).contains(&hashes.len()) {
        return Err(Refusal::Scrape);
    }
    Ok(hashes.into_iter().collect::<HashSet<_>>().into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(number: usize) -> Result<Vec<InfoHash>, Refusal> {
        let query = (0..number).map(|number| format!("info_hash={number:020}")).collect::<Vec<_>>().join("&");
        torrents_of(Query::new(&query))
    }

    #[test]
    fn one_to_74_torrents_can_be_asked_for() {
        assert_eq!(of(0), Err(Refusal::Scrape));
        assert_eq!(of(1), Ok(vec![(*b"00000000000000000000").into()]));
        assert_eq!(of(74).map(|hashes| hashes.len()), Ok(74));
        assert_eq!(of(75), Err(Refusal::Scrape));
        assert_eq!(torrents_of(Query::new("info_hash=short")), Err(Refusal::InfoHash));
        let twice = format!("info_hash={0:020}&info_hash={0:020}", 7);
        assert_eq!(torrents_of(Query::new(&twice)), Ok(vec![(*b"00000000000000000007").into()]));
    }
}
