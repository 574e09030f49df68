//! Names that differ only in ASCII case. libtorrent gives one of them another name, and most file systems of Windows and
//! macOS cannot hold both.

use super::Member;

/// Returns the first of the sorted `members` whose path, or a folder of it, differs only in case from that of another
/// one, and the first such other one.
pub(super) fn first(members: &[Member]) -> Option<(&Member, &Member)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|one, other| folded(&one.key).cmp(folded(&other.key)));
    // Paths that are the same but for their case begin with the same folded folders, so two of them are neighbours.
    let twins = sorted.iter().zip(sorted.iter().skip(1)).filter_map(|(one, other)| {
        let length = twin_length(&one.key, &other.key)?;
        let (one, other) = (first_at(members, &one.key[..length])?, first_at(members, &other.key[..length])?);
        Some(if one.key < other.key { (one, other) } else { (other, one) })
    });
    twins.min_by(|(one, _), (other, _)| one.key.cmp(&other.key))
}

/// Returns what keys are sorted by, so that all that lies in a folder stays together.
fn folded(key: &str) -> impl Iterator<Item = u8> {
    key.bytes().map(|byte| if byte == b'/' { 0 } else { byte.to_ascii_lowercase() })
}

/// Returns the length of the shortest paths at which two keys differ only in case. It is the same in both.
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

/// Returns the first member that has this path or lies below it.
fn first_at<'a>(members: &'a [Member], path: &str) -> Option<&'a Member> {
    let folder = format!("{path}/");
    let first = |from: &str| members.get(members.partition_point(|member| member.key.as_str() < from));
    first(path).filter(|member| member.key == path).or_else(|| first(&folder))
}
