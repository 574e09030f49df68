//! HEAD, and the GETs of one byte that say what HEAD does not.

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::SdkError,
    operation::head_object::{HeadObjectError, HeadObjectOutput},
    types::ChecksumMode,
};

use super::{
    ObjectHead, Source,
    source::{ATTEMPTS, next_chunk, verify},
};
use crate::{
    object::ByteRange,
    s3::{Error, access::PresignedUrl, classify, error::status_of, retry::Retries},
};

const FIRST_BYTE: ByteRange = ByteRange { start: 0, end: 1 };

impl Source {
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
        let mut retries = Retries::new(ATTEMPTS, self.bucket.waits().pause / 2);
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
        match next_chunk(&mut output, self.bucket.waits().stall).await? {
            Some(byte) if byte.as_ref().len() == 1 => Ok(head),
            _ => Err(Error::Malformed("not exactly one byte for the first byte".to_owned())),
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
}
