//! The torrent that the operation returns.

use std::sync::Arc;

use crate::{
    s3::{
        reading::ObjectHead,
        sidecar::{Sidecar, SidecarContent, Slot},
    },
    torrent::{Info, InfoHash, Metainfo},
};

/// The media type of a `.torrent`.
pub const CONTENT_TYPE: &str = "application/x-bittorrent";

/// Where a torrent's piece hashes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An earlier request stored the torrent.
    Sidecar,
    /// S3 knew the SHA-1 of every part, so the object was not read.
    PartChecksums,
    /// This request read and hashed the object.
    Object,
    /// A job read the object, span by span.
    Job,
}

impl Origin {
    /// Returns the value of `x-torrent-origin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::PartChecksums => "part-checksums",
            Self::Object => "object",
            Self::Job => "job",
        }
    }
}

/// A torrent, ready to be sent.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// The `.torrent` file.
    pub bytes: Vec<u8>,
    /// The value of `Content-Disposition`, with the file's name.
    pub content_disposition: String,
    /// The v1 info hash.
    pub info_hash: InfoHash,
    /// The total length of the files in bytes.
    pub length: u64,
    /// The origin of the piece hashes.
    pub origin: Origin,
    /// The web seeds that it names.
    pub web_seeds: Vec<String>,
    /// The number of files, if the torrent is a collection's.
    pub files: Option<usize>,
    /// Whether S3 charged the requester.
    pub request_charged: bool,
}

impl Torrent {
    /// Removes the web seeds. The info hash stays, and so does the swarm. Returns whether there were any.
    pub(super) fn remove_web_seeds(&mut self) -> bool {
        let is_removed = Metainfo::remove_web_seeds(&mut self.bytes, &self.web_seeds);
        if is_removed {
            self.web_seeds.clear();
        }
        is_removed
    }

    /// Returns what is stored as the sidecar.
    pub fn sidecar_content(&self) -> SidecarContent<'_> {
        SidecarContent {
            bytes: &self.bytes,
            content_type: CONTENT_TYPE,
            content_disposition: &self.content_disposition,
            info_hash: self.info_hash.to_string(),
        }
    }

    /// Returns whether a request for what `head` describes would accept `sidecar` as this torrent. Its metadata may be
    /// damaged even if its bytes are not.
    pub fn is_stored_in(&self, sidecar: &Sidecar, head: &ObjectHead) -> bool {
        sidecar.was_made_from(head)
            && sidecar.info_hash() == Some(&self.info_hash.to_string())
            && sidecar.bytes == self.bytes
    }
}

/// A torrent whose sidecar may still have to be written.
#[derive(Debug)]
pub struct UnstoredTorrent {
    pub(super) torrent: Torrent,
    /// What the torrent was made from.
    pub(super) head: Arc<ObjectHead>,
    /// What is stored at the sidecar's key. It is closed if nothing must be written.
    pub(super) slot: Slot,
}

impl UnstoredTorrent {
    /// Closes `slot` if it already holds `torrent`.
    pub(super) fn new(torrent: Torrent, head: &Arc<ObjectHead>, slot: Slot) -> Self {
        let slot = match slot {
            Slot::Taken(sidecar) if torrent.origin == Origin::Sidecar && sidecar.bytes == torrent.bytes => Slot::Closed,
            slot => slot,
        };
        Self { torrent, head: Arc::clone(head), slot }
    }
}

/// What identifies a torrent. The info hash is computed once, since that hashes all piece hashes.
pub(super) struct Identity {
    pub(super) info: Info,
    pub(super) info_hash: InfoHash,
    pub(super) origin: Origin,
}

impl Identity {
    pub(super) fn new(info: Info, origin: Origin) -> Result<Self, serde_bencode::Error> {
        let info_hash = info.info_hash()?;
        Ok(Self { info, info_hash, origin })
    }
}
