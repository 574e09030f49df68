//! Refusals and failures of Step Functions.

use aws_sdk_sfn::{
    config::http::HttpResponse,
    error::{BoxError, ProvideErrorMetadata, SdkError},
};

/// Why Step Functions did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// Step Functions throttles, fails or is out of reach, after retries.
    #[error("Step Functions is unavailable")]
    Unavailable(#[source] BoxError),
    /// The state machine does not exist, the role may not use it, or the code is unknown here.
    #[error("Step Functions refuses the call")]
    Refused(#[source] BoxError),
}

/// Makes this service's error of the SDK's.
pub(super) fn classify<E>(error: SdkError<E, HttpResponse>) -> WorkflowError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some(status) = error.raw_response().map(|response| response.status().as_u16()) else {
        return match error {
            SdkError::ConstructionFailure(_) => WorkflowError::Refused(error.into()),
            _ => WorkflowError::Unavailable(error.into()),
        };
    };
    let code = error.code().unwrap_or_default();
    let may_pass = status >= 500 || status == 429 || code.contains("Throttl") || code.contains("LimitExceeded");
    if may_pass { WorkflowError::Unavailable(error.into()) } else { WorkflowError::Refused(error.into()) }
}
