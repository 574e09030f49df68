//! The object itself: HEAD, ranged GETs, and the checksums of its parts.

mod head;
mod head_request;
mod part_checksums;
mod parts;
mod source;

pub use self::{
    head::{ObjectHead, PartSha1s},
    parts::{CompositeSha1, Misfit, Parts, Sha1Digest},
    source::Source,
};
