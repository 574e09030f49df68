//! What HEAD, GET and `GetObjectAttributes` have in common: finding the version that is meant and deciding
//! whether the caller may have it, in S3's order.

use std::sync::Arc;

use s3s::S3Result;
use s3s::dto::{ETag, ETagCondition};

use super::errors;
use super::fault::Overrides;
use super::object::Object;
use super::policy::Rights;
use super::store::{Bucket, Store};

/// A request that reads, as far as it decides which version is meant and who may have it.
pub(super) struct Reading<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    pub(super) version_id: Option<&'a str>,
    /// The access key, when signed.
    pub(super) caller: Option<&'a str>,
    pub(super) pays: bool,
    pub(super) expected_owner: Option<&'a str>,
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
    /// Whether a key for SSE-C came along; its value is not checked.
    pub(super) customer_key: bool,
    /// Rights it takes besides the one to read.
    pub(super) also: Rights,
}

/// The version a reading found.
pub(super) struct Found {
    pub(super) object: Arc<Object>,
    pub(super) version_id: Option<String>,
    /// The requester pays for it.
    pub(super) charged: bool,
}

impl<'a> Reading<'a> {
    pub(super) fn on_conditions(
        mut self,
        overrides: &Overrides,
        (if_match, if_none_match): (Option<&'a ETagCondition>, Option<&'a ETagCondition>),
    ) -> Self {
        self.if_match = overrides.unless_ignored(if_match);
        self.if_none_match = overrides.unless_ignored(if_none_match);
        self
    }

    pub(super) fn find(&self, store: &Store) -> S3Result<Found> {
        let found = store.get(self.bucket, |bucket| self.find_in(bucket));
        let found = found.unwrap_or_else(|| Err(errors::no_such_bucket()))?;
        if found.object.sse_c && !self.customer_key {
            return Err(errors::needs_customer_key());
        }
        self.check_conditions(&found.object.etag)?;
        Ok(found)
    }

    fn find_in(&self, bucket: &Bucket) -> S3Result<Found> {
        admit(bucket, self.caller, self.pays, self.expected_owner)?;
        let version = bucket.version(self.key, self.version_id);
        if version.is_none() && self.version_id.is_some_and(|id| !is_well_formed(id)) {
            return Err(errors::malformed_version_id());
        }
        let right = match self.version_id {
            Some(_) => Rights::READ_VERSION,
            None => Rights::READ,
        };
        let may = |rights| bucket.policy.allows(self.caller, self.key, rights);
        if !may(right | self.also) {
            return Err(errors::access_denied());
        }
        match (version.map(|version| (&version.id, &version.object)), self.version_id) {
            (Some((id, Ok(object))), _) => Ok(Found {
                object: Arc::clone(object),
                version_id: bucket.shown_id(id),
                charged: bucket.requester_pays,
            }),
            (Some((id, Err(at))), Some(_)) => Err(errors::is_delete_marker(id, *at)),
            _ if !may(Rights::LIST) => Err(errors::access_denied()),
            (Some((id, Err(_))), None) => Err(errors::deleted(id)),
            (None, None) => Err(errors::no_such_key()),
            (None, Some(_)) => Err(errors::no_such_version()),
        }
    }

    fn check_conditions(&self, etag: &str) -> S3Result<()> {
        if self.if_match.is_some_and(|condition| !holds(condition, etag)) {
            return Err(errors::precondition_failed());
        }
        if self.if_none_match.is_some_and(|condition| holds(condition, etag)) {
            return Err(errors::not_modified(etag));
        }
        Ok(())
    }
}

/// What goes for every operation on a bucket: its owner is the expected one, and someone pays.
pub(super) fn admit(bucket: &Bucket, caller: Option<&str>, pays: bool, expected_owner: Option<&str>) -> S3Result<()> {
    let other_owner = match (expected_owner, &bucket.owner) {
        (Some(expected), Some(owner)) => expected != owner,
        _ => false,
    };
    let unpaid = bucket.requester_pays && (caller.is_none() || !pays);
    if other_owner || unpaid {
        return Err(errors::access_denied());
    }
    Ok(())
}

/// Whether a condition's `ETag` (or `*`) is the object's.
pub(super) fn holds(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.value() == parse_etag(etag).value(),
    }
}

pub(super) fn parse_etag(etag: &str) -> ETag {
    ETag::parse_http_header(etag.as_bytes()).expect("the object's ETag is one")
}

/// S3's own version ids are thirty-two characters.
fn is_well_formed(version_id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_';
    version_id == "null" || version_id.len() == 32 && version_id.bytes().all(allowed)
}
