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

#[cfg(test)]
mod tests {
    use super::{super::ObjectKey, *};

    fn object(key: &str, version_id: Option<&str>) -> ObjectId {
        let bucket = BucketName::new("data").unwrap();
        ObjectId {
            bucket,
            key: ObjectKey::try_from(key.to_owned()).unwrap(),
            version_id: version_id.map(str::to_owned),
        }
    }

    fn location(bucket: Option<&str>) -> SidecarLocation {
        let bucket = bucket.map(|name| BucketName::new(name).unwrap());
        SidecarLocation { bucket, prefix: "t/".to_owned(), suffix: ".torrent".to_owned() }
    }

    #[test]
    fn lies_beside_the_object_or_in_a_folder_of_the_sidecar_bucket() {
        let object = object("a//b", None);
        assert_eq!(location(None).key_for(&object).unwrap(), "t/a//b.torrent");
        assert_eq!(location(None).bucket_for(&object).as_str(), "data");
        assert_eq!(location(Some("torrents")).key_for(&object).unwrap(), "t/data/a//b.torrent");
        assert_eq!(location(Some("torrents")).bucket_for(&object).as_str(), "torrents");
    }

    #[test]
    fn a_version_has_its_own() {
        assert_eq!(location(None).key_for(&object("v", Some("X"))).unwrap(), "t/v.X.torrent");
    }

    #[test]
    fn a_key_that_s3_would_refuse_is_none() {
        assert!(location(None).key_for(&object(&"k".repeat(1014), None)).is_some());
        assert!(location(None).key_for(&object(&"k".repeat(1015), None)).is_none());
    }
}
