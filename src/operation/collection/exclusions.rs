//! Listed objects that do not belong to a collection: folder markers, and what this service itself writes.

use crate::{
    object::{ObjectId, SidecarLocation, is_version_id},
    s3::listing::ListedObject,
};

/// A shorter text does not count as a version ID. S3's have 32 characters.
const MIN_VERSION_ID_BYTES: usize = 16;
/// The version ID of an object that was written before its bucket was versioned.
const NULL_VERSION: &str = "null";

/// The exclusions from the collection at one prefix.
pub(super) struct Exclusions<'a> {
    prefix: &'a str,
    /// `None` for a bucket that holds no sidecars, and so nothing of this service.
    ours: Option<Ours<'a>>,
}

/// The form of the keys that this service writes.
struct Ours<'a> {
    sidecar_prefix: String,
    sidecar_suffix: &'a str,
    jobs: String,
}

impl<'a> Exclusions<'a> {
    /// Sidecars are in `location`.
    pub(super) fn new(object: &'a ObjectId, location: &'a SidecarLocation) -> Self {
        let folder = location.bucket.as_ref().map(|_| format!("{}/", object.bucket)).unwrap_or_default();
        let ours = Ours {
            sidecar_prefix: format!("{}{folder}", location.prefix),
            sidecar_suffix: &location.suffix,
            jobs: location.jobs_prefix(),
        };
        let holds_sidecars = *location.bucket_for(object) == object.bucket;
        Self { prefix: object.key.as_str(), ours: holds_sidecars.then_some(ours) }
    }

    /// Returns whether `object` belongs to the collection, whichever other objects are listed.
    pub(super) fn never_excludes(&self, object: &ListedObject) -> bool {
        !self.is_marker_or_work(object) && self.sidecar_of(&self.full(object)).is_none()
    }

    /// Removes what does not belong to the collection. `objects` is the whole listing, sorted.
    pub(super) fn remove_from(&self, objects: &mut Vec<ListedObject>) {
        let is_excluded = |object: &ListedObject| {
            self.is_marker_or_work(object)
                || self.sidecar_of(&self.full(object)).is_some_and(|source| self.has_sidecar(source, objects))
        };
        let keep: Vec<bool> = objects.iter().map(|object| !is_excluded(object)).collect();
        let mut keep = keep.into_iter();
        objects.retain(|_| keep.next().unwrap_or_default());
    }

    fn full(&self, object: &ListedObject) -> String {
        format!("{}{}", self.prefix, object.key)
    }

    fn is_marker_or_work(&self, object: &ListedObject) -> bool {
        let full = self.full(object);
        let is_marker = object.size == 0 && full.ends_with('/');
        is_marker || self.ours.as_ref().is_some_and(|ours| full.starts_with(&ours.jobs))
    }

    /// Returns the key of the object whose sidecar would have this `key`.
    fn sidecar_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        let Ours { sidecar_prefix, sidecar_suffix, .. } = self.ours.as_ref()?;
        key.strip_prefix(sidecar_prefix.as_str())?.strip_suffix(sidecar_suffix).filter(|source| !source.is_empty())
    }

    /// Returns whether `source` is a prefix, a listed object, or a version of one.
    fn has_sidecar(&self, source: &str, objects: &[ListedObject]) -> bool {
        let is_listed = |key: &str| {
            key.strip_prefix(self.prefix)
                .is_some_and(|key| objects.binary_search_by(|object| object.key.as_str().cmp(key)).is_ok())
        };
        let is_of_version = |(dot, _): (usize, &str)| {
            let id = &source[dot + 1..];
            let is_id = id == NULL_VERSION || (id.len() >= MIN_VERSION_ID_BYTES && is_version_id(id));
            is_id && is_listed(&source[..dot])
        };
        source.ends_with('/') || is_listed(source) || source.match_indices('.').any(is_of_version)
    }
}
