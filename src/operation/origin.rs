//! Where piece hashes come from.

/// The origin of a torrent's piece hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The torrent was stored by an earlier request.
    Sidecar,
    /// S3 had the SHA-1 of every part, and the object was not read.
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
