//! The names of a job's failures, which the workflow's definition, its functions and callers share.

use serde::{Deserialize, Serialize};

/// The names of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The object was replaced or deleted: the job ends.
    ObjectChanged,
    /// S3 throttles or fails: another attempt may help.
    Unavailable,
    /// Some spans have no fragment, because no function was free for them.
    Incomplete,
    /// No other attempt helps.
    Failed,
    /// The input is not a task of this function.
    BadInput,
    /// A function ended without telling why.
    HashFailed,
}

impl FailureKind {
    const NAMES: [(Self, &str); 6] = [
        (Self::ObjectChanged, "ObjectChanged"),
        (Self::Unavailable, "Unavailable"),
        (Self::Incomplete, "Incomplete"),
        (Self::Failed, "Failed"),
        (Self::BadInput, "BadInput"),
        (Self::HashFailed, "HashFailed"),
    ];

    /// Returns the name as the workflow's definition writes it.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Returns the names of all failures.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().map(|(_, name)| name)
    }

    /// Returns the failure of this name. `None` stands for names that AWS gives.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}

/// Why a job failed, as the workflow passes it on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The failure's name.
    pub error: String,
    /// What happened, in words that callers may read.
    pub cause: String,
    /// Whether the job ends without a failure, because nobody waits for the torrent of an object that is gone.
    #[serde(default)]
    pub quiet: bool,
}

impl Reason {
    /// Describes a failure of `kind`.
    pub fn new(kind: FailureKind, cause: String) -> Self {
        Self { error: kind.as_str().to_owned(), cause, quiet: false }
    }
}
