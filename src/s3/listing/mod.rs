//! The objects below a prefix, page by page. Every page is checked: a listing that repeats itself, goes back, never
//! ends or names other keys is an error.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

mod entry;

use aws_sdk_s3::{
    Client,
    operation::list_objects_v2::ListObjectsV2Output,
    types::{EncodingType, OptionalObjectAttributes, RequestCharged},
};

pub use self::entry::ListedObject;
use super::{
    Error, PAGE_ATTEMPTS, access::Bucket, body_limit::BodyLimit, classify_answer, page_timeouts, retry::Retries,
};

/// A page has at most 1,000 keys of 1,024 bytes, each of which may be percent-encoded.
const PAGE_LIMIT: BodyLimit = BodyLimit(8 * 1024 * 1024);
/// S3 may send pages without keys if it skips many delete markers.
const EMPTY_PAGES: u32 = 20;

/// A listing in progress.
#[derive(Debug)]
pub struct Listing<'a> {
    bucket: &'a Bucket,
    prefix: &'a str,
    last: Option<String>,
    /// S3 sorts keys by their bytes.
    by_bytes: bool,
    /// `SeaweedFS` and other servers with folders sort segment by segment, so that `/` precedes every other byte.
    by_segments: bool,
    empty_pages: u32,
    next: Next,
    /// Whether S3 charged the requester for a page.
    pub request_charged: bool,
}

/// What is left of a listing.
#[derive(Debug)]
enum Next {
    First,
    After(String),
    End,
}

impl<'a> Listing<'a> {
    /// Lists the keys in `bucket` that begin with `prefix`. This makes no call yet.
    pub fn new(bucket: &'a Bucket, prefix: &'a str) -> Self {
        Self {
            bucket,
            prefix,
            last: None,
            by_bytes: true,
            by_segments: true,
            empty_pages: 0,
            next: Next::First,
            request_charged: false,
        }
    }

    /// Returns the objects of the next page, or `None` after the last one.
    pub async fn next_page(&mut self) -> Result<Option<Vec<ListedObject>>, Error> {
        let token = match &self.next {
            Next::First => None,
            Next::After(token) => Some(token.clone()),
            Next::End => return Ok(None),
        };
        let page = Retries::new(PAGE_ATTEMPTS, self.bucket.client.waits.pause)
            .repeat(|| async { whole(self.send(token.as_deref()).await?) })
            .await?;
        self.request_charged |= page.request_charged() == Some(&RequestCharged::Requester);
        self.next = match (page.is_truncated() == Some(true), page.next_continuation_token()) {
            (false, _) => Next::End,
            (true, Some(next)) if token.as_deref() != Some(next) => Next::After(next.to_owned()),
            (true, _) => return Err(malformed("a page that leads nowhere")),
        };
        self.empty_pages = if page.contents().is_empty() { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > EMPTY_PAGES {
            return Err(malformed("one page without keys after the other"));
        }
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        let read = |object| entry::read(object, self.prefix, is_encoded);
        let objects: Vec<_> = page.contents().iter().map(read).collect::<Result<_, _>>()?;
        for object in &objects {
            self.check_order(&object.key)?;
        }
        Ok(Some(objects))
    }

    /// Refuses a key that is in neither order, or was listed before.
    fn check_order(&mut self, key: &str) -> Result<(), Error> {
        if let Some(last) = &self.last {
            self.by_bytes &= last.as_str() < key;
            self.by_segments &= last.split('/').lt(key.split('/'));
            if !self.by_bytes && !self.by_segments {
                return Err(malformed("a key before the one that it follows"));
            }
        }
        self.last = Some(key.to_owned());
        Ok(())
    }

    async fn send(&self, token: Option<&str>) -> Result<ListObjectsV2Output, Error> {
        let ask = |client: Client, call| {
            let request = client.list_objects_v2().bucket(self.bucket.name.as_str()).prefix(self.prefix);
            let request = request
                // XML cannot hold every key.
                .encoding_type(EncodingType::Url)
                .optional_object_attributes(OptionalObjectAttributes::RestoreStatus)
                .set_continuation_token(token.map(str::to_owned));
            let timeouts = page_timeouts(self.bucket.client.waits.page);
            request.customize().config_override(timeouts).interceptor(call).interceptor(PAGE_LIMIT).send()
        };
        self.bucket.call(ask).await.map_err(classify_answer)
    }
}

/// Checks that the page is complete: the SDK accepts XML that ends early.
fn whole(page: ListObjectsV2Output) -> Result<ListObjectsV2Output, Error> {
    let count = page.key_count().map(usize::try_from);
    if page.is_truncated().is_none() || count.is_some_and(|count| count != Ok(page.contents().len())) {
        return Err(malformed("a page that is cut off"));
    }
    Ok(page)
}

fn malformed(what: &str) -> Error {
    Error::Malformed(format!("a listing with {what}"))
}
