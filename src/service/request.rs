//! What is asked of the operation.

use tokio::time::Instant;

use crate::{
    object::{CallOptions, ObjectId},
    s3::PresignedUrl,
};

/// A checked request for one object's torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TorrentRequest {
    /// Of which object.
    pub object: ObjectId,
    /// What to pass on to S3.
    pub options: CallOptions,
    /// The caller's own proof of READ, which the object is then read by.
    pub presigned: Option<PresignedUrl>,
    /// Whether a job may be started for it. HEAD only looks.
    pub may_start_job: bool,
}

/// How long a request may take.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The torrent must be made by then.
    pub until: Instant,
    /// The request must be answered by then.
    pub end: Instant,
}
