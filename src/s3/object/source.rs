//! The object's bytes: HEAD, and ranged GETs that give each byte once and in order, or an error.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::SdkError,
    operation::{
        get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
        head_object::{HeadObjectError, HeadObjectOutput},
    },
    types::ChecksumMode,
};
use tokio::time::timeout;

use super::ObjectHead;
use crate::{
    object::{ByteRange, ETag, ObjectId},
    s3::{
        Error,
        access::{Bucket, PresignedUrl},
        classify,
        error::{classify_presigned, status_of},
        retry::Retries,
    },
};

/// A connection that brings no byte for this long is given up.
const STALL: Duration = Duration::from_secs(5);
/// After this many attempts in a row without a byte, a range is given up.
const ATTEMPTS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);
const FIRST_BYTE: ByteRange = ByteRange { start: 0, end: 1 };

/// One object in S3, as one caller may read it.
#[derive(Clone, Debug)]
pub struct Source {
    bucket: Bucket,
    object: ObjectId,
    presigned: Option<PresignedUrl>,
}

impl Source {
    /// Reads `object` through `bucket`, or by the URL `presigned` alone where there is one.
    pub fn new(bucket: Bucket, object: ObjectId, presigned: Option<PresignedUrl>) -> Self {
        Self { bucket, object, presigned }
    }

    /// Returns the region of the object's bucket, as far as S3 has told.
    pub fn region(&self) -> String {
        self.bucket.region()
    }

    /// Returns what HEAD tells. Its success shows READ access. HEAD errors have no code, so a GET of one byte asks for
    /// it.
    pub async fn head(&self) -> Result<ObjectHead, Error> {
        self.ask_head(true).await
    }

    /// Returns what HEAD tells about an object with content, or `None` where S3 shows none.
    pub async fn find(&self) -> Result<Option<ObjectHead>, Error> {
        match self.ask_head(false).await {
            Ok(head) => Ok(Some(head).filter(|head| head.length > 0)),
            Err(
                Error::NoSuchKey { .. }
                | Error::NoSuchVersion
                | Error::DeleteMarker
                | Error::AccessDenied
                | Error::PresignedUrl
                | Error::Empty,
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn ask_head(&self, asks_why: bool) -> Result<ObjectHead, Error> {
        let head = match &self.presigned {
            Some(url) => self.head_by_url(url).await?,
            None => match self.send_head().await {
                Ok(output) => ObjectHead::try_from(output)?,
                Err(error) => {
                    return match status_of(&error) {
                        Some((403 | 404, _)) if !asks_why => Err(classify(error)),
                        Some((300..=499, false)) => Err(self.explain(classify(error)).await),
                        _ => Err(classify(error)),
                    };
                }
            },
        };
        self.bucket.meter().object_size.set(head.length);
        Ok(head)
    }

    /// Presigned URLs are signed for GET alone, so a GET of one byte stands for HEAD.
    async fn head_by_url(&self, url: &PresignedUrl) -> Result<ObjectHead, Error> {
        self.check_region(url).await?;
        let mut retries = Retries::new(ATTEMPTS, PAUSE);
        loop {
            match self.first_byte().await {
                Err(error) => retries.wait_after(error, false).await?,
                head => return head,
            }
        }
    }

    /// Refuses a URL that names another region than the bucket's, or one that does not exist. S3 tells anyone where a
    /// bucket is.
    async fn check_region(&self, url: &PresignedUrl) -> Result<(), Error> {
        let is_elsewhere = || url.region().is_some_and(|region| region != self.bucket.region());
        // A bucket can be deleted and made anew in another region.
        if (!self.bucket.region_is_known() || is_elsewhere())
            && let Err(error @ Error::Unavailable(_)) = self.send_head().await.map_err(classify)
        {
            return Err(error);
        }
        if is_elsewhere() { Err(Error::PresignedUrl) } else { Ok(()) }
    }

    async fn send_head(&self) -> Result<HeadObjectOutput, SdkError<HeadObjectError, HttpResponse>> {
        let ask = |client: Client, count| {
            let request = client.head_object().bucket(self.bucket.name().as_str());
            let request = request
                .key(self.object.key.as_str())
                .set_version_id(self.object.version_id.clone())
                .checksum_mode(ChecksumMode::Enabled)
                .set_request_payer(self.bucket.payer())
                .set_expected_bucket_owner(self.bucket.owner());
            request.customize().interceptor(count).send()
        };
        self.bucket.call(ask).await
    }

    async fn first_byte(&self) -> Result<ObjectHead, Error> {
        let mut output = match self.get(FIRST_BYTE, None).await {
            // This is a 416: there is no first byte.
            Err(Error::Changed) => return Err(Error::Empty),
            // Other servers send an empty object whole.
            Ok(output) if output.content_range().is_none() && output.content_length() == Some(0) => {
                return Err(Error::Empty);
            }
            answer => answer?,
        };
        let head = ObjectHead::from_first_byte(&output)?;
        verify(&output, FIRST_BYTE, &head)?;
        // The body is read to its end, so that the connection can be used again.
        match next_chunk(&mut output).await? {
            Some(byte) if byte.as_ref().len() == 1 => Ok(head),
            _ => Err(Error::Malformed("not one byte for the first".to_owned())),
        }
    }

    /// Asks for one byte, since only GET has an error document. If that succeeds, the error of HEAD stands: the next
    /// request will see the change.
    async fn explain(&self, head: Error) -> Error {
        match self.get(FIRST_BYTE, None).await {
            // A 416, of an empty object, tells as little as success.
            Ok(_) | Err(Error::Changed) => head,
            // The request had no version ID that could be malformed.
            Err(Error::InvalidVersionId) if self.object.version_id.is_none() => Error::InvalidRequest,
            Err(error) => error,
        }
    }

    /// Hands the bytes of `range` to `sink`, in order and each once. Every GET carries `If-Match`. Where a body breaks
    /// off, the next GET goes on from the first missing byte.
    ///
    /// # Errors
    /// Returns [`Error::Changed`] when the object is no longer what `head` describes, or another [`Error`]. `sink` has
    /// then seen only bytes of that object, from the range's start on.
    pub async fn read_range(
        &self,
        head: &ObjectHead,
        range: ByteRange,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut missing = range;
        let mut retries = Retries::new(ATTEMPTS, PAUSE);
        while missing.start < missing.end {
            let start = missing.start;
            if let Err(error) = self.read_some(head, &mut missing, &mut sink).await {
                retries.wait_after(error, missing.start > start).await?;
            }
        }
        Ok(())
    }

    /// Sends one GET for what is missing, and takes what it brings off `missing`.
    async fn read_some(
        &self,
        head: &ObjectHead,
        missing: &mut ByteRange,
        sink: &mut impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut output = self.get(*missing, Some(head)).await?;
        verify(&output, *missing, head)?;
        while let Some(chunk) = next_chunk(&mut output).await? {
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

    async fn get(&self, range: ByteRange, head: Option<&ObjectHead>) -> Result<GetObjectOutput, Error> {
        let request = |client: &Client| {
            let if_match = head.map(|head| head.etag.to_string());
            self.get_request(client).range(range.header()).set_if_match(if_match).customize()
        };
        if let Some(url) = &self.presigned {
            let request = request(self.bucket.home_client()).interceptor(self.bucket.count());
            return request.interceptor(url.clone()).send().await.map_err(classify_presigned);
        }
        let sent = self.bucket.call(|client, count| request(&client).interceptor(count).send()).await;
        match sent.map_err(classify) {
            // HEAD has shown that the version ID is well-formed.
            Err(Error::InvalidVersionId) if head.is_some() => Err(Error::AccessDenied),
            answer => answer,
        }
    }

    fn get_request(&self, client: &Client) -> GetObjectFluentBuilder {
        client
            .get_object()
            .bucket(self.bucket.name().as_str())
            .key(self.object.key.as_str())
            .set_version_id(self.object.version_id.clone())
            .set_request_payer(self.bucket.payer())
            .set_expected_bucket_owner(self.bucket.owner())
    }
}

async fn next_chunk(output: &mut GetObjectOutput) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
    let chunk = timeout(STALL, output.body.next()).await;
    let chunk = chunk.map_err(|stalled| Error::Interrupted(stalled.into()))?.transpose();
    chunk.map_err(|broken| Error::Interrupted(broken.into()))
}

/// Checks the headers before anything is hashed: are these the bytes that were asked for? A 200 has no `Content-Range`,
/// and a server may ignore `If-Match`.
fn verify(output: &GetObjectOutput, range: ByteRange, head: &ObjectHead) -> Result<(), Error> {
    let content_range = output.content_range().unwrap_or("none");
    if output.e_tag().and_then(ETag::new).as_ref() != Some(&head.etag) {
        return Err(Error::Changed);
    }
    if content_range != range.content_range(head.length) {
        return Err(Error::Malformed(format!("Content-Range {content_range} for {}", range.header())));
    }
    let length = output.content_length().map(u64::try_from);
    if !matches!(length, None | Some(Ok(_))) || length.is_some_and(|length| length != Ok(range.length())) {
        return Err(Error::Malformed(format!("Content-Length {length:?} for {}", range.header())));
    }
    Ok(())
}
