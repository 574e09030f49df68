//! One bucket, as one request may call it. Every S3 call of this service goes through here.

use aws_sdk_s3::{
    Client,
    config::http::HttpResponse,
    error::SdkError,
    operation::{
        get_object::GetObjectOutput,
        put_object::{PutObjectError, builders::PutObjectFluentBuilder},
    },
    primitives::ByteStream,
};

use super::{Call, RegionalClient};
use crate::{
    meter::Meter,
    object::{BucketName, ByteRange, CallOptions},
    s3::{Error, classify},
};

/// A bucket, with the client, the caller's options and the meter of one request.
#[derive(Clone, Debug)]
pub struct Bucket {
    pub(in crate::s3) client: RegionalClient,
    /// The bucket's name.
    pub name: BucketName,
    pub(in crate::s3) call: Call,
}

impl Bucket {
    /// Binds `client` to the bucket `name`. `options` go with every call.
    pub fn new(client: RegionalClient, name: BucketName, options: CallOptions, meter: Meter) -> Self {
        Self { client, name, call: Call { options, meter } }
    }

    /// Returns the meter that counts this request.
    pub fn meter(&self) -> &Meter {
        &self.call.meter
    }

    /// Returns the bucket's region, or the function's own until S3 has named it.
    pub fn region(&self) -> String {
        self.client.regions.region_of(&self.name)
    }

    /// Returns whether S3 has named the bucket's region.
    pub(in crate::s3) fn region_is_known(&self) -> bool {
        self.client.regions.knows(&self.name)
    }

    /// Calls S3 in the bucket's region. `ask` gets the client, and the interceptor that every call needs. It is called
    /// again if its first call shows that the bucket is in another region.
    pub async fn call<O, E, F>(&self, ask: impl Fn(Client, Call) -> F) -> Result<O, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.client.call(&self.name, |client| ask(client, self.call.clone())).await
    }

    /// Returns the object at `key`, or its `range`. `None` means that it is shorter, or that there is none which the
    /// caller may see: without `s3:ListBucket`, S3 answers 403 for both.
    pub async fn get(&self, key: &str, range: Option<ByteRange>) -> Result<Option<GetObjectOutput>, Error> {
        let ask = |client: Client, call| {
            let request = client.get_object().bucket(self.name.as_str()).key(key);
            request.set_range(range.map(ByteRange::header)).customize().interceptor(call).send()
        };
        match self.call(ask).await.map_err(classify) {
            Ok(output) => Ok(Some(output)),
            // Without conditions, `Changed` can only be a 416.
            Err(Error::NoSuchKey { .. } | Error::AccessDenied | Error::Changed) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes `bytes` to `key`. `describe` adds headers and conditions.
    pub async fn put(
        &self,
        key: &str,
        bytes: &[u8],
        describe: impl Fn(PutObjectFluentBuilder) -> PutObjectFluentBuilder,
    ) -> Result<(), SdkError<PutObjectError, HttpResponse>> {
        let ask = |client: Client, call| {
            let request = client.put_object().bucket(self.name.as_str()).key(key);
            let request = describe(request.body(ByteStream::from(bytes.to_vec())));
            request.customize().interceptor(call).send()
        };
        self.call(ask).await.map(|_| ())
    }
}

/// Reads a whole body, of `length` bytes if that is known.
pub async fn collect(mut body: ByteStream, length: Option<i64>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|broken| Error::Interrupted(broken.into()))?);
    }
    Ok(bytes)
}
