//! The API function's cold start: log, configuration, clients; then it serves events.

use std::process::ExitCode;

use get_object_torrent::{lambda, start};

#[tokio::main]
async fn main() -> ExitCode {
    let Some((config, sdk)) = start::configured().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(lambda::service(start::api(config, &sdk))).await)
}
