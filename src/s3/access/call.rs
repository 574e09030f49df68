//! What all calls to S3 have in common: they carry the caller's headers, and are counted.

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeTransmitInterceptorContextMut, BeforeTransmitInterceptorContextRef},
    },
    error::BoxError,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;

use crate::{
    meter::Meter,
    object::{CallOptions, EXPECTED_BUCKET_OWNER, REQUEST_PAYER},
};

/// The S3 operations that this service calls.
pub const OPERATIONS: [&str; 6] =
    ["DeleteObjects", "GetObject", "GetObjectAttributes", "HeadObject", "ListObjectsV2", "PutObject"];

/// An SDK interceptor that adds the caller's headers, and counts each HTTP request, retries included.
#[derive(Clone, Debug)]
pub struct Call {
    pub(super) options: CallOptions,
    pub(super) meter: Meter,
}

impl Intercept for Call {
    fn name(&self) -> &'static str {
        "Call"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = bag.load::<Metadata>().map(Metadata::name).unwrap_or_default();
        debug_assert!(OPERATIONS.contains(&operation), "add {operation} to OPERATIONS");
        let headers = context.request_mut().headers_mut();
        if self.options.requester_pays {
            headers.insert(REQUEST_PAYER, "requester");
        }
        if let Some(owner) = &self.options.expected_bucket_owner {
            headers.try_insert(EXPECTED_BUCKET_OWNER, owner.clone())?;
        }
        Ok(())
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.meter.s3_requests.add(1);
        Ok(())
    }
}
