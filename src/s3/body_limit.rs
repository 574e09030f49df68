//! A limit on how much of an answer the SDK reads into memory.

use aws_sdk_s3::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::{BeforeDeserializationInterceptorContextMut, BeforeDeserializationInterceptorContextRef},
    },
    error::BoxError,
    primitives::SdkBody,
};
use http_body_util::Limited;

/// Refuses an answer of more than this many bytes: at once if `Content-Length` says so, or else as soon as the body is
/// too long. The SDK retries only the latter.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimit(pub(super) usize);

/// The answer is longer than the limit.
#[derive(Debug, thiserror::Error)]
#[error("an answer of {0} bytes is too long")]
pub(super) struct TooLong(usize);

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

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, self.0));
        Ok(())
    }
}
