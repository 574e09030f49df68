//! What the requests that change an object have in common: the caller's rights, the conditions, and the body.

use futures::TryStreamExt as _;
use hyper::body::Bytes;
use s3s::{S3Result, dto::StreamingBlob, s3_error};

use crate::{
    asked::Asked,
    errors, etag,
    policy::Rights,
    store::{Bucket, Store},
};

impl Asked<'_> {
    /// Changes the bucket, if the caller may write and the conditions are met.
    pub(super) fn change<T>(&self, store: &Store, change: impl FnOnce(&mut Bucket) -> S3Result<T>) -> S3Result<T> {
        self.in_bucket(store, |bucket| {
            // `If-Match` also needs the right to read.
            let rights = if self.if_match.is_some() { Rights::WRITE | Rights::READ } else { Rights::WRITE };
            self.need(bucket, rights)?;
            self.check_conditions(bucket)?;
            change(bucket)
        })
    }

    fn check_conditions(&self, bucket: &Bucket) -> S3Result<()> {
        let present = bucket.latest(self.key).map(|object| object.etag.as_str());
        if let Some(condition) = self.if_match
            && !etag::matches(condition, present.ok_or_else(errors::no_such_key)?)
        {
            return Err(errors::precondition_failed());
        }
        match (self.if_none_match, present) {
            (Some(condition), Some(etag)) if etag::matches(condition, etag) => Err(errors::precondition_failed()),
            _ => Ok(()),
        }
    }
}

/// Reads a body to its end.
pub(super) async fn received(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let chunks: Result<Vec<_>, _> = body.try_collect().await;
    Ok(chunks.map_err(|error| s3_error!(IncompleteBody, "{error}"))?.concat().into())
}
