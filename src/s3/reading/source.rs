//! The object's bytes: ranged GETs that return each byte once and in order, or an error.

use std::time::Duration;

use aws_sdk_s3::{Client, operation::get_object::GetObjectOutput};
use tokio::time::timeout;

use super::ObjectHead;
use crate::{
    object::{ByteRange, ETag, ObjectId},
    s3::{
        Error,
        access::{Bucket, PresignedUrl},
        classify,
        error::classify_presigned,
        retry::Retries,
    },
};

/// A range is given up after this many attempts in a row without a byte.
pub(super) const ATTEMPTS: u32 = 4;

/// One object in S3, as one caller may read it.
#[derive(Clone, Debug)]
pub struct Source {
    pub(super) bucket: Bucket,
    pub(super) object: ObjectId,
    pub(super) presigned: Option<PresignedUrl>,
}

impl Source {
    /// Reads `object` through `bucket`, or only by the URL `presigned` if there is one.
    pub fn new(bucket: Bucket, object: ObjectId, presigned: Option<PresignedUrl>) -> Self {
        Self { bucket, object, presigned }
    }

    /// Returns the region of the object's bucket, as [`Bucket::region`] does.
    pub fn region(&self) -> String {
        self.bucket.region()
    }

    /// Hands each byte of `range` to `sink`, once and in order. Every GET carries `If-Match`. If a body breaks off, the
    /// next GET resumes at the first missing byte.
    pub async fn read_range(
        &self,
        head: &ObjectHead,
        range: ByteRange,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut missing = range;
        let mut retries = Retries::new(ATTEMPTS, self.bucket.client.waits.pause / 2);
        while missing.start < missing.end {
            let start = missing.start;
            if let Err(error) = self.read_some(head, &mut missing, &mut sink).await {
                retries.wait_after(error, missing.start > start).await?;
            }
        }
        Ok(())
    }

    /// Sends one GET for what is missing, and removes what it returns from `missing`.
    async fn read_some(
        &self,
        head: &ObjectHead,
        missing: &mut ByteRange,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut output = self.get(*missing, Some(head)).await?;
        verify(&output, *missing, head)?;
        while let Some(chunk) = next_chunk(&mut output, self.bucket.client.waits.stall).await? {
            let chunk = chunk.as_ref();
            let length = chunk.len() as u64;
            if length > missing.length() {
                return Err(Error::Malformed("more bytes than the range has".to_owned()));
            }
            sink(chunk);
            self.bucket.meter().bytes_read.add(length);
            missing.start += length;
            if missing.start == missing.end {
                return Ok(());
            }
        }
        Err(Error::Interrupted("the body ended early".into()))
    }

    pub(super) async fn get(&self, range: ByteRange, head: Option<&ObjectHead>) -> Result<GetObjectOutput, Error> {
        let request = |client: &Client, call| {
            let request = client.get_object().bucket(self.bucket.name.as_str()).key(self.object.key.as_str());
            let request = request.set_version_id(self.object.version_id.clone()).range(range.header());
            request.set_if_match(head.map(|head| head.etag.to_string())).customize().interceptor(call)
        };
        if let Some(url) = &self.presigned {
            let request = request(&self.bucket.client.home, self.bucket.call.clone());
            return request.interceptor(url.clone()).send().await.map_err(classify_presigned);
        }
        let sent = self.bucket.call(|client, call| request(&client, call).send()).await;
        match sent.map_err(classify) {
            // HEAD has shown that the version ID is well-formed.
            Err(Error::InvalidVersionId) if head.is_some() => Err(Error::AccessDenied),
            answer => answer,
        }
    }
}

pub(super) async fn next_chunk(
    output: &mut GetObjectOutput,
    stall: Duration,
) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
    let chunk = timeout(stall, output.body.next()).await;
    let chunk = chunk.map_err(|stalled| Error::Interrupted(stalled.into()))?.transpose();
    chunk.map_err(|broken| Error::Interrupted(broken.into()))
}

/// Checks, before anything is hashed, that the headers match the request. A 200 has no `Content-Range`, and a server
/// may ignore `If-Match`.
pub(super) fn verify(output: &GetObjectOutput, range: ByteRange, head: &ObjectHead) -> Result<(), Error> {
    let content_range = output.content_range().unwrap_or("none");
    if output.e_tag().and_then(ETag::new).as_ref() != Some(&head.etag) {
        return Err(Error::Changed);
    }
    if content_range != range.content_range(head.length) {
        return Err(Error::Malformed(format!("Content-Range {content_range} for {}", range.header())));
    }
    let length = output.content_length();
    if length.is_some_and(|length| u64::try_from(length) != Ok(range.length())) {
        return Err(Error::Malformed(format!("Content-Length {length:?} for {}", range.header())));
    }
    Ok(())
}
