//! Names that differ only in ASCII case. libtorrent renames one of them, and Windows and macOS usually cannot store
//! both.

use super::Member;

/// Returns the first of the sorted `members` whose path, or a folder in it, differs only in case from another member's,
/// and the first such other member.
pub(super) fn first(members: &[Member]) -> Option<(&Member, &Member)> {
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
