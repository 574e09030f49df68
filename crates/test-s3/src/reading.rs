//! What HEAD, GET and `GetObjectAttributes` have in common: they find a version and decide, in S3's order of checks,
//! whether the caller gets it.

use std::sync::Arc;

use s3s::{S3Result, s3_error};

use crate::{
    asked::Asked,
    errors, etag,
    object::Object,
    policy::Rights,
    store::{Bucket, Store},
};

/// A request that reads.
pub(super) struct Reading<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) version_id: Option<&'a str>,
    /// Rights that the request needs besides the one to read.
    pub(super) also: Rights,
}

/// The version that a request found.
pub(super) struct Found {
    pub(super) object: Arc<Object>,
    pub(super) version_id: Option<String>,
    /// Whether the requester pays.
    pub(super) charged: bool,
}

impl Reading<'_> {
    pub(super) fn find(&self, store: &Store) -> S3Result<Found> {
        let found = self.asked.in_bucket(store, |bucket| self.find_in(bucket))?;
        if found.object.sse_c {
            let message = "The object was stored using a form of Server Side Encryption. The correct parameters must be \
                           provided to retrieve the object.";
            return Err(s3_error!(InvalidRequest, "{message}"));
        }
        self.check_conditions(&found.object.etag)?;
        Ok(found)
    }

    fn find_in(&self, bucket: &Bucket) -> S3Result<Found> {
        let version = bucket.version(self.asked.key, self.version_id);
        if version.is_none() && self.version_id.is_some_and(|id| !is_well_formed(id)) {
            return Err(s3_error!(InvalidArgument, "Invalid version id specified"));
        }
        let right = if self.version_id.is_some() { Rights::READ_VERSION } else { Rights::READ };
        self.asked.need(bucket, right | self.also)?;
        let error = match (version.map(|version| (&version.id, &version.object)), self.version_id) {
            (Some((id, Some(object))), _) => {
                let object = Arc::clone(object);
                return Ok(Found { object, version_id: bucket.shown_id(id), charged: bucket.requester_pays });
            }
            (Some((id, None)), Some(_)) => return Err(errors::is_delete_marker(id)),
            (Some((id, None)), None) => errors::deleted(id),
            (None, None) => errors::no_such_key(),
            (None, Some(_)) => s3_error!(NoSuchVersion, "The specified version does not exist."),
        };
        // Only a caller that may list learns that something is missing.
        self.asked.need(bucket, Rights::LIST)?;
        Err(error)
    }

    fn check_conditions(&self, etag: &str) -> S3Result<()> {
        if self.asked.if_match.is_some_and(|condition| !etag::matches(condition, etag)) {
            return Err(errors::precondition_failed());
        }
        if self.asked.if_none_match.is_some_and(|condition| etag::matches(condition, etag)) {
            return Err(errors::not_modified(etag));
        }
        Ok(())
    }
}

/// S3's own version IDs have thirty-two characters.
fn is_well_formed(version_id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    version_id == "null" || version_id.len() == 32 && version_id.bytes().all(allowed)
}
