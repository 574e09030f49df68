//! Why a prefix gets no torrent, above all for names that clients would ask S3 for by another key, or could not store.
//! docs/SEMANTICS.md says what real clients do with such names.

use super::Member;
use crate::{
    object::ObjectKey,
    torrent::{MAX_NAME_BYTES, PADDING, is_stripped},
};

/// The longest name of a folder above the torrent's own, in bytes. It occurs only in web seeds.
const MAX_PARENT_BYTES: usize = 255;
/// The most names in a path that libtorrent accepts, the torrent's own included.
const MAX_DEPTH: usize = 100;

/// Why a prefix gets no torrent. The text is the message in the error document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectionError {
    /// The request names one object's version, or proves READ access to one object.
    #[error(
        "There is no object of this key with content, so the key names a prefix. Ask for the torrent of a prefix \
         without versionId and presigned: both are for a single object."
    )]
    OneObject,
    /// Clients would ask S3 for another key, or could not store the file.
    #[error("The object '{key}' keeps the prefix from getting a torrent: {name}. Rename or move it.")]
    Name {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        name: BadName,
    },
    /// Clients do not load a torrent without bytes.
    #[error("All {0} objects below the prefix are empty. No client loads a torrent of 0 bytes.")]
    OnlyEmpty(usize),
    /// There are more objects than `MAX_COLLECTION_OBJECTS`.
    #[error(
        "There are at least {count} objects below the prefix, and MAX_COLLECTION_OBJECTS of this service is {limit}. \
         Ask for a longer prefix, or ask this service's operator to raise it."
    )]
    TooMany {
        /// How many were listed.
        count: usize,
        /// The value of `MAX_COLLECTION_OBJECTS`.
        limit: usize,
    },
    /// The torrent would not fit a Lambda response.
    #[error(
        "The torrent of the {files} objects below the prefix would have {bytes} bytes of names and hashes, and at most \
         {limit} fit a response. Ask for a longer prefix."
    )]
    DoesNotFit {
        /// How many files the torrent would have.
        files: usize,
        /// The size of the info dictionary in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit: usize,
    },
    /// The sum of the sizes exceeds 64 bits.
    #[error("The sizes of the objects below the prefix cannot be added up.")]
    Endless,
}

/// What is wrong with a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// Two slashes in a row, or a slash at the end.
    #[error("one of the names between its slashes is empty")]
    Empty,
    /// Nothing but dots and spaces, such as `..`.
    #[error("one of the names between its slashes consists of dots and spaces only")]
    Dots,
    /// A control character or a backslash.
    #[error("it has a control character or a backslash")]
    Character,
    /// A character that libtorrent drops.
    #[error(
        "it has the invisible character U+{:04X}, which many clients leave out when they ask for the file",
        u32::from(*.0)
    )]
    Invisible(char),
    /// A segment that is too long.
    #[error("one of the names between its slashes has more than {0} bytes")]
    TooLong(usize),
    /// Too many segments.
    #[error("its path has more than {MAX_DEPTH} names, counted from the last one in the prefix")]
    TooDeep,
    /// A name of padding.
    #[error("one of the names between its slashes has '{PADDING}' in it, and many clients do not download such files")]
    Padding,
    /// A name in the path differs only in case from one in the same folder, which is in the path of this key.
    #[error(
        "a name in its path differs from one in '{0}' only in upper and lower case, and many computers cannot store \
         both"
    )]
    Case(String),
    /// The object is a folder of other objects.
    #[error("there are objects below it, and a name cannot be both a file and a folder")]
    Folder,
}

/// Checks the keys of all objects below `prefix`, which are sorted. The error is the first bad key.
pub(super) fn check(prefix: &ObjectKey, members: &[Member]) -> Result<(), CollectionError> {
    let parent = prefix.parent();
    let name = prefix.as_str().strip_prefix(parent).and_then(|name| name.strip_suffix('/')).unwrap_or_default();
    let of_prefix = parent.split_terminator('/').find_map(bad_parent).or_else(|| bad_segment(name));
    let full = |member: &Member| format!("{prefix}{}", member.key);
    let bad = members.iter().find_map(|member| {
        let bad = of_prefix.clone().or_else(|| bad_path(&member.key));
        let bad = bad.or_else(|| is_folder(&member.key, members).then_some(BadName::Folder))?;
        Some((member, bad))
    });
    let twins = first_twins(members).map(|(member, other)| (member, BadName::Case(full(other))));
    match bad.into_iter().chain(twins).min_by(|(one, _), (other, _)| one.key.cmp(&other.key)) {
        Some((member, name)) => Err(CollectionError::Name { key: full(member), name }),
        None => Ok(()),
    }
}

/// Returns what is wrong with a folder above the torrent's. Clients do not store it.
fn bad_parent(segment: &str) -> Option<BadName> {
    match segment {
        "" => Some(BadName::Empty),
        "." | ".." => Some(BadName::Dots),
        _ if segment.contains(|c: char| c == '\\' || c.is_control()) => Some(BadName::Character),
        _ if segment.len() > MAX_PARENT_BYTES => Some(BadName::TooLong(MAX_PARENT_BYTES)),
        _ => None,
    }
}

fn bad_path(path: &str) -> Option<BadName> {
    let too_deep = || (path.split('/').count() >= MAX_DEPTH).then_some(BadName::TooDeep);
    path.split('/').find_map(bad_segment).or_else(too_deep)
}

/// Returns what is wrong with the torrent's name, or with a name in a path.
fn bad_segment(segment: &str) -> Option<BadName> {
    if let Some(stripped) = segment.chars().find(|c| is_stripped(*c)) {
        return Some(BadName::Invisible(stripped));
    }
    match segment {
        _ if segment.len() > MAX_NAME_BYTES => Some(BadName::TooLong(MAX_NAME_BYTES)),
        _ if segment.contains(PADDING) => Some(BadName::Padding),
        _ => bad_parent(segment).or_else(|| segment.chars().all(|c| matches!(c, '.' | ' ')).then_some(BadName::Dots)),
    }
}

/// Returns whether one of the sorted `members` is below `key`.
fn is_folder(key: &str, members: &[Member]) -> bool {
    let folder = format!("{key}/");
    let next = members.partition_point(|member| member.key < folder);
    members.get(next).is_some_and(|member| member.key.starts_with(&folder))
}

/// Returns the first of the sorted `members` whose path, or a folder in it, differs only in case from another member's,
/// and the first such other member. libtorrent renames one of them, and Windows and macOS usually cannot store both.
fn first_twins(members: &[Member]) -> Option<(&Member, &Member)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|one, other| folded(&one.key).cmp(folded(&other.key)));
    // Paths that differ only in case have the same folded folders, so two of them are neighbours.
    let twins = sorted.iter().zip(sorted.iter().skip(1)).filter_map(|(one, other)| {
        let length = twin_length(&one.key, &other.key)?;
        let (one, other) = (first_at(members, &one.key[..length])?, first_at(members, &other.key[..length])?);
        Some(if one.key < other.key { (one, other) } else { (other, one) })
    });
    twins.min_by(|(one, _), (other, _)| one.key.cmp(&other.key))
}

/// Returns the sort key, which keeps the content of a folder together.
fn folded(key: &str) -> impl Iterator<Item = u8> {
    key.bytes().map(|byte| if byte == b'/' { 0 } else { byte.to_ascii_lowercase() })
}

/// Returns the length of the shortest paths at which two keys differ only in case. It is the same for both keys.
fn twin_length(one: &str, other: &str) -> Option<usize> {
    let mut length = 0;
    for (one, other) in one.split('/').zip(other.split('/')).take_while(|(one, other)| one.eq_ignore_ascii_case(other))
    {
        length += one.len();
        if one != other {
            return Some(length);
        }
        length += 1;
    }
    None
}

/// Returns the first member at this path or below it.
fn first_at<'a>(members: &'a [Member], path: &str) -> Option<&'a Member> {
    let folder = format!("{path}/");
    let first = |from: &str| members.get(members.partition_point(|member| member.key.as_str() < from));
    first(path).filter(|member| member.key == path).or_else(|| first(&folder))
}
