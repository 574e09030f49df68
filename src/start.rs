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
/// No region, or in `function-role` mode no credentials.
pub async fn api(config: Config, sdk: &SdkConfig) -> Result<Api, ConfigFaults> {
    let mut faults = Vec::new();
    let region = sdk.region().map(|region| region.as_ref().to_owned());
    if region.is_none() {
        faults.push("AWS_REGION is not set: name the region of the buckets".to_owned());
    }
    let has_credentials = has_credentials(sdk).await;
    if !has_credentials && config.access == Access::FunctionRole {
        faults.push("ACCESS is function-role, but the function has no AWS credentials".to_owned());
    }
    let Some(region) = region.filter(|_| faults.is_empty()) else {
        return Err(ConfigFaults(faults));
    };
    let path_style = config.endpoint.as_deref().or(sdk.endpoint_url()).is_some_and(is_path_style_endpoint);
    let clients = Clients::new(sdk, path_style);
    let store = || SidecarStore::new(clients.signed.clone(), config.sidecar.clone());
    let sidecars = has_credentials.then(store);
    if sidecars.is_none() {
        tracing::warn!("the function has no AWS credentials: torrents are not cached");
    }
    let config = Arc::new(config);
    let operation = GetObjectTorrent::new(Arc::clone(&config), region, clients, sidecars);
    Ok(Api::new(config, operation))
}

async fn has_credentials(sdk: &SdkConfig) -> bool {
    let Some(provider) = sdk.credentials_provider() else { return false };
    matches!(timeout(CREDENTIALS_TIMEOUT, provider.provide_credentials()).await, Ok(Ok(_)))
}
