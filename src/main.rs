//! The API function's cold start: log, configuration, clients. Then it serves events.

use std::process::ExitCode;

use get_object_torrent::{
    api,
    start::{self, Waits},
};

#[tokio::main]
async fn main() -> ExitCode {
    let Some((config, sdk)) = start::configure().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(api::service(start::api(config, &sdk, Waits::default()))).await)
}
