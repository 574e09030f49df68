//! The torrent as the operation gives it.

use std::sync::Arc;

use super::Origin;
use crate::{
    s3::{
        reading::ObjectHead,
        sidecar::{Sidecar, SidecarContent, Slot},
    },
    torrent::{Info, InfoHash},
};

/// The media type of a `.torrent`.
pub const CONTENT_TYPE: &str = "application/x-bittorrent";

/// A torrent, ready to be sent.
#[derive(Clone, Debug)]
pub struct Torrent {
    /// The `.torrent` file.
    pub bytes: Vec<u8>,
    /// The value of `Content-Disposition`, with the file's name.
    pub content_disposition: String,
    /// The v1 info hash.
    pub info_hash: InfoHash,
    /// The length of all files in bytes.
    pub length: u64,
    /// The origin of the piece hashes.
    pub origin: Origin,
    /// How many files a torrent of many has.
    pub files: Option<usize>,
    /// Whether S3 charged the requester.
    pub request_charged: bool,
}

impl Torrent {
    /// Returns what is stored as the sidecar.
    pub fn sidecar_content(&self) -> SidecarContent<'_> {
        SidecarContent {
            bytes: &self.bytes,
            content_type: CONTENT_TYPE,
            content_disposition: &self.content_disposition,
            info_hash: self.info_hash.to_string(),
        }
    }

    /// Returns whether a request for what `head` describes would accept `sidecar` as this torrent. Metadata can be lost
    /// where the bytes are not.
    pub fn is_stored_in(&self, sidecar: &Sidecar, head: &ObjectHead) -> bool {
        sidecar.was_made_from(head)
            && sidecar.info_hash() == Some(&self.info_hash.to_string())
            && sidecar.bytes == self.bytes
    }
}

/// A torrent, and the write of its sidecar that is still due.
#[derive(Debug)]
pub struct UnstoredTorrent {
    pub(super) torrent: Torrent,
    pub(super) write: Option<SidecarWrite>,
}

impl UnstoredTorrent {
    /// Returns where the piece hashes come from.
    pub fn origin(&self) -> Origin {
        self.torrent.origin
    }
}

/// A write of the sidecar: the object that it is made from, and its place.
#[derive(Debug)]
pub(super) struct SidecarWrite {
    pub(super) head: Arc<ObjectHead>,
    pub(super) slot: Slot,
}

/// What makes a torrent the one it is. The hash is computed once, as that takes a pass over all piece hashes.
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
