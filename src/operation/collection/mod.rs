//! A collection: all objects below a prefix, as one torrent of many files.

mod exclusions;
mod member;
mod names;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use self::exclusions::Exclusions;
pub(super) use self::member::Opener;
pub use self::{
    member::Member,
    names::{BadName, CollectionError},
};
use crate::{
    config::Config,
    object::{ETag, ObjectId, ObjectKey},
    operation::{Error, Subject},
    s3::{
        self,
        access::Bucket,
        listing::{ListedObject, Listing},
        reading::ObjectHead,
    },
};

/// A listing may have this many times as many objects as the collection.
const MOST_LISTED: usize = 4;
/// S3 lists this many objects at once.
const PAGE: usize = 1_000;

/// Makes a collection of `objects`, which are sorted by key, below `prefix`. Its `ETag` covers every key, `ETag` and
/// size.
fn subject(prefix: &ObjectKey, objects: Vec<ListedObject>, request_charged: bool) -> Result<Subject, CollectionError> {
    let length = objects.iter().try_fold(0_u64, |sum, object| sum.checked_add(object.size));
    let length = length.ok_or(CollectionError::Endless)?;
    if length == 0 {
        return Err(CollectionError::OnlyEmpty(objects.len()));
    }
    let head = ObjectHead {
        last_modified: objects.iter().filter_map(|object| object.last_modified).max(),
        request_charged,
        ..ObjectHead::new(length, etag_of(prefix, &objects)?)
    };
    Ok(Subject { head: Arc::new(head), members: Some(objects.into_iter().map(Member::from).collect()) })
}

/// Returns the SHA-256 over one line for each object: its key, NUL, its `ETag`, NUL and its size.
fn etag_of(prefix: &ObjectKey, objects: &[ListedObject]) -> Result<ETag, CollectionError> {
    let mut hasher = Sha256::new();
    for ListedObject { key, etag, size, .. } in objects {
        hasher.update(format!("{prefix}{key}\0{etag}\0{size}\n"));
    }
    ETag::new(&hex::encode(hasher.finalize())).ok_or(CollectionError::Endless)
}

/// Lists the collection at the prefix `object.key`. No object at all is an [`s3::Error::NoSuchKey`].
pub(super) async fn list(bucket: &Bucket, object: &ObjectId, config: &Config) -> Result<Subject, Error> {
    let limit = config.max_collection_objects;
    let exclusions = Exclusions::new(object, &config.sidecar);
    let mut listing = Listing::new(bucket, object.key.as_str());
    let mut objects = list_all(&mut listing, &exclusions, limit).await?;
    objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    exclusions.remove_from(&mut objects);
    if objects.len() > limit {
        return Err(CollectionError::TooMany { count: objects.len(), limit }.into());
    }
    if objects.is_empty() {
        return Err(s3::Error::NoSuchKey { delete_marker: false }.into());
    }
    if let Some(archived) = objects.iter().find(|object| object.archived) {
        let key = format!("{}{}", object.key, archived.key);
        return Err(Error::Member { key, error: s3::Error::Archived });
    }
    let subject = subject(&object.key, objects, listing.request_charged)?;
    names::check(&object.key, subject.members.as_deref().unwrap_or_default())?;
    Ok(subject)
}

/// Lists all objects, but stops as soon as there must be more than `limit`.
async fn list_all(
    listing: &mut Listing<'_>,
    exclusions: &Exclusions<'_>,
    limit: usize,
) -> Result<Vec<ListedObject>, Error> {
    // S3 gives the same answer without the right to list as without the right to read.
    let denied = |error| if matches!(error, s3::Error::AccessDenied) { Error::NotListed } else { error.into() };
    let (mut objects, mut count) = (Vec::new(), 0);
    while let Some(page) = listing.next_page().await.map_err(denied)? {
        count += page.iter().filter(|object| exclusions.never_excludes(object)).count();
        objects.extend(page);
        if count > limit || objects.len() > limit * MOST_LISTED + PAGE {
            return Err(CollectionError::TooMany { count: objects.len(), limit }.into());
        }
    }
    Ok(objects)
}

#[cfg(test)]
mod tests;
