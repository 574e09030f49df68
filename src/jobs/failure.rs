//! The names of a job's failures, which the workflow's definition, its functions and callers share.

use std::fmt;

use serde::{Deserialize, Serialize, de::IntoDeserializer, de::value};

/// The kinds of failures, named in the workflow's definition as they are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// The object was replaced or deleted: the job ends.
    ObjectChanged,
    /// S3 throttles or fails: another attempt may help.
    Unavailable,
    /// Some spans have no fragment, because no function was free for them.
    Incomplete,
    /// Another attempt does not help.
    Failed,
    /// The input is not a task of this function.
    BadInput,
    /// A function ended without giving a reason.
    HashFailed,
}

impl FailureKind {
    /// All kinds.
    pub const ALL: [Self; 6] =
        [Self::ObjectChanged, Self::Unavailable, Self::Incomplete, Self::Failed, Self::BadInput, Self::HashFailed];

    /// Returns the kind of this name. Names that AWS gives have none.
    pub fn from_name(name: &str) -> Option<Self> {
        let name: value::StrDeserializer<value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// Why a job failed, as the workflow passes it on, or as a state's `Catch` gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reason {
    /// The failure's name.
    #[serde(alias = "Error")]
    pub error: String,
    /// What happened, in words that callers may read, or AWS's own description.
    #[serde(alias = "Cause")]
    pub cause: String,
    /// Whether the job ends without a failure, because nobody waits for the torrent of an object that is gone.
    pub quiet: bool,
}

impl Reason {
    /// Describes a failure of `kind`.
    pub fn new(kind: FailureKind, cause: String) -> Self {
        Self { error: kind.to_string(), cause, quiet: false }
    }
}
