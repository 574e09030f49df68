//! What all requests that change an object have in common: what they bring, and whether the caller may.

use futures::StreamExt as _;
use hyper::HeaderMap;
use hyper::body::Bytes;
use s3s::dto::{ETagCondition, StreamingBlob};
use s3s::{S3Result, TrailingHeaders, s3_error};

use super::checksum::{self, Sent};
use super::errors;
use super::policy::Rights;
use super::reading::{admit, holds};
use super::store::{Bucket, Store};

/// A request that writes, as far as it decides who may.
pub(super) struct Writing<'a> {
    pub(super) bucket: &'a str,
    pub(super) key: &'a str,
    /// The access key, when signed.
    pub(super) caller: Option<&'a str>,
    pub(super) pays: bool,
    pub(super) expected_owner: Option<&'a str>,
    pub(super) if_match: Option<&'a ETagCondition>,
    pub(super) if_none_match: Option<&'a ETagCondition>,
}

impl<'a> Writing<'a> {
    /// Only if what is there (`If-Match`) or not there (`If-None-Match`) is this.
    pub(super) fn on_conditions(mut self, conditions: (Option<&'a ETagCondition>, Option<&'a ETagCondition>)) -> Self {
        (self.if_match, self.if_none_match) = conditions;
        self
    }

    /// Changes the bucket, if the caller may and the conditions hold.
    pub(super) fn change<T>(&self, store: &Store, change: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        let changed = store.get(self.bucket, |bucket| {
            self.check_rights(bucket)?;
            self.check_conditions(bucket)?;
            change(bucket)
        });
        changed.unwrap_or_else(|| Err(errors::no_such_bucket()))
    }

    /// `If-Match` needs the right to read as well.
    fn check_rights(&self, bucket: &Bucket) -> S3Result<()> {
        admit(bucket, self.caller, self.pays, self.expected_owner)?;
        let rights = match self.if_match {
            Some(_) => Rights::WRITE | Rights::READ,
            None => Rights::WRITE,
        };
        if bucket.policy.allows(self.caller, self.key, rights) { Ok(()) } else { Err(errors::access_denied()) }
    }

    fn check_conditions(&self, bucket: &Bucket) -> S3Result<()> {
        let present = bucket.latest(self.key).map(|object| object.etag.as_str());
        if let Some(condition) = self.if_match {
            let etag = present.ok_or_else(errors::no_such_key)?;
            if !holds(condition, etag) {
                return Err(errors::precondition_failed());
            }
        }
        match (self.if_none_match, present) {
            (Some(condition), Some(etag)) if holds(condition, etag) => Err(errors::precondition_failed()),
            _ => Ok(()),
        }
    }
}

/// All of a body, and the checksum that came with it, which fits.
pub(super) async fn received(
    body: Option<StreamingBlob>,
    headers: &HeaderMap,
    trailers: Option<&TrailingHeaders>,
) -> S3Result<(Bytes, Option<Sent>)> {
    let mut bytes = Vec::new();
    if let Some(mut body) = body {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                let mut refused = s3_error!(IncompleteBody, "{error}");
                refused.set_source(error);
                refused
            })?;
            bytes.extend_from_slice(&chunk);
        }
    }
    // Trailers are there only once the body has been read.
    let in_trailer = || trailers?.read(checksum::sent)?;
    let sent = checksum::sent(headers).or_else(in_trailer);
    if let Some(sent) = &sent {
        checksum::verify(sent, &bytes)?;
    }
    Ok((bytes.into(), sent))
}
