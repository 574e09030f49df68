//! One bucket as one request may call it: every S3 call of this service goes through here.

use aws_sdk_s3::{
    Client,
    config::{
        ConfigBag, Intercept, RuntimeComponents, http::HttpResponse, interceptors::BeforeTransmitInterceptorContextRef,
    },
    error::{BoxError, SdkError},
    operation::{
        get_object::GetObjectOutput,
        put_object::{PutObjectError, builders::PutObjectFluentBuilder},
    },
    primitives::ByteStream,
    types::RequestPayer,
};

use super::{RegionalClient, Waits};
use crate::{
    meter::Meter,
    object::{BucketName, ByteRange, CallOptions},
    s3::{Error, classify},
};

/// A bucket, with the client, the caller's options and the meter of one request.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: RegionalClient,
    name: BucketName,
    options: CallOptions,
    meter: Meter,
}

impl Bucket {
    /// Binds `client` to the bucket `name`. `options` go with every call.
    pub fn new(client: RegionalClient, name: BucketName, options: CallOptions, meter: Meter) -> Self {
        Self { client, name, options, meter }
    }

    /// Returns the bucket's name.
    pub fn name(&self) -> &BucketName {
        &self.name
    }

    /// Returns the meter that counts this request.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// Returns the value of `x-amz-request-payer`, where the caller gave one.
    pub fn payer(&self) -> Option<RequestPayer> {
        self.options.requester_pays.then_some(RequestPayer::Requester)
    }

    /// Returns the value of `x-amz-expected-bucket-owner`, where the caller gave one.
    pub fn owner(&self) -> Option<String> {
        self.options.expected_bucket_owner.clone()
    }

    /// Returns the bucket's region as far as S3 has told, and the function's own region before that.
    pub fn region(&self) -> String {
        self.client.region_of(&self.name)
    }

    /// Returns whether S3 has told which region the bucket is in.
    pub(in crate::s3) fn region_is_known(&self) -> bool {
        self.client.knows(&self.name)
    }

    /// Returns how long the caller waits for S3.
    pub(in crate::s3) fn waits(&self) -> &Waits {
        self.client.waits()
    }

    /// Returns the client of the function's own region, for calls whose URL is given.
    pub(in crate::s3) fn home_client(&self) -> &Client {
        self.client.home()
    }

    /// Calls S3 in the bucket's region. `ask` gets the client to use and the interceptor that counts its requests.
    ///
    /// # Errors
    /// Returns the error of `ask`: of its second call, where the first showed that the bucket is in another region.
    pub async fn call<O, E, F>(&self, ask: impl Fn(Client, CountRequests) -> F) -> Result<O, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        self.client.call(&self.name, |client| ask(client, self.count())).await
    }

    /// Returns the object at `key`. `None` means that nothing is there, or nothing that the caller may see: without
    /// `s3:ListBucket`, S3 answers 403 for both.
    pub async fn get(&self, key: &str) -> Result<Option<GetObjectOutput>, Error> {
        self.get_range(key, None).await
    }

    /// Does what [`Self::get`] does, for `range` of the object alone. `None` also means that the object is shorter.
    pub async fn get_range(&self, key: &str, range: Option<ByteRange>) -> Result<Option<GetObjectOutput>, Error> {
        let ask = |client: Client, count| {
            let request = client.get_object().bucket(self.name.as_str()).key(key);
            let request = request.set_range(range.map(ByteRange::header));
            let request = request.set_request_payer(self.payer()).set_expected_bucket_owner(self.owner());
            request.customize().interceptor(count).send()
        };
        match self.call(ask).await.map_err(classify) {
            Ok(output) => Ok(Some(output)),
            // There are no conditions, so a change is a 416.
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
        let ask = |client: Client, count| {
            let request = client.put_object().bucket(self.name.as_str()).key(key);
            let request = request.set_request_payer(self.payer()).set_expected_bucket_owner(self.owner());
            let request = describe(request.body(ByteStream::from(bytes.to_vec())));
            request.customize().interceptor(count).send()
        };
        self.call(ask).await.map(|_| ())
    }

    /// Returns the interceptor that counts requests for this caller.
    pub(in crate::s3) fn count(&self) -> CountRequests {
        CountRequests(self.meter.clone())
    }
}

/// Reads a whole body, into memory of the right size where `length` tells it.
///
/// # Errors
/// Returns [`Error::Interrupted`] where the body breaks off.
pub async fn collect(mut body: ByteStream, length: Option<i64>) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(length.and_then(|length| usize::try_from(length).ok()).unwrap_or_default());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|broken| Error::Interrupted(broken.into()))?);
    }
    Ok(bytes)
}

/// An SDK interceptor that counts each HTTP request, retries included.
#[derive(Clone, Debug)]
pub struct CountRequests(Meter);

impl Intercept for CountRequests {
    fn name(&self) -> &'static str {
        "CountRequests"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.s3_requests.add(1);
        Ok(())
    }
}
