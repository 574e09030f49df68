//! Why Step Functions did not do what was asked.

use aws_sdk_sfn::{
    config::http::HttpResponse,
    error::{BoxError, ProvideErrorMetadata, SdkError},
};

/// Why Step Functions did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Throttled, failing or out of reach, after retries.
    #[error("Step Functions is unavailable")]
    Unavailable(#[source] BoxError),
    /// The state machine is not there, the role may not use it, or a code not known here.
    #[error("Step Functions refuses")]
    Refused(#[source] BoxError),
}

/// The SDK's error as ours.
pub(super) fn classify<E>(error: SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some(status) = error.raw_response().map(|response| response.status().as_u16()) else {
        return match error {
            SdkError::ConstructionFailure(_) => Error::Refused(error.into()),
            _ => Error::Unavailable(error.into()),
        };
    };
    let code = error.code().unwrap_or_default();
    let passing =
        status >= 500 || status == 429 || code.contains("Throttl") || code.contains("LimitExceeded");
    if passing { Error::Unavailable(error.into()) } else { Error::Refused(error.into()) }
}
