//! Where piece hashes come from.

/// Where the piece hashes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The torrent kept from an earlier request.
    Sidecar,
    /// S3 had the SHA-1 of every part, and the object was not read.
    PartChecksums,
    /// The object was read and hashed in this request.
    Object,
    /// A job has read it, span by span.
    Job,
}

impl Origin {
    /// As `x-torrent-origin` says it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sidecar => "sidecar",
            Self::PartChecksums => "part-checksums",
            Self::Object => "object",
            Self::Job => "job",
        }
    }
}
