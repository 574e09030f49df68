//! The job function's cold start: log, configuration, clients; then it does the tasks of the workflow's states.

use std::{env, process::ExitCode};

use aws_config::BehaviorVersion;
use get_object_torrent::{
    config::{Config, ConfigFaults},
    job::{self, Worker},
    logging, start,
};

#[tokio::main]
async fn main() -> ExitCode {
    let worker = match worker().await {
        Ok(worker) => worker,
        Err(faults) => {
            tracing::error!(faults = faults.0.join("; "), "the function does not start");
            return ExitCode::FAILURE;
        }
    };
    match lambda_runtime::run(job::service(worker)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// The log comes first, with its default filter where the configuration has faults to tell.
async fn worker() -> Result<Worker, ConfigFaults> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let account = start::account(&sdk).await;
    let config = Config::from_lookup(|name| env::var(name).ok(), account);
    logging::init(&config.as_ref().map(|config| config.log_filter.clone()).unwrap_or_default());
    Ok(start::worker(config?, &sdk))
}
