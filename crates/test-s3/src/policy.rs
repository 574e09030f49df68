//! Who may do what with a bucket. As with IAM, a statement must allow it and none may deny it.

bitflags::bitflags! {
    /// A set of rights, which you join with `|`.
    #[derive(Clone, Copy, Debug)]
    pub struct Rights: u8 {
        /// `s3:GetObject` lets a caller HEAD and GET the latest version.
        const READ = 1;
        /// `s3:GetObjectVersion` lets a caller HEAD and GET with `versionId`.
        const READ_VERSION = 2;
        /// `s3:ListBucket` lets a caller list keys, and tells it that a key or version is missing (404, not 403).
        const LIST = 4;
        /// `s3:PutObject` and `s3:DeleteObject` let a caller write and delete.
        const WRITE = 8;
        /// `s3:GetObjectAttributes` and `s3:GetObjectVersionAttributes` let a caller ask for part checksums.
        const ATTRIBUTES = 16;
        /// All of these rights.
        const ALL = 31;
    }
}

/// The callers that a statement is about.
#[derive(Clone, Debug)]
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

/// One statement of a bucket's policy.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) denies: bool,
    pub(super) who: Who,
    /// A key, in which one `*` stands for anything.
    pub(super) keys: String,
    pub(super) rights: Rights,
}

impl Statement {
    fn is_about(&self, caller: Option<&str>, key: &str) -> bool {
        let fits = |(start, end)| key.strip_prefix(start).is_some_and(|rest: &str| rest.ends_with(end));
        self.who.is(caller) && self.keys.split_once('*').map_or(self.keys == key, fits)
    }
}

/// Whether the caller (its access key, if it has signed) has all these rights on the key.
pub(super) fn allows(policy: &[Statement], caller: Option<&str>, key: &str, rights: Rights) -> bool {
    let about =
        |denies| policy.iter().filter(move |statement| statement.denies == denies && statement.is_about(caller, key));
    let allowed = about(false).fold(Rights::empty(), |sum, statement| sum | statement.rights);
    allowed.contains(rights) && !about(true).any(|statement| statement.rights.intersects(rights))
}
