//! The object itself: HEAD, and ranged GETs that give each byte once and in order, or an error.

use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::SdkError,
    operation::{
        get_object::{GetObjectOutput, builders::GetObjectFluentBuilder},
        head_object::{HeadObjectError, HeadObjectOutput, builders::HeadObjectFluentBuilder},
    },
    types::ChecksumMode,
};
use tokio::time::{sleep, timeout};

use super::{
    Error, Meter, ObjectHead, PresignedUrl, RegionalClient,
    client::request_payer,
    error::{classify, classify_presigned, status_of},
};
use crate::object::{ByteRange, CallOptions, ObjectId};

/// No byte for this long, and the connection is given up.
const STALL: Duration = Duration::from_secs(5);
/// Tries in a row that bring no byte, before a range is given up.
const FRUITLESS_TRIES: u32 = 4;
const PAUSE: Duration = Duration::from_millis(100);
const FIRST_BYTE: ByteRange = ByteRange { start: 0, end: 1 };

/// One object in S3, as one caller asked for it.
#[derive(Clone, Debug)]
pub struct Source {
    client: RegionalClient,
    object: ObjectId,
    options: CallOptions,
    meter: Meter,
    presigned: Option<PresignedUrl>,
}

impl Source {
    /// `object` as `client` may see it.
    #[must_use]
    pub fn new(client: RegionalClient, object: ObjectId, options: CallOptions, meter: Meter) -> Self {
        Self { client, object, options, meter, presigned: None }
    }

    /// The same, read by `url` alone where there is one.
    #[must_use]
    pub fn by(self, url: Option<PresignedUrl>) -> Self {
        Self { presigned: url, ..self }
    }

    /// What HEAD says; its success shows READ access. An error's code, which HEAD does not tell, is asked
    /// for by a GET of one byte.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn head(&self) -> Result<ObjectHead, Error> {
        if let Some(url) = &self.presigned {
            self.check_region(url).await?;
            return self.open().await;
        }
        let error = match self.send_head().await {
            Ok(output) => {
                let head = ObjectHead::try_from(output)?;
                self.meter.set_object_size(head.length);
                return Ok(head);
            }
            Err(error) => error,
        };
        match status_of(&error) {
            Some((300..=499, false)) => Err(self.explain(classify(error)).await),
            _ => Err(classify(error)),
        }
    }

    /// A bucket is at the hosts of its own region, and a URL may name that of another, or one that there is not. S3 tells
    /// anyone where a bucket is.
    async fn check_region(&self, url: &PresignedUrl) -> Result<(), Error> {
        let bucket = &self.object.bucket;
        let is_elsewhere = || url.region().is_some_and(|region| region != self.client.region_of(bucket));
        // Buckets can be made anew in other regions.
        if (!self.client.knows(bucket) || is_elsewhere())
            && let Err(error @ Error::Unavailable(_)) = self.send_head().await.map_err(classify)
        {
            return Err(error);
        }
        if is_elsewhere() { Err(Error::PresignedUrl) } else { Ok(()) }
    }

    async fn send_head(&self) -> Result<HeadObjectOutput, SdkError<HeadObjectError, HttpResponse>> {
        let ask = |client| self.head_request(&client).customize().interceptor(self.meter.clone()).send();
        self.client.call(&self.object.bucket, ask).await
    }

    /// What HEAD would say, by a GET of one byte: a presigned URL is signed for GET alone.
    async fn open(&self) -> Result<ObjectHead, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.first_byte().await {
                Err(error) if error.is_passing() && tries < FRUITLESS_TRIES => {
                    tracing::debug!(%error, "the first byte is asked for again");
                    sleep(PAUSE * tries).await;
                }
                Err(error) => return Err(error),
                Ok(head) => {
                    self.meter.set_object_size(head.length);
                    return Ok(head);
                }
            }
        }
    }

    async fn first_byte(&self) -> Result<ObjectHead, Error> {
        let mut output = match self.get(FIRST_BYTE, None).await {
            // 416: there is no first byte.
            Err(Error::Changed) => return Ok(ObjectHead::of(0, String::new())),
            // Other servers send such an object whole.
            Ok(output) if ObjectHead::is_of_nothing(&output) => return Ok(ObjectHead::of(0, String::new())),
            answer => answer?,
        };
        let head = ObjectHead::of_first_byte(&output)?;
        verify(&output, FIRST_BYTE, &head)?;
        // Whole, so that the connection can be used again.
        match next_chunk(&mut output).await? {
            Some(byte) if byte.as_ref().len() == 1 => Ok(head),
            _ => Err(Error::Malformed("not one byte for the first".to_owned())),
        }
    }

    /// Asks for one byte, since only GET has an error document. Should that now succeed, what HEAD said
    /// stands: the next request sees the change.
    async fn explain(&self, head: Error) -> Error {
        match self.get(FIRST_BYTE, None).await {
            // 416, of an empty object, says as little as success.
            Ok(_) | Err(Error::Changed) => head,
            // There was none to be invalid.
            Err(Error::InvalidVersionId) if self.object.version_id.is_none() => Error::InvalidRequest,
            Err(error) => error,
        }
    }

    /// Hands the bytes of `range` to `sink`, in order and each once. Every GET carries `If-Match`; what
    /// breaks off goes on from the byte that is missing.
    ///
    /// # Errors
    /// [`Error::Changed`] when the object is no longer the one `head` saw, and all others. `sink` has then
    /// seen only bytes of that object, from the range's start on.
    pub async fn read_range(
        &self,
        head: &ObjectHead,
        range: ByteRange,
        mut sink: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let mut missing = range;
        let mut fruitless = 0;
        while missing.start < missing.end {
            let start = missing.start;
            match self.read_on(head, &mut missing, &mut sink).await {
                Ok(()) => {}
                Err(error) if error.is_passing() => {
                    fruitless = if missing.start > start { 0 } else { fruitless + 1 };
                    if fruitless == FRUITLESS_TRIES {
                        return Err(error);
                    }
                    tracing::debug!(%error, range = missing.header(), "a ranged GET is asked again");
                    sleep(PAUSE * (fruitless + 1)).await;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// One GET of what is missing; takes from `missing` what it brought.
    async fn read_on(
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
            self.meter.add_bytes(length);
            missing.start += length;
            if missing.start == missing.end {
                return Ok(());
            }
        }
        Err(Error::Interrupted("the body ended early".into()))
    }

    async fn get(&self, range: ByteRange, head: Option<&ObjectHead>) -> Result<GetObjectOutput, Error> {
        let request = |client: &Client| {
            let request = self.get_request(client).range(range.header());
            let request = request.set_if_match(head.map(|head| head.etag.clone()));
            request.customize().interceptor(self.meter.clone())
        };
        let Some(url) = &self.presigned else {
            let sent = self.client.call(&self.object.bucket, |client| request(&client).send()).await;
            return match sent.map_err(classify) {
                // HEAD has shown the version id to be one.
                Err(Error::InvalidVersionId) if head.is_some() => Err(Error::AccessDenied),
                answer => answer,
            };
        };
        let sent = request(self.client.home()).interceptor(url.clone()).send().await;
        sent.map_err(classify_presigned)
    }

    fn head_request(&self, client: &Client) -> HeadObjectFluentBuilder {
        client
            .head_object()
            .bucket(self.object.bucket.as_str())
            .key(&self.object.key)
            .set_version_id(self.object.version_id.clone())
            .checksum_mode(ChecksumMode::Enabled)
            .set_request_payer(request_payer(&self.options))
            .set_expected_bucket_owner(self.options.expected_bucket_owner.clone())
    }

    fn get_request(&self, client: &Client) -> GetObjectFluentBuilder {
        client
            .get_object()
            .bucket(self.object.bucket.as_str())
            .key(&self.object.key)
            .set_version_id(self.object.version_id.clone())
            .set_request_payer(request_payer(&self.options))
            .set_expected_bucket_owner(self.options.expected_bucket_owner.clone())
    }
}

async fn next_chunk(output: &mut GetObjectOutput) -> Result<Option<impl AsRef<[u8]> + use<>>, Error> {
    let chunk = timeout(STALL, output.body.next()).await;
    let chunk = chunk.map_err(|stalled| Error::Interrupted(stalled.into()))?.transpose();
    chunk.map_err(|broken| Error::Interrupted(broken.into()))
}

/// Nothing is hashed before the headers show that these are the bytes asked for. A 200 has no
/// `Content-Range`; a server may ignore `If-Match`.
fn verify(output: &GetObjectOutput, range: ByteRange, head: &ObjectHead) -> Result<(), Error> {
    let content_range = output.content_range().unwrap_or("none");
    if output.e_tag() != Some(&head.etag) {
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
