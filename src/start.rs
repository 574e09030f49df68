//! The cold start: from the environment to a function that can answer.

use std::{env, process::ExitCode, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::ProvideCredentials;
use tokio::time::timeout;

use crate::{
    api::Api,
    config::{Account, Config, ConfigFaults, TrackerConfig},
    jobs::{Executions, Jobs, Worker},
    logging,
    operation::GetObjectTorrent,
    s3::access::{Clients, is_path_style_endpoint},
    table::{Limits, Registry, Table},
    tracker::function::Tracker,
};

/// Lambda's credentials are there at once. A machine without any may wait for a metadata service.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns what `sdk` found by itself.
pub async fn account(sdk: &SdkConfig) -> Account {
    Account {
        region: sdk.region().map(|region| region.as_ref().to_owned()),
        has_credentials: has_credentials(sdk).await,
        endpoint: sdk.endpoint_url().map(str::to_owned),
    }
}

/// Reads the environment of this service and of the SDK, and starts the log. Where the configuration has faults, it logs
/// all of them and returns `None`.
pub async fn configure() -> Option<(Config, SdkConfig)> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let account = account(&sdk).await;
    let config = Config::from_lookup(|name| env::var(name).ok(), account);
    logging::init(&config.as_ref().map(|config| config.log_filter.clone()).unwrap_or_default());
    match config {
        Ok(config) => Some((config, sdk)),
        Err(faults) => report(&faults),
    }
}

/// Makes the tracker function. Where the configuration has faults, this logs all of them and returns `None`.
pub async fn tracker() -> Option<Tracker> {
    let config = TrackerConfig::from_lookup(|name| env::var(name).ok());
    logging::init(&config.as_ref().map(|config| config.log_filter.clone()).unwrap_or_default());
    match config {
        Ok(config) => {
            let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
            Some(Tracker::new(Table::new(&sdk, config.table, Limits::TRACKER)))
        }
        Err(faults) => report(&faults),
    }
}

fn report<T>(faults: &ConfigFaults) -> Option<T> {
    tracing::error!(faults = faults.0.join("; "), "the function does not start");
    None
}

/// Returns how a function's process ends when the Lambda runtime has ended.
pub fn exit_code(ended: Result<(), lambda_runtime::Error>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// Makes the API function of `config`, with `sdk`'s region, endpoint and credentials. Without credentials, it caches
/// nothing and starts no jobs.
pub fn api(config: Config, sdk: &SdkConfig) -> Api {
    let clients = clients(&config, sdk);
    if !config.has_credentials {
        tracing::warn!("the function has no AWS credentials: torrents are not cached");
    }
    let config = Arc::new(config);
    let state_machine = config.job_state_machine_arn.clone().filter(|_| config.has_credentials);
    let jobs = state_machine.map(|arn| Jobs::new(Arc::clone(&config), Executions::new(sdk, arn)));
    let registry = registry(&config, sdk);
    Api::new(Arc::clone(&config), GetObjectTorrent::new(config, clients).with_registry(registry), jobs)
}

/// Makes the job function of `config`. It keeps its results in S3, so it needs credentials.
pub fn worker(config: Config, sdk: &SdkConfig) -> Worker {
    let clients = clients(&config, sdk);
    let registry = registry(&config, sdk);
    Worker::new(Arc::new(config), clients, sdk.clone()).with_registry(registry)
}

fn registry(config: &Config, sdk: &SdkConfig) -> Option<Registry> {
    let table = config.tracker_table.clone().filter(|_| config.has_credentials)?;
    Some(Registry::new(Table::new(sdk, table, Limits::REGISTRY)))
}

fn clients(config: &Config, sdk: &SdkConfig) -> Clients {
    let path_style = config.endpoint.as_deref().is_some_and(is_path_style_endpoint);
    Clients::new(sdk, path_style)
}

async fn has_credentials(sdk: &SdkConfig) -> bool {
    let Some(provider) = sdk.credentials_provider() else { return false };
    matches!(timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await, Ok(Ok(_)))
}
