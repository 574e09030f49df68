//! Who may do what with a bucket. As with IAM, a statement must allow it and none may deny it.

use std::ops::BitOr;

/// A set of rights, which you join with `|`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights(u8);

impl Rights {
    /// `s3:GetObject` lets a caller HEAD and GET the latest version.
    pub const READ: Self = Self(1);
    /// `s3:GetObjectVersion` lets a caller HEAD and GET with `versionId`.
    pub const READ_VERSION: Self = Self(2);
    /// `s3:ListBucket` lets a caller list keys, and tells it that a key or version is missing (404 instead of 403).
    pub const LIST: Self = Self(4);
    /// `s3:PutObject` and `s3:DeleteObject` let a caller write and delete.
    pub const WRITE: Self = Self(8);
    /// `s3:GetObjectAttributes` and `s3:GetObjectVersionAttributes` let a caller ask for part checksums.
    pub const ATTRIBUTES: Self = Self(16);
    pub(super) const NONE: Self = Self(0);
    /// All of these rights.
    pub const ALL: Self = Self(31);

    fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Rights {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The callers that a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Every caller.
    Everyone,
    /// Callers that send no signature.
    Anonymous,
    /// Callers that sign with this access key.
    AccessKey(String),
}

impl Who {
    fn is(&self, caller: Option<&str>) -> bool {
        match self {
            Self::Everyone => true,
            Self::Anonymous => caller.is_none(),
            Self::AccessKey(access_key) => caller == Some(access_key),
        }
    }
}

#[derive(Clone, Debug)]
struct Statement {
    who: Who,
    keys: String,
    rights: Rights,
}

impl Statement {
    fn is_about(&self, caller: Option<&str>, key: &str) -> bool {
        self.who.is(caller) && matches(&self.keys, key)
    }
}

/// The statements of a bucket. Key patterns are IAM's: `*` stands for anything, `/` too, `?` for one byte.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    allow: Vec<Statement>,
    deny: Vec<Statement>,
}

impl Policy {
    pub(super) fn allow(&mut self, who: Who, keys: &str, rights: Rights) {
        let keys = keys.into();
        self.allow.push(Statement { who, keys, rights });
    }

    pub(super) fn deny(&mut self, who: Who, keys: &str, rights: Rights) {
        let keys = keys.into();
        self.deny.push(Statement { who, keys, rights });
    }

    /// Whether the caller (its access key, if it has signed) has all these rights on the key.
    pub(super) fn allows(&self, caller: Option<&str>, key: &str, rights: Rights) -> bool {
        let allowed = self
            .allow
            .iter()
            .filter(|statement| statement.is_about(caller, key))
            .fold(Rights::NONE, |sum, statement| sum | statement.rights)
            .contains(rights);
        let denied =
            self.deny.iter().any(|statement| statement.is_about(caller, key) && statement.rights.intersects(rights));
        allowed && !denied
    }
}

fn matches(pattern: &str, key: &str) -> bool {
    fn glob(pattern: &[u8], key: &[u8]) -> bool {
        match (pattern, key) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=key.len()).any(|skipped| glob(rest, &key[skipped..])),
            ([b'?', pattern @ ..], [_, key @ ..]) => glob(pattern, key),
            ([p, pattern @ ..], [k, key @ ..]) => p == k && glob(pattern, key),
            _ => false,
        }
    }
    glob(pattern.as_bytes(), key.as_bytes())
}
