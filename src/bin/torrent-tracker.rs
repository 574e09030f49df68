//! The tracker function's cold start: log, configuration, client. Then it answers announces and scrapes.

use std::process::ExitCode;

use get_object_torrent::start;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(tracker) = start::tracker().await else { return ExitCode::FAILURE };
    let handler = service_fn(move |event: LambdaEvent<Value>| tracker.clone().handle(event));
    start::exit_code(lambda_runtime::run(handler).await)
}
