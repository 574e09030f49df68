//! A limit to what the SDK may take into memory as one answer.

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents, interceptors::BeforeDeserializationInterceptorContextRef,
    },
    error::BoxError,
};

/// Refuses an answer whose `Content-Length` is more than so many bytes, before its body is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimit(pub(super) u64);

/// An answer that was refused.
#[derive(Debug, thiserror::Error)]
#[error("an answer of {0} bytes")]
pub(super) struct TooLong(u64);

impl Intercept for BodyLimit {
    fn name(&self) -> &'static str {
        "BodyLimit"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let length = context.response().headers().get("content-length").and_then(|text| text.parse().ok());
        match length {
            Some(length) if length > self.0 => Err(TooLong(length).into()),
            _ => Ok(()),
        }
    }
}
