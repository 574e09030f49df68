//! What every request has in common: the bucket, the key, the caller, and the conditions.

use s3s::{S3Result, dto::ETagCondition, s3_error};

use crate::{
    errors,
    policy::{self, Rights},
    store::{Bucket, Store},
};

/// A request, as far as it decides whether the caller is let in.
pub(super) struct Asked<'a> {
    pub(super) bucket: &'a str,
    /// The key, or the prefix of a listing.
    pub(super) key: &'a str,
    /// The access key of a signed request.
    pub(super) caller: Option<&'a str>,
    pub(super) pays: bool,
    pub(super) expected_owner: Option<&'a str>,
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
}

/// The [`Asked`] of a typed request, without conditions. s3s has a type for each operation, with the same field names.
macro_rules! asked {
    ($request:expr, $key:expr) => {
        $crate::asked::Asked {
            bucket: &$request.input.bucket,
            key: $key,
            caller: $request.credentials.as_ref().map(|credentials| credentials.access_key.as_str()),
            pays: $request.input.request_payer.is_some(),
            expected_owner: $request.input.expected_bucket_owner.as_deref(),
            if_match: None,
            if_none_match: None,
        }
    };
    ($request:expr) => {
        asked!($request, &$request.input.key)
    };
}

pub(super) use asked;

impl Asked<'_> {
    /// Calls `answer` with the bucket, if its owner is the expected one and someone pays for the request.
    pub(super) fn in_bucket<T>(&self, store: &Store, answer: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        let answered = store.get(self.bucket, |bucket| {
            let is_owner =
                self.expected_owner.is_none_or(|expected| bucket.owner.as_ref().is_none_or(|it| it == expected));
            let is_paid = !bucket.requester_pays || (self.caller.is_some() && self.pays);
            if is_owner && is_paid { answer(bucket) } else { Err(errors::access_denied()) }
        });
        answered.unwrap_or_else(|| Err(s3_error!(NoSuchBucket, "The specified bucket does not exist")))
    }

    /// Refuses a caller that lacks one of these rights on the key.
    pub(super) fn need(&self, bucket: &Bucket, rights: Rights) -> S3Result<()> {
        if policy::allows(&bucket.policy, self.caller, self.key, rights) {
            Ok(())
        } else {
            Err(errors::access_denied())
        }
    }
}
