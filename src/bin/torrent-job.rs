//! The job function's cold start: log, configuration, clients; then it does the tasks of the workflow's states.

use std::process::ExitCode;

use get_object_torrent::{job, start};

#[tokio::main]
async fn main() -> ExitCode {
    let Some((config, sdk)) = start::configured().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(job::service(start::worker(config, &sdk))).await)
}
