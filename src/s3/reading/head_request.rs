//! HEAD, and the GETs of one byte that tell what HEAD does not.

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
    /// Sends HEAD, whose success shows READ access. Its errors have no code, so a GET of one byte asks for that.
    pub async fn head(&self) -> Result<ObjectHead, Error> {
        self.ask_head(true).await
    }

    /// Sends HEAD, and returns `None` if there is no object with content, or none that the caller may see.
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

    /// Presigned URLs are signed for GET only, so a GET of one byte replaces HEAD.
    async fn head_by_url(&self, url: &PresignedUrl) -> Result<ObjectHead, Error> {
        self.check_region(url).await?;
        Retries::new(ATTEMPTS, self.bucket.client.waits.pause / 2).repeat(|| self.first_byte()).await
    }

    /// Refuses a URL whose region is not the bucket's. S3 tells anyone in which region a bucket is.
    async fn check_region(&self, url: &PresignedUrl) -> Result<(), Error> {
        let is_elsewhere = || url.region().is_some_and(|region| region != self.bucket.region());
        // A bucket can be deleted and created again in another region.
        if (!self.bucket.region_is_known() || is_elsewhere())
            && let Err(error @ Error::Unavailable(_)) = self.send_head().await.map_err(classify)
        {
            return Err(error);
        }
        if is_elsewhere() { Err(Error::PresignedUrl) } else { Ok(()) }
    }

    async fn send_head(&self) -> Result<HeadObjectOutput, SdkError<HeadObjectError, HttpResponse>> {
        let ask = |client: Client, call| {
            let request = client.head_object().bucket(self.bucket.name.as_str()).key(self.object.key.as_str());
            let request = request.set_version_id(self.object.version_id.clone());
            request.checksum_mode(ChecksumMode::Enabled).customize().interceptor(call).send()
        };
        self.bucket.call(ask).await
    }

    async fn first_byte(&self) -> Result<ObjectHead, Error> {
        let mut output = match self.get(FIRST_BYTE, None).await {
            // A 416: there is no first byte.
            Err(Error::Changed) => return Err(Error::Empty),
            // Some servers return the empty object instead.
            Ok(output) if output.content_range().is_none() && output.content_length() == Some(0) => {
                return Err(Error::Empty);
            }
            answer => answer?,
        };
        let head = ObjectHead::from_first_byte(&output)?;
        verify(&output, FIRST_BYTE, &head)?;
        // The whole body is read, so that the connection can be reused.
        match next_chunk(&mut output, self.bucket.client.waits.stall).await? {
            Some(byte) if byte.as_ref().len() == 1 => Ok(head),
            _ => Err(Error::Malformed("not exactly one byte for the first byte".to_owned())),
        }
    }

    /// Asks for one byte, because only GET has an error document. If that succeeds, the error of HEAD stands, and the
    /// next request sees the change.
    async fn explain(&self, head: Error) -> Error {
        match self.get(FIRST_BYTE, None).await {
            // A 416, for an empty object, says no more than success does.
            Ok(_) | Err(Error::Changed) => head,
            // Without a version ID, something else in the request must be invalid.
            Err(Error::InvalidVersionId) if self.object.version_id.is_none() => Error::InvalidRequest,
            Err(error) => error,
        }
    }
}
