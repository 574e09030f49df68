//! Where an object's sidecar is stored.

use super::{BucketName, MAX_KEY_BYTES, ObjectId};

/// The place of all sidecars, from `SIDECAR_BUCKET`, `SIDECAR_PREFIX` and `SIDECAR_SUFFIX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarLocation {
    /// The bucket, if it is not the object's own.
    pub bucket: Option<BucketName>,
    /// What comes before the key.
    pub prefix: String,
    /// What comes after the key.
    pub suffix: String,
}

impl SidecarLocation {
    /// Returns the bucket that holds the sidecar of `object`.
    pub fn bucket_for<'a>(&'a self, object: &'a ObjectId) -> &'a BucketName {
        self.bucket.as_ref().unwrap_or(&object.bucket)
    }

    /// Returns the prefix of the objects that jobs write.
    pub fn jobs_prefix(&self) -> String {
        format!("{}torrent-jobs/", self.prefix)
    }

    /// Returns the sidecar's key, or `None` if it would be longer than S3 accepts. A version requested by its ID has
    /// its own sidecar.
    pub fn key_for(&self, object: &ObjectId) -> Option<String> {
        let Self { bucket, prefix, suffix } = self;
        let folder = bucket.as_ref().map(|_| format!("{}/", object.bucket)).unwrap_or_default();
        let version = object.version_id.as_ref().map(|id| format!(".{id}")).unwrap_or_default();
        let key = format!("{prefix}{folder}{}{version}{suffix}", object.key);
        (key.len() <= MAX_KEY_BYTES).then_some(key)
    }
}
