//! The buckets, keys and versions that the server holds. Tests and faults change them directly.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    auth::Identity,
    multipart::Upload,
    object::Object,
    policy::{Rights, Statement, Who},
};

/// The version ID of an object that was put when the bucket kept no versions.
const NULL: &str = "null";

/// A bucket, as a test describes it.
#[must_use]
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(super) name: String,
    pub(super) policy: Vec<Statement>,
    pub(super) versioned: bool,
    pub(super) requester_pays: bool,
    /// Twelve digits. Without it, the bucket accepts every expected owner.
    pub(super) owner: Option<String>,
    /// Without it, the bucket answers in every region.
    pub(super) region: Option<String>,
    /// Versions by key, the latest last.
    keys: BTreeMap<String, Vec<Version>>,
    /// The multipart uploads that are not completed, by their IDs.
    pub(super) uploads: BTreeMap<String, Upload>,
}

impl Bucket {
    /// Makes a bucket on which the function's role has all rights and no one else has any.
    pub fn private(name: &str) -> Self {
        let bucket = Self {
            name: name.into(),
            policy: Vec::new(),
            versioned: false,
            requester_pays: false,
            owner: None,
            region: None,
            keys: BTreeMap::new(),
            uploads: BTreeMap::new(),
        };
        bucket.allow(Who::AccessKey(Identity::role().access_key), "*", Rights::ALL)
    }

    /// Makes a bucket whose objects anyone may also read, but not list, nor ask for by version.
    pub fn public(name: &str) -> Self {
        Self::private(name).allow(Who::Anonymous, "*", Rights::READ)
    }

    /// Allows rights on the keys that match a pattern, in which one `*` stands for anything.
    pub fn allow(mut self, who: Who, keys: &str, rights: Rights) -> Self {
        self.policy.push(Statement { denies: false, who, keys: keys.into(), rights });
        self
    }

    /// Denies rights on the keys that match a pattern. This is stronger than any `allow`.
    pub fn deny(mut self, who: Who, keys: &str, rights: Rights) -> Self {
        self.policy.push(Statement { denies: true, who, keys: keys.into(), rights });
        self
    }

    /// Keeps all versions of an object.
    pub fn versioned(mut self) -> Self {
        self.versioned = true;
        self
    }

    /// Refuses callers that do not agree to pay.
    pub fn requester_pays(mut self) -> Self {
        self.requester_pays = true;
        self
    }

    /// Sets the account that owns the bucket. Without it, the bucket accepts every expected owner.
    pub fn owner(mut self, account: &str) -> Self {
        self.owner = Some(account.into());
        self
    }

    /// Answers only requests that come to this region and are signed for it, and redirects all others.
    pub fn in_region(mut self, region: &str) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Returns the version with this ID, or the latest.
    pub(super) fn version(&self, key: &str, id: Option<&str>) -> Option<&Version> {
        let versions = self.keys.get(key)?;
        match id {
            None => versions.last(),
            Some(id) => versions.iter().find(|version| version.id == id),
        }
    }

    /// Returns the latest version, unless it is a delete marker.
    pub(super) fn latest(&self, key: &str) -> Option<&Arc<Object>> {
        self.version(key, None)?.object.as_ref()
    }

    /// Returns the latest versions of the keys that begin with a prefix and come after a key, without delete markers.
    pub(super) fn present<'a>(
        &'a self,
        prefix: &'a str,
        after: Option<&'a str>,
    ) -> impl Iterator<Item = (&'a String, &'a Arc<Object>)> {
        let start = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let keys = self.keys.range::<str, _>((start, Bound::Unbounded));
        let keys = keys.take_while(move |(key, _)| key.starts_with(prefix));
        keys.filter_map(|(key, versions)| Some((key, versions.last()?.object.as_ref()?)))
    }

    /// Returns the version ID that answers show: none if the bucket never kept versions.
    pub(super) fn shown_id(&self, id: &str) -> Option<String> {
        (self.versioned || id != NULL).then(|| id.to_owned())
    }

    fn push(&mut self, key: &str, version: Version) {
        let versions = self.keys.entry(key.into()).or_default();
        versions.retain(|kept| kept.id != version.id);
        versions.push(version);
    }
}

/// One version of a key: an object or a delete marker.
#[derive(Clone, Debug)]
pub(super) struct Version {
    pub(super) id: String,
    pub(super) object: Option<Arc<Object>>,
}

/// The buckets and objects that a server holds.
#[derive(Debug, Default)]
pub struct Store {
    buckets: Mutex<BTreeMap<String, Bucket>>,
    versions_made: AtomicU64,
}

impl Store {
    /// Adds a bucket, which replaces any of that name.
    ///
    /// # Panics
    ///
    /// It panics when another thread has panicked while it changed the store.
    pub fn add(&self, bucket: Bucket) {
        self.buckets.lock().expect("the store's lock").insert(bucket.name.clone(), bucket);
    }

    /// Changes a bucket's settings, as in `store.alter("data", |bucket| bucket.deny(…))`.
    ///
    /// # Panics
    ///
    /// It panics when there is no such bucket.
    pub fn alter(&self, name: &str, change: impl FnOnce(Bucket) -> Bucket) {
        let mut buckets = self.buckets.lock().expect("the store's lock");
        let bucket = buckets.remove(name).expect("no such bucket");
        buckets.insert(name.into(), change(bucket));
    }

    /// Puts an object. In a versioned bucket it returns the version id.
    pub fn put(&self, bucket: &str, key: &str, object: impl Into<Object>) -> Option<String> {
        self.with(bucket, |bucket| self.put_in(bucket, key, object.into()))
    }

    /// Deletes as a DELETE without a version does. In a versioned bucket it returns the delete marker's version id.
    pub fn delete(&self, bucket: &str, key: &str) -> Option<String> {
        self.with(bucket, |bucket| self.delete_in(bucket, key))
    }

    /// Returns the latest version of a key, unless it is missing or deleted.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Object> {
        self.with(bucket, |bucket| bucket.latest(key).map(|object| Object::clone(object)))
    }

    /// Returns the keys that have an object as their latest version.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        self.with(bucket, |bucket| bucket.present("", None).map(|(key, _)| key.clone()).collect())
    }

    /// Calls `look` with the bucket, if it exists.
    pub(super) fn get<T>(&self, name: &str, look: impl FnOnce(&mut Bucket) -> T) -> Option<T> {
        let mut buckets = self.buckets.lock().expect("the store's lock");
        buckets.get_mut(name).map(look)
    }

    pub(super) fn put_in(&self, bucket: &mut Bucket, key: &str, object: Object) -> Option<String> {
        let id = match (&object.version_id, bucket.versioned) {
            (Some(id), _) => id.clone(),
            (None, true) => self.new_id(),
            (None, false) => NULL.to_owned(),
        };
        let shown = bucket.shown_id(&id);
        bucket.push(key, Version { id, object: Some(Arc::new(object)) });
        shown
    }

    pub(super) fn delete_in(&self, bucket: &mut Bucket, key: &str) -> Option<String> {
        if !bucket.versioned {
            bucket.keys.remove(key);
            return None;
        }
        let id = self.new_id();
        bucket.push(key, Version { id: id.clone(), object: None });
        Some(id)
    }

    fn with<T>(&self, name: &str, look: impl FnOnce(&mut Bucket) -> T) -> T {
        self.get(name, look).unwrap_or_else(|| panic!("no bucket {name:?} in the test S3"))
    }

    /// Makes an ID of thirty-two characters, as S3's have.
    pub(super) fn new_id(&self) -> String {
        let number = self.versions_made.fetch_add(1, Ordering::Relaxed);
        format!("{number:.>32}")
    }
}
