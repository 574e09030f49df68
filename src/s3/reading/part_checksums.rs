//! The SHA-1 of every part of a multipart upload, where S3 keeps them (`--checksum-algorithm SHA1`). They are the
//! object's piece hashes, and no byte is read. The function's own role asks for them, once READ access has been shown.
//!
//! The list is trusted only when everything adds up: each page is of the object that HEAD described, the sizes make its
//! length, and the SHA-1 over all digests is its composite checksum.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use std::ops::RangeInclusive;

use aws_sdk_s3::{
    Client,
    operation::get_object_attributes::{GetObjectAttributesOutput, builders::GetObjectAttributesFluentBuilder},
    types::{GetObjectAttributesParts, ObjectAttributes, ObjectPart},
};

use super::{CompositeSha1, Misfit, ObjectHead, PartSha1s, Parts, composite_sha1::sha1_digest, parts::PartList};
use crate::{
    object::{ETag, ObjectId},
    s3::{Error, access::Bucket, body_limit::BodyLimit, classify_answer, page_timeouts, retry::Retries},
};

/// A single part's checksum tells no more than the object's, and S3 allows 10,000 parts.
const PART_COUNTS: RangeInclusive<u32> = 2..=10_000;
/// S3 lists at most this many parts at once.
const PARTS_A_PAGE: i32 = 1_000;
/// A full page takes about 120 KB. A server that does not know the call may answer with the object itself.
const PAGE_LIMIT: BodyLimit = BodyLimit(4 * 1024 * 1024);
const ATTEMPTS: u32 = 3;

/// The part checksums of one object, as the function's role may ask for them.
#[derive(Clone, Debug)]
pub struct PartChecksums {
    bucket: Bucket,
    object: ObjectId,
}

/// This says why there are no part checksums.
#[derive(Debug, thiserror::Error)]
pub enum PartChecksumsError {
    /// They cannot stand for the object's bytes, which must be read.
    #[error(transparent)]
    Misfit(#[from] Misfit),
    /// S3 throttles, fails or does not answer, or refuses the function's credentials. Reading the object instead would
    /// give it another info hash than it has once the fault is over.
    #[error(transparent)]
    S3(Error),
}

impl PartChecksums {
    /// `bucket` signs with the function's role.
    pub fn new(bucket: Bucket, object: ObjectId) -> Self {
        Self { bucket, object }
    }

    /// Returns the parts of what `head` describes, if their size `fits`.
    pub async fn read(&self, head: &ObjectHead, fits: impl Fn(u64) -> bool) -> Result<Parts, PartChecksumsError> {
        let composite = match head.part_sha1s {
            PartSha1s::Composite(composite) => composite,
            PartSha1s::Unknown => self.composite(head).await?,
            PartSha1s::None => return Err(Misfit::NoSha1.into()),
        };
        if !PART_COUNTS.contains(&composite.parts) {
            return Err(Misfit::Count(composite.parts).into());
        }
        let mut list = PartList::new(composite);
        let mut after = None;
        loop {
            let page = |request: GetObjectAttributesFluentBuilder| {
                let request = request.object_attributes(ObjectAttributes::ObjectParts);
                request.max_parts(PARTS_A_PAGE).set_part_number_marker(after.clone())
            };
            let page = self.attributes(page).await?;
            after = match add_page(&mut list, &page, head, &fits)? {
                Some(number) => Some(number),
                None => return Ok(list.verify(head.length)?),
            };
        }
    }

    /// Returns the composite checksum, which HEAD tells and a GET does not.
    async fn composite(&self, head: &ObjectHead) -> Result<CompositeSha1, PartChecksumsError> {
        let checksum = |request: GetObjectAttributesFluentBuilder| {
            let request = request.object_attributes(ObjectAttributes::Checksum);
            request.object_attributes(ObjectAttributes::ObjectParts).max_parts(1)
        };
        let output = self.attributes(checksum).await?;
        if !describes(&output, head) {
            return Err(Misfit::Changed.into());
        }
        Ok(composite(&output).ok_or(Misfit::NoSha1)?)
    }

    async fn attributes(
        &self,
        select: impl Fn(GetObjectAttributesFluentBuilder) -> GetObjectAttributesFluentBuilder,
    ) -> Result<GetObjectAttributesOutput, PartChecksumsError> {
        let mut retries = Retries::new(ATTEMPTS, self.bucket.waits().pause);
        loop {
            let sent = self.bucket.call(|client, count| {
                let timeouts = page_timeouts(self.bucket.waits().page);
                let request = select(self.request(&client)).customize().config_override(timeouts);
                request.interceptor(count).interceptor(PAGE_LIMIT).send()
            });
            match sent.await {
                Ok(attributes) => return Ok(attributes),
                Err(error) => retries.wait_after(classify_answer(error), false).await?,
            }
        }
    }

    fn request(&self, client: &Client) -> GetObjectAttributesFluentBuilder {
        client
            .get_object_attributes()
            .bucket(self.bucket.name().as_str())
            .key(self.object.key.as_str())
            .set_version_id(self.object.version_id.clone())
            .object_attributes(ObjectAttributes::Etag)
            .set_request_payer(self.bucket.payer())
            .set_expected_bucket_owner(self.bucket.owner())
    }
}

impl From<Error> for PartChecksumsError {
    /// Faults that may pass stay errors; anything else means that the object must be read.
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::Interrupted(_) | Error::Credentials(_) => Self::S3(error),
            Error::AccessDenied => Self::Misfit(Misfit::Denied),
            error => Self::Misfit(Misfit::NotListed(error)),
        }
    }
}

/// Reads the composite. S3 gives the number of parts beside the checksum here; other servers write it as HEAD does.
fn composite(output: &GetObjectAttributesOutput) -> Option<CompositeSha1> {
    let sha1 = output.checksum()?.checksum_sha1()?;
    let parts = output.object_parts().and_then(GetObjectAttributesParts::total_parts_count);
    CompositeSha1::parse(sha1).or_else(|| CompositeSha1::parse(&format!("{sha1}-{}", parts?)))
}

fn describes(output: &GetObjectAttributesOutput, head: &ObjectHead) -> bool {
    output.e_tag().and_then(ETag::new).is_some_and(|etag| etag == head.etag)
}

/// Adds a page to the list. Returns the part after which the next page begins, if there is one.
fn add_page(
    list: &mut PartList,
    page: &GetObjectAttributesOutput,
    head: &ObjectHead,
    fits: impl Fn(u64) -> bool,
) -> Result<Option<String>, Misfit> {
    let (Some(_), Some(parts)) = (page.e_tag(), page.object_parts()) else {
        return Err(Misfit::Incomplete);
    };
    if !describes(page, head) {
        return Err(Misfit::Changed);
    }
    for part in parts.parts() {
        let (number, size, digest) = complete(part).ok_or(Misfit::Incomplete)?;
        list.add(number, size, digest, &fits)?;
    }
    // The composite will show that these are all, whatever S3 says about further parts.
    if list.is_complete() { Ok(None) } else { next_page(parts) }
}

fn complete(part: &ObjectPart) -> Option<(i32, u64, [u8; 20])> {
    let size = u64::try_from(part.size()?).ok()?;
    Some((part.part_number()?, size, sha1_digest(part.checksum_sha1()?)?))
}

/// A page that says there are more must hold some parts, or the pages would never end.
fn next_page(parts: &GetObjectAttributesParts) -> Result<Option<String>, Misfit> {
    if !parts.is_truncated().unwrap_or_default() {
        return Ok(None);
    }
    let last = parts.parts().last().and_then(ObjectPart::part_number).ok_or(Misfit::Incomplete)?;
    Ok(Some(last.to_string()))
}
