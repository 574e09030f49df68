//! The API function's cold start: log, configuration, clients; then it serves events.

use std::process::ExitCode;

use get_object_torrent::{lambda, logging, start};

#[tokio::main]
async fn main() -> ExitCode {
    let (config, sdk) = match start::configured().await {
        Ok(configured) => configured,
        Err(faults) => {
            tracing::error!(faults = faults.0.join("; "), "the function does not start");
            return ExitCode::FAILURE;
        }
    };
    match lambda_runtime::run(lambda::service(start::api(config, &sdk))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}
