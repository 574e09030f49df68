//! Names that no torrent may have: clients would ask S3 for another key, or could not store the file. What real clients
//! do with such names is in docs/SEMANTICS.md.

use super::{CollectionError, Member};
use crate::object::ObjectKey;

/// The longest name that file systems store, in bytes.
const MAX_SEGMENT_BYTES: usize = 255;

/// This says what is wrong with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Two slashes in a row, or a slash at the end.
    #[error("one of the names between its slashes is empty")]
    Empty,
    /// `.` or `..`.
    #[error("one of the names between its slashes is '.' or '..'")]
    Dots,
    /// A control character or a backslash.
    #[error("it has a control character or a backslash")]
    Character,
    /// A segment of more than 255 bytes.
    #[error("one of the names between its slashes has more than 255 bytes")]
    TooLong,
    /// The object is a folder of other objects.
    #[error("there are objects below it, and a name cannot be both a file and a folder")]
    Folder,
}

/// Checks the keys of all objects below `prefix`, which are sorted.
///
/// # Errors
/// Returns the first key that no torrent may have.
pub(super) fn check(prefix: &ObjectKey, members: &[Member]) -> Result<(), CollectionError> {
    let refuse = |member: &Member, name| CollectionError::Name { key: format!("{prefix}{}", member.key), name };
    for member in members {
        let mut segments = prefix.as_str().split_terminator('/').chain(member.key.split('/'));
        if let Some(name) = segments.find_map(bad_segment) {
            return Err(refuse(member, name));
        }
    }
    let folders = members.iter().filter(|member| is_folder(&member.key, members));
    folders.map(|member| Err(refuse(member, BadName::Folder))).next().unwrap_or(Ok(()))
}

fn bad_segment(segment: &str) -> Option<BadName> {
    match segment {
        "" => Some(BadName::Empty),
        "." | ".." => Some(BadName::Dots),
        _ if segment.contains(|c: char| c == '\\' || c.is_control()) => Some(BadName::Character),
        _ if segment.len() > MAX_SEGMENT_BYTES => Some(BadName::TooLong),
        _ => None,
    }
}

/// Returns whether one of the sorted `members` is below `key`.
fn is_folder(key: &str, members: &[Member]) -> bool {
    let folder = format!("{key}/");
    let next = members.partition_point(|member| member.key < folder);
    members.get(next).is_some_and(|member| member.key.starts_with(&folder))
}
