//! The SHA-1 of every part of a multipart upload, if S3 stores them (`--checksum-algorithm SHA1`). They are the
//! object's piece hashes, so no byte is read. The function's own role asks for them after READ access has been shown.
//!
//! The list is trusted only if everything adds up: each page is of the object that HEAD described, the sizes add up to
//! its length, and the SHA-1 over all digests is its composite checksum.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use std::ops::RangeInclusive;

use aws_sdk_s3::{
    Client,
    operation::get_object_attributes::{GetObjectAttributesOutput, builders::GetObjectAttributesFluentBuilder},
    types::{GetObjectAttributesParts, ObjectAttributes, ObjectPart},
};

use super::{
    CompositeSha1, Misfit, ObjectHead, PartSha1s, Parts, Source,
    parts::{PartList, sha1_digest},
};
use crate::{
    object::ETag,
    s3::{Error, PAGE_ATTEMPTS, body_limit::BodyLimit, classify_answer, page_timeouts, retry::Retries},
};

/// S3 allows 10,000 parts. The checksum of a single part is the object's own.
const PART_COUNTS: RangeInclusive<u32> = 2..=10_000;
/// S3 lists at most this many parts at once.
const PARTS_A_PAGE: i32 = 1_000;
/// A full page takes about 120 KB. A server that does not know the call may answer with the object itself.
const PAGE_LIMIT: BodyLimit = BodyLimit(4 * 1024 * 1024);

impl Source {
    /// Returns the parts of the object that `head` describes, if their size `fits`. The source must be signed with the
    /// function's role.
    pub async fn parts(&self, head: &ObjectHead, fits: impl Fn(u64) -> bool) -> Result<Parts, Misfit> {
        let composite = match head.part_sha1s {
            PartSha1s::Composite(composite) => composite,
            PartSha1s::Unknown => self.composite(head).await?,
            PartSha1s::None => return Err(Misfit::NoSha1),
        };
        if !PART_COUNTS.contains(&composite.parts) {
            return Err(Misfit::Count(composite.parts));
        }
        let mut list = PartList::new(composite);
        let mut after = None;
        loop {
            let page = |request: GetObjectAttributesFluentBuilder| {
                let request = request.object_attributes(ObjectAttributes::ObjectParts);
                request.max_parts(PARTS_A_PAGE).set_part_number_marker(after.clone())
            };
            let page = self.attributes(page).await?;
            after = add_page(&mut list, &page, head, &fits)?;
            if after.is_none() {
                return list.verify(head.length);
            }
        }
    }

    /// Returns the composite checksum, which a HEAD reports and a GET does not.
    async fn composite(&self, head: &ObjectHead) -> Result<CompositeSha1, Misfit> {
        let checksum = |request: GetObjectAttributesFluentBuilder| {
            let request = request.object_attributes(ObjectAttributes::Checksum);
            request.object_attributes(ObjectAttributes::ObjectParts).max_parts(1)
        };
        let output = self.attributes(checksum).await?;
        if !describes(&output, head) {
            return Err(Misfit::Changed);
        }
        composite(&output).ok_or(Misfit::NoSha1)
    }

    async fn attributes(
        &self,
        select: impl Fn(GetObjectAttributesFluentBuilder) -> GetObjectAttributesFluentBuilder,
    ) -> Result<GetObjectAttributesOutput, Misfit> {
        let waits = &self.bucket.client.waits;
        let ask = |client: Client, call| {
            let request = client.get_object_attributes().object_attributes(ObjectAttributes::Etag);
            let request = request.bucket(self.bucket.name.as_str()).key(self.object.key.as_str());
            let request = select(request.set_version_id(self.object.version_id.clone())).customize();
            request.config_override(page_timeouts(waits.page)).interceptor(call).interceptor(PAGE_LIMIT).send()
        };
        let sent = || async { self.bucket.call(ask).await.map_err(classify_answer) };
        Ok(Retries::new(PAGE_ATTEMPTS, waits.pause).repeat(sent).await?)
    }
}

impl From<Error> for Misfit {
    /// Faults that may pass remain errors. Anything else means that the object must be read.
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(_) | Error::Interrupted(_) | Error::Credentials(_) => Self::Fault(error),
            Error::AccessDenied => Self::Denied,
            error => Self::NotListed(error),
        }
    }
}

/// Reads the composite. S3 reports the number of parts separately; other servers append it to the checksum, as in HEAD.
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
    // The composite counts the parts, whatever S3 says about further pages.
    if list.is_complete() || parts.is_truncated() != Some(true) {
        return Ok(None);
    }
    // A page that is not the last must have parts, or the list would never end.
    let final_number = parts.parts().last().and_then(ObjectPart::part_number).ok_or(Misfit::Incomplete)?;
    Ok(Some(final_number.to_string()))
}

fn complete(part: &ObjectPart) -> Option<(i32, u64, [u8; 20])> {
    let size = u64::try_from(part.size()?).ok()?;
    Some((part.part_number()?, size, sha1_digest(part.checksum_sha1()?)?))
}
