//! A request for one object's torrent.

use crate::{
    object::{CallOptions, ObjectId},
    s3::access::PresignedUrl,
};

/// A checked request for one object's torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorrentRequest {
    /// The object.
    pub object: ObjectId,
    /// The options that go with every call on the object's bucket.
    pub options: CallOptions,
    /// The caller's own proof of READ access, by which the object is then read.
    pub presigned: Option<PresignedUrl>,
}
