//! Why a client is refused. The text is what the client shows its user.

/// The client's own fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The query has no info hash, or another length of it.
    #[error("info_hash must have 20 bytes")]
    InfoHash,
    /// The query has no name of the peer, or another length of it.
    #[error("peer_id must have 20 bytes")]
    PeerId,
    /// The query has no port, or none that there is.
    #[error("port must be a number from 1 to 65535")]
    Port,
    /// A scrape asks for all torrents, or for too many.
    #[error("a scrape must name 1 to {} torrents by info_hash", super::MAX_SCRAPED)]
    Scrape,
    /// The stack has not made this torrent.
    #[error("unregistered torrent")]
    Unregistered,
    /// The event does not tell where the client is.
    #[error("the address of the client is not known")]
    Address,
}
