//! From a prefix to its collection.

use super::{Collection, CollectionError, exclusions::Exclusions, names};
use crate::{
    config::Config,
    object::ObjectId,
    operation::Error,
    s3::{
        self,
        access::Bucket,
        listing::{ListedObject, Listing},
    },
};

/// Objects that are left out may be this many times as many as those that are not.
const MOST_LISTED: usize = 4;
/// S3 lists this many objects at once.
const PAGE: usize = 1_000;

/// Lists the collection at the prefix `object.key` by the rights of `bucket`.
///
/// # Errors
/// Returns [`s3::Error::NoSuchKey`] where there is no object, [`Error::NotListed`] where listing is denied, a
/// [`CollectionError`] where the objects cannot be one torrent, or what S3 says instead.
pub(in crate::operation) async fn list(
    bucket: &Bucket,
    object: &ObjectId,
    config: &Config,
) -> Result<Collection, Error> {
    let exclusions = Exclusions::new(object, &config.sidecar);
    let mut listing = Listing::new(bucket, object.key.as_str());
    let mut objects = list_all(&mut listing, &exclusions, config.max_collection_objects).await?;
    objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    exclusions.remove_from(&mut objects);
    let limit = config.max_collection_objects;
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
    let collection = Collection::new(&object.key, objects, listing.request_charged)?;
    names::check(&object.key, &collection.members)?;
    Ok(collection)
}

/// Lists all objects, and stops as soon as there are surely more than `limit`.
async fn list_all(
    listing: &mut Listing<'_>,
    exclusions: &Exclusions<'_>,
    limit: usize,
) -> Result<Vec<ListedObject>, Error> {
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

/// Without the right to list, S3 says the same as without the right to read.
fn denied(error: s3::Error) -> Error {
    if matches!(error, s3::Error::AccessDenied) { Error::NotListed } else { error.into() }
}
