//! The tracker function's cold start: log, configuration, client. Then it answers announces and scrapes.

use std::process::ExitCode;

use get_object_torrent::{start, tracker::function};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(tracker) = start::tracker().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(function::service(tracker)).await)
}
