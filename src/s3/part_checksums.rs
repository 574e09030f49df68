//! The SHA-1 of every part of a multipart upload, where S3 keeps them (`--checksum-algorithm SHA1`): the object's
//! hashes without a read of it. Asked for with the function's own role, once READ access has been shown.
//!
//! Nothing is believed that does not add up: each page is of the object that HEAD saw, the sizes make its length,
//! and the SHA-1 over all digests is its composite checksum.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html>

use std::{ops::RangeInclusive, time::Duration};

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::{
    Client, config,
    operation::get_object_attributes::{
        GetObjectAttributesOutput, builders::GetObjectAttributesFluentBuilder,
    },
    types::{GetObjectAttributesParts, ObjectAttributes, ObjectPart},
};
use tokio::time::sleep;

use super::{
    CompositeSha1, Error, Meter, Misfit, ObjectHead, Parts, RegionalClient, body_limit::BodyLimit,
    client::request_payer, composite_sha1::sha1_digest, error::classify_answer, parts::PartList,
};
use crate::object::{CallOptions, ObjectId};

/// Of one part the composite says no more than of the object; S3 takes no more than 10,000.
const PART_COUNTS: RangeInclusive<u32> = 2..=10_000;
/// The most that S3 lists at once.
const PARTS_A_PAGE: i32 = 1_000;
/// A full page takes some 120 KB. A server that does not know the call may answer with the object itself.
const PAGE_LIMIT: BodyLimit = BodyLimit(4 * 1024 * 1024);
/// How often an answer that makes no sense is asked for.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// A page that has not come by then, body and all, is asked for again: the SDK's other timeouts end with its headers.
const PAGE_TIMEOUT: Duration = Duration::from_secs(5);

/// Part checksums, as the function's role may ask for them.
#[derive(Clone, Debug)]
pub struct PartChecksums {
    client: RegionalClient,
}

impl PartChecksums {
    /// `client` signs with the function's role.
    #[must_use]
    pub fn new(client: RegionalClient) -> Self {
        Self { client }
    }

    /// The parts of what `head` describes, if their size `fits`; or why they cannot stand for its bytes.
    ///
    /// # Errors
    /// What may pass: an S3 that throttles, fails or does not answer, and credentials that it does not take. Reading
    /// the object instead would give it another info hash than it has when the fault is over.
    pub async fn read(
        &self,
        object: &ObjectId,
        head: &ObjectHead,
        fits: impl Fn(u64) -> bool,
        options: &CallOptions,
        meter: &Meter,
    ) -> Result<Result<Parts, Misfit>, Error> {
        let composite = match head.composite_sha1 {
            None => return Ok(Err(Misfit::NoSha1)),
            Some(composite) if !PART_COUNTS.contains(&composite.parts) => {
                return Ok(Err(Misfit::Count(composite.parts)));
            }
            Some(composite) => composite,
        };
        let mut list = PartList::new(composite);
        let mut after = None;
        loop {
            let page_of = |request: GetObjectAttributesFluentBuilder| {
                let request = request.object_attributes(ObjectAttributes::ObjectParts);
                request.max_parts(PARTS_A_PAGE).set_part_number_marker(after.clone())
            };
            let page = match self.answer(object, options, page_of, meter).await {
                Ok(page) => page,
                Err(error) => return misfit(error).map(Err),
            };
            after = match take(&mut list, &page, head, &fits) {
                Ok(Some(number)) => Some(number),
                Ok(None) => return Ok(list.verified(head.length)),
                Err(misfit) => return Ok(Err(misfit)),
            };
        }
    }

    /// What HEAD says of the object's composite checksum, and a GET does not; or why the parts cannot stand for its
    /// bytes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn composite(
        &self,
        object: &ObjectId,
        head: &ObjectHead,
        options: &CallOptions,
        meter: &Meter,
    ) -> Result<Result<CompositeSha1, Misfit>, Error> {
        let checksum_of = |request: GetObjectAttributesFluentBuilder| {
            let request = request.object_attributes(ObjectAttributes::Checksum);
            request.object_attributes(ObjectAttributes::ObjectParts).max_parts(1)
        };
        let output = match self.answer(object, options, checksum_of, meter).await {
            Ok(output) if is_of(&output, head) => output,
            Ok(_) => return Ok(Err(Misfit::Changed)),
            Err(error) => return misfit(error).map(Err),
        };
        Ok(composite(&output).ok_or(Misfit::NoSha1))
    }

    async fn answer(
        &self,
        object: &ObjectId,
        options: &CallOptions,
        what: impl Fn(GetObjectAttributesFluentBuilder) -> GetObjectAttributesFluentBuilder,
        meter: &Meter,
    ) -> Result<GetObjectAttributesOutput, Error> {
        let ask = |client: Client| {
            let patience = config::Builder::new().timeout_config(page_timeouts());
            let request = what(request(&client, object, options)).customize().config_override(patience);
            request.interceptor(meter.clone()).interceptor(PAGE_LIMIT).send()
        };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.client.call(&object.bucket, ask).await.map_err(classify_answer) {
                Err(error) if error.is_passing() && tries < TRIES => {
                    tracing::debug!(%error, "a page of parts is asked for again");
                    sleep(PAUSE * tries).await;
                }
                answer => return answer,
            }
        }
    }
}

fn request(client: &Client, object: &ObjectId, options: &CallOptions) -> GetObjectAttributesFluentBuilder {
    client
        .get_object_attributes()
        .bucket(object.bucket.as_str())
        .key(&object.key)
        .set_version_id(object.version_id.clone())
        .object_attributes(ObjectAttributes::Etag)
        .set_request_payer(request_payer(options))
        .set_expected_bucket_owner(options.expected_bucket_owner.clone())
}

/// The count of parts stands beside the checksum here, and in it where a server writes it as HEAD does.
fn composite(output: &GetObjectAttributesOutput) -> Option<CompositeSha1> {
    let sha1 = output.checksum()?.checksum_sha1()?;
    let parts = output.object_parts().and_then(GetObjectAttributesParts::total_parts_count);
    CompositeSha1::parse(sha1).or_else(|| CompositeSha1::parse(&format!("{sha1}-{}", parts?)))
}

/// Without quotes here, with them in HEAD.
fn is_of(output: &GetObjectAttributesOutput, head: &ObjectHead) -> bool {
    output.e_tag().is_some_and(|etag| etag.trim_matches('"') == head.etag.trim_matches('"'))
}

fn page_timeouts() -> TimeoutConfig {
    TimeoutConfig::builder().operation_attempt_timeout(PAGE_TIMEOUT).build()
}

/// Takes a page into the list; `Some` is after which part to go on.
fn take(
    list: &mut PartList,
    page: &GetObjectAttributesOutput,
    head: &ObjectHead,
    fits: impl Fn(u64) -> bool,
) -> Result<Option<String>, Misfit> {
    let (Some(_), Some(parts)) = (page.e_tag(), page.object_parts()) else {
        return Err(Misfit::Incomplete);
    };
    if !is_of(page, head) {
        return Err(Misfit::Changed);
    }
    for part in parts.parts() {
        let (number, size, digest) = complete(part).ok_or(Misfit::Incomplete)?;
        list.add(number, size, digest, &fits)?;
    }
    // What S3 says of further parts does not matter then: the composite shows that these are all.
    if list.is_complete() { Ok(None) } else { next(parts) }
}

fn complete(part: &ObjectPart) -> Option<(i32, u64, [u8; 20])> {
    let size = u64::try_from(part.size()?).ok()?;
    Some((part.part_number()?, size, sha1_digest(part.checksum_sha1()?)?))
}

/// A page that says there are more must have brought some, or there would be no end.
fn next(parts: &GetObjectAttributesParts) -> Result<Option<String>, Misfit> {
    if !parts.is_truncated().unwrap_or_default() {
        return Ok(None);
    }
    let last = parts.parts().last().and_then(ObjectPart::part_number).ok_or(Misfit::Incomplete)?;
    Ok(Some(last.to_string()))
}

/// Why the object is read instead; what may pass remains an error.
fn misfit(error: Error) -> Result<Misfit, Error> {
    match error {
        Error::Unavailable(_) | Error::Interrupted(_) | Error::Credentials(_) => Err(error),
        Error::AccessDenied => Ok(Misfit::Denied),
        error => Ok(Misfit::NotListed(error)),
    }
}
