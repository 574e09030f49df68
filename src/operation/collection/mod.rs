//! A collection: all objects below a prefix, as one torrent of many files.

mod error;
mod exclusions;
mod list;
mod member;
mod names;
mod twins;

use sha2::{Digest, Sha256};

pub use self::{error::CollectionError, member::Member, names::BadName};
pub(super) use self::{list::list, member::Opener};
use crate::{
    object::{ETag, ObjectKey},
    s3::{listing::ListedObject, reading::ObjectHead},
    torrent::File,
};

/// The objects below a prefix, as one listing told of them.
#[derive(Debug)]
pub struct Collection {
    /// The objects in the order of their keys' bytes.
    pub members: Vec<Member>,
    etag: ETag,
    length: u64,
    last_modified: Option<i64>,
    request_charged: bool,
}

impl Collection {
    /// Puts `objects` below `prefix` together, in the order of their keys.
    fn new(prefix: &ObjectKey, objects: Vec<ListedObject>, request_charged: bool) -> Result<Self, CollectionError> {
        let etag = etag_of(prefix, &objects)?;
        let length = objects.iter().try_fold(0_u64, |sum, object| sum.checked_add(object.size));
        let last_modified = objects.iter().filter_map(|object| object.last_modified).max();
        let members: Vec<_> = objects.into_iter().map(Member::from).collect();
        match length {
            Some(0) => Err(CollectionError::OnlyEmpty { count: members.len() }),
            Some(length) => Ok(Self { members, etag, length, last_modified, request_charged }),
            None => Err(CollectionError::Endless),
        }
    }

    /// Describes the collection as HEAD does an object: its `ETag` covers every key, `ETag` and size.
    pub(super) fn head(&self) -> ObjectHead {
        ObjectHead {
            last_modified: self.last_modified,
            request_charged: self.request_charged,
            ..ObjectHead::new(self.length, self.etag.clone())
        }
    }

    /// Returns the only object, where there is just one.
    pub(super) fn only(&self) -> Option<&Member> {
        self.members.first().filter(|_| self.members.len() == 1)
    }

    /// Returns whether these are the files of the torrent.
    pub(super) fn has_files(&self, files: &[File]) -> bool {
        let is_file = |(member, file): (&Member, &File)| {
            member.size == file.length && member.key.split('/').eq(file.path.iter().map(String::as_str))
        };
        self.members.len() == files.len() && self.members.iter().zip(files).all(is_file)
    }

    /// Returns the files of the torrent.
    pub(super) fn files(&self) -> Vec<File> {
        let path = |member: &Member| member.key.split('/').map(str::to_owned).collect();
        self.members.iter().map(|member| File { length: member.size, path: path(member) }).collect()
    }
}

/// Returns the SHA-256 over a line for each object: its key, NUL, its `ETag`, NUL and its size.
fn etag_of(prefix: &ObjectKey, objects: &[ListedObject]) -> Result<ETag, CollectionError> {
    let mut hasher = Sha256::new();
    for ListedObject { key, etag, size, .. } in objects {
        hasher.update(format!("{prefix}{key}\0{etag}\0{size}\n"));
    }
    ETag::new(&hex::encode(hasher.finalize())).ok_or(CollectionError::Endless)
}

#[cfg(test)]
mod tests;
