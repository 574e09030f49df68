//! The object itself: HEAD, ranged GETs, and the checksums that S3 keeps of its parts.

mod composite_sha1;
mod head;
mod head_request;
mod part_checksums;
mod parts;
mod source;

pub use self::{
    composite_sha1::{CompositeSha1, Sha1Digest},
    head::{ObjectHead, PartSha1s},
    part_checksums::{PartChecksums, PartChecksumsError},
    parts::{Misfit, Parts},
    source::Source,
};
