//! Cold start: from the environment to a function that can answer.

use std::{sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_s3::config::ProvideCredentials;
use tokio::time::timeout;

use crate::{
    config::{Access, Config, ConfigFaults},
    lambda::Api,
    s3::{Clients, SidecarStore, is_path_style_endpoint},
    service::GetObjectTorrent,
};

/// Lambda's credentials are at hand; a machine without any may wait for a metadata service.
const CREDENTIALS_TIMEOUT: Duration = Duration::from_secs(3);

/// The API function of `config`, with `sdk`'s region, endpoint and credentials. In `public-read` mode it
/// starts without credentials too, and then caches nothing.
///
/// # Errors
/// Every fault together: those of the configuration, no region, and in `function-role` mode no credentials.
pub async fn api(config: Result<Config, ConfigFaults>, sdk: &SdkConfig) -> Result<Api, ConfigFaults> {
    let has_credentials = has_credentials(sdk).await;
    let region = sdk.region().map(|region| region.as_ref().to_owned());
    let mut faults = config.as_ref().err().map(|faults| faults.0.clone()).unwrap_or_default();
    if region.is_none() {
        faults.push("AWS_REGION is not set: name the region of the buckets".to_owned());
    }
    let needs_role = config.as_ref().is_ok_and(|config| config.access == Access::FunctionRole);
    if needs_role && !has_credentials {
        faults.push("ACCESS is function-role, but the function has no AWS credentials".to_owned());
    }
    match (config, region) {
        (Ok(config), Some(region)) if faults.is_empty() => Ok(wired(config, region, sdk, has_credentials)),
        _ => Err(ConfigFaults(faults)),
    }
}

fn wired(config: Config, region: String, sdk: &SdkConfig, has_credentials: bool) -> Api {
    let path_style = config.endpoint.as_deref().or(sdk.endpoint_url()).is_some_and(is_path_style_endpoint);
    let clients = Clients::new(sdk, path_style);
    let sidecars = has_credentials.then(|| SidecarStore::new(clients.signed.clone(), config.sidecar.clone()));
    if sidecars.is_none() {
        tracing::warn!("the function has no AWS credentials: torrents are not cached");
    }
    let config = Arc::new(config);
    Api::new(Arc::clone(&config), GetObjectTorrent::new(config, region, clients, sidecars))
}

async fn has_credentials(sdk: &SdkConfig) -> bool {
    let Some(provider) = sdk.credentials_provider() else { return false };
    matches!(timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await, Ok(Ok(_)))
}
