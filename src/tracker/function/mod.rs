//! The tracker as a Lambda function behind a Function URL, with its peers in a DynamoDB table.

use std::convert::Infallible;

use aws_config::SdkConfig;
use lambda_runtime::{LambdaEvent, Service, service_fn};
use serde_json::{Value, json};

/// The tracker function.
#[derive(Clone, Debug)]
pub struct Tracker {}

impl Tracker {
    /// Keeps the peers in `table`, with `sdk`'s region, endpoint and credentials.
    pub fn new(_sdk: &SdkConfig, _table: String) -> Self {
        Self {}
    }
}

/// Makes the service that the Lambda runtime calls.
pub fn service(
    _tracker: Tracker,
) -> impl Service<
    LambdaEvent<Value>,
    Response = Value,
    Error = Infallible,
    Future = impl Future<Output = Result<Value, Infallible>> + Send,
> {
    service_fn(|_event: LambdaEvent<Value>| async { Ok(json!({"statusCode": 404})) })
}
