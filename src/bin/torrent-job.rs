//! The job function's cold start: log, configuration, clients. Then it does the tasks of the workflow's states.

use std::process::ExitCode;

use get_object_torrent::{
    jobs,
    start::{self, Waits},
};

#[tokio::main]
async fn main() -> ExitCode {
    let Some((config, sdk)) = start::configure().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(jobs::service(start::worker(config, &sdk, Waits::default()))).await)
}
