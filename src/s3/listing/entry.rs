//! One object of a listing.

use aws_sdk_s3::types::{Object, ObjectStorageClass};

use super::malformed;
use crate::{
    object::{ETag, percent_decode},
    s3::Error,
};

/// An object of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedObject {
    /// What follows the prefix in the object's key.
    pub key: String,
    /// The object's `ETag`.
    pub etag: ETag,
    /// The object's size in bytes.
    pub size: u64,
    /// The modification time in seconds since 1970.
    pub last_modified: Option<i64>,
    /// Whether the object is archived and not restored. Listings do not show Intelligent-Tiering's archive tiers.
    pub archived: bool,
}

/// Reads one entry of a listing of `prefix`. If `is_encoded`, its key is encoded as in a form, where `+` is a space.
pub(super) fn read(object: &Object, prefix: &str, is_encoded: bool) -> Result<ListedObject, Error> {
    let key = object.key().unwrap_or_default();
    let key = if is_encoded { percent_decode(&key.replace('+', " ")) } else { Some(key.to_owned()) };
    let key = key.ok_or_else(|| malformed("a key that is not percent-encoded UTF-8"))?;
    let key = key.strip_prefix(prefix).ok_or_else(|| malformed("a key of another prefix"))?.to_owned();
    let size = object.size().and_then(|size| u64::try_from(size).ok());
    let (Some(size), Some(etag)) = (size, object.e_tag().and_then(ETag::new)) else {
        return Err(malformed("an object without size or ETag"));
    };
    let last_modified = object.last_modified().map(aws_sdk_s3::primitives::DateTime::secs);
    Ok(ListedObject { key, etag, size, last_modified, archived: is_archived(object) })
}

/// Returns whether the object must be restored before it can be read.
fn is_archived(object: &Object) -> bool {
    let is_in_archive =
        matches!(object.storage_class(), Some(ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive));
    let is_restored = object
        .restore_status()
        .is_some_and(|status| status.is_restore_in_progress() != Some(true) && status.restore_expiry_date().is_some());
    is_in_archive && !is_restored
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::{primitives::DateTime, types::RestoreStatus};

    use super::*;

    #[test]
    fn an_archived_object_can_be_read_once_it_is_restored() {
        let object = |class, restore| Object::builder().storage_class(class).set_restore_status(restore).build();
        let done = RestoreStatus::builder().is_restore_in_progress(false).restore_expiry_date(DateTime::from_secs(1));
        let begun = RestoreStatus::builder().is_restore_in_progress(true);
        for class in [ObjectStorageClass::Glacier, ObjectStorageClass::DeepArchive] {
            assert!(is_archived(&object(class.clone(), None)));
            assert!(is_archived(&object(class.clone(), Some(begun.clone().build()))));
            assert!(!is_archived(&object(class, Some(done.clone().build()))));
        }
        assert!(!is_archived(&object(ObjectStorageClass::GlacierIr, None)));
    }
}
