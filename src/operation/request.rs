//! A request for the torrent of an object or of a collection.

use crate::{
    object::{CallOptions, ObjectId},
    s3::access::PresignedUrl,
};

/// A checked request for a torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorrentRequest {
    /// The object.
    pub object: ObjectId,
    /// The options that go with every call on the object's bucket.
    pub options: CallOptions,
    /// Whether the key may name a prefix, so that a collection is meant where there is no object with content.
    pub may_be_prefix: bool,
    /// The caller's own proof of READ access, by which the object is then read.
    pub presigned: Option<PresignedUrl>,
}
