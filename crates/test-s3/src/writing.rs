//! What the requests that change an object have in common: the caller's rights, the conditions, and the body.

use futures::StreamExt as _;
use hyper::{HeaderMap, body::Bytes};
use s3s::{S3Result, TrailingHeaders, dto::StreamingBlob, s3_error};

use crate::{
    asked::Asked,
    checksum::{self, Sent},
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

/// Reads a body to its end, and verifies the checksum that came with it.
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
    // Trailers exist only once the body has been read.
    let in_trailer = || trailers?.read(checksum::sent)?;
    let sent = checksum::sent(headers).or_else(in_trailer);
    if let Some(sent) = &sent {
        checksum::verify(sent, &bytes)?;
    }
    Ok((bytes.into(), sent))
}
