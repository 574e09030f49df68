//! The API function's cold start: log, configuration, clients; then it serves events.

use std::{env, process::ExitCode};

use aws_config::BehaviorVersion;
use get_object_torrent::{
    config::{Config, ConfigFaults},
    lambda::{self, Api},
    logging, start,
};

#[tokio::main]
async fn main() -> ExitCode {
    let api = match api().await {
        Ok(api) => api,
        Err(faults) => {
            tracing::error!(faults = faults.0.join("; "), "the function does not start");
            return ExitCode::FAILURE;
        }
    };
    match lambda_runtime::run(lambda::service(api)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// The log comes first, with its default filter where the configuration has faults to tell.
async fn api() -> Result<Api, ConfigFaults> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let account = start::account(&sdk).await;
    let config = Config::from_lookup(|name| env::var(name).ok(), account);
    logging::init(&config.as_ref().map(|config| config.log_filter.clone()).unwrap_or_default());
    Ok(start::api(config?, &sdk))
}
