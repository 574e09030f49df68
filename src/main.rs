//! The API function's cold start: log, configuration, clients. Then it serves events.
//!
//! With `--contract`, it prints its contract as JSON instead.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use get_object_torrent::{
    api,
    contract::contract,
    start::{self, Waits},
};

#[tokio::main]
async fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("--contract") {
        let printed = writeln!(io::stdout(), "{}", contract());
        return printed.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS);
    }
    let Some((config, sdk)) = start::configure().await else { return ExitCode::FAILURE };
    start::exit_code(lambda_runtime::run(api::service(start::api(config, &sdk, Waits::default()))).await)
}
