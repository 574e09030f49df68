//! The tracker as a Lambda function behind a Function URL, with its peers in a `DynamoDB` table.

mod announce;
mod answer;
mod event;
mod head;
mod item;
mod key;
mod outcome;
mod part;
mod reading;
mod table;
mod write;

use std::convert::Infallible;

use aws_config::SdkConfig;
use lambda_runtime::{LambdaEvent, Service, service_fn};
use serde_json::Value;
use tracing::Instrument;

use self::table::Table;
use crate::metrics::Metrics;

/// The tracker function.
#[derive(Clone, Debug)]
pub struct Tracker {
    table: Table,
    metrics: Metrics,
}

impl Tracker {
    /// Keeps the peers in `table`, with `sdk`'s region, endpoint and credentials.
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self { table: Table::new(sdk, table), metrics: Metrics::default() }
    }

    /// Writes the metrics elsewhere than to standard output.
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }
}

/// Makes the service that the Lambda runtime calls. Every event gets a response.
pub fn service(
    tracker: Tracker,
) -> impl Service<
    LambdaEvent<Value>,
    Response = Value,
    Error = Infallible,
    Future = impl Future<Output = Result<Value, Infallible>> + Send,
> {
    service_fn(move |event: LambdaEvent<Value>| {
        let tracker = tracker.clone();
        let LambdaEvent { payload, context } = event;
        // Every filter lets this level through, so that each line has the ID.
        let span = tracing::error_span!("tracker", request_id = context.request_id);
        async move { Ok(tracker.answer(&payload, &context).await) }.instrument(span)
    })
}
