//! The cold start: from the environment to a function that can answer.

use std::{env, process::ExitCode, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::config::ProvideCredentials;
use tokio::time::timeout;
use tracing_subscriber::filter::Targets;

use crate::{
    api::Api,
    config::{Account, Config, ConfigFaults, TrackerConfig},
    jobs::{self, Executions, Jobs, Worker},
    logging,
    operation::GetObjectTorrent,
    s3::access::{self, Clients, is_path_style_endpoint},
    table::{Limits, Registry, Table},
    tracker::function::Tracker,
};

/// Lambda provides credentials at once. Elsewhere, the SDK may wait for a metadata service.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(3);

/// Returns what `sdk` found.
pub async fn account(sdk: &SdkConfig) -> Account {
    Account {
        region: sdk.region().map(|region| region.as_ref().to_owned()),
        has_credentials: match sdk.credentials_provider() {
            Some(provider) => matches!(timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await, Ok(Ok(_))),
            None => false,
        },
        endpoint: sdk.endpoint_url().map(str::to_owned),
    }
}

/// Reads the environment of this service and of the SDK, and starts the log. If the configuration has faults, it logs
/// all of them and returns `None`.
pub async fn configure() -> Option<(Config, SdkConfig)> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let account = account(&sdk).await;
    let config = Config::from_lookup(|name| env::var(name).ok(), account);
    start_log(config, |config| &config.log_filter).map(|config| (config, sdk))
}

/// Makes the tracker function. If the configuration has faults, it logs all of them and returns `None`.
pub async fn tracker() -> Option<Tracker> {
    let config = TrackerConfig::from_lookup(|name| env::var(name).ok());
    let config = start_log(config, |config| &config.log_filter)?;
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let table = Table::new(&sdk, config.table.clone(), Limits::TRACKER);
    Some(Tracker::new(table, &config))
}

/// Starts the log, and reports the faults of the configuration there.
fn start_log<C>(config: Result<C, ConfigFaults>, filter: impl Fn(&C) -> &Targets) -> Option<C> {
    logging::init(&config.as_ref().map(|config| filter(config).clone()).unwrap_or_default());
    let report = |faults: &ConfigFaults| tracing::error!(faults = faults.0.join("; "), "the function does not start");
    config.inspect_err(report).ok()
}

/// Returns the exit code of a function whose Lambda runtime has ended.
pub fn exit_code(ended: Result<(), lambda_runtime::Error>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}

/// How long the functions wait for others. Only tests wait for less than the default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waits {
    /// For S3.
    pub s3: access::Waits,
    /// For jobs.
    pub jobs: jobs::Waits,
}

/// Makes the API function. Without credentials, it caches nothing and starts no jobs.
pub fn api(config: Config, sdk: &SdkConfig, waits: Waits) -> Api {
    let clients = clients(&config, sdk, waits);
    if !config.has_credentials {
        tracing::warn!("the function has no AWS credentials: torrents are not cached");
    }
    let config = Arc::new(config);
    let state_machine = config.job_state_machine_arn.clone().filter(|_| config.has_credentials);
    let jobs = state_machine.map(|arn| Jobs::new(Arc::clone(&config), Executions::new(sdk, arn), waits.jobs));
    let registry = registry(&config, sdk);
    let registry = registry.map(|registry| match config.enough_speed {
        0 => registry,
        _ => registry.with_health(config.tracker_clock),
    });
    Api::new(Arc::clone(&config), GetObjectTorrent::new(config, clients).with_registry(registry), jobs)
}

/// Makes the job function. It stores its results in S3, so it needs credentials.
pub fn worker(config: Config, sdk: &SdkConfig, waits: Waits) -> Worker {
    let clients = clients(&config, sdk, waits);
    let registry = registry(&config, sdk);
    Worker::new(Arc::new(config), clients, sdk.clone()).with_registry(registry)
}

fn registry(config: &Config, sdk: &SdkConfig) -> Option<Registry> {
    let table = config.tracker_table.clone().filter(|_| config.has_credentials)?;
    Some(Registry::new(Table::new(sdk, table, Limits::REGISTRY)))
}

fn clients(config: &Config, sdk: &SdkConfig, waits: Waits) -> Clients {
    let path_style = config.endpoint.as_deref().is_some_and(is_path_style_endpoint);
    Clients::new(sdk, path_style, waits.s3)
}
