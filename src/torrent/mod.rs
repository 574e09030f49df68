//! BitTorrent metainfo. This module is pure: it knows neither AWS nor async.
//!
//! Implements [BEP 3](https://www.bittorrent.org/beps/bep_0003.html) (metainfo, v1 info hash),
//! [BEP 12](https://www.bittorrent.org/beps/bep_0012.html) (tracker tiers) and
//! [BEP 19](https://www.bittorrent.org/beps/bep_0019.html) (web seeds). Torrents of version 2
//! ([BEP 52](https://www.bittorrent.org/beps/bep_0052.html)) are left out.

mod info;
mod metainfo;
mod name;
mod piece_hasher;
mod piece_length;
mod pieces;
mod web_seed;

pub use self::{
    info::{File, Info, InfoHash},
    metainfo::{CREATED_BY, Metainfo},
    name::{MAX_NAME_BYTES, PADDING, is_stripped, torrent_name},
    piece_hasher::{PieceHash, PieceHasher},
    piece_length::{MAX_PIECES, PieceLength},
    pieces::Pieces,
    web_seed::{WebSeedPlace, WebSeedTemplate, WebSeedTemplateError},
};
