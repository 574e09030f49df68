//! S3 clients, made once at cold start: the signed one, and one that signs nothing.

use std::{sync::Arc, time::Duration};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryPartition, TokenBucket},
    },
    types::RequestPayer,
};
use url::{Host, Url};

use super::{bucket_regions::BucketRegions, regional_client::RegionalClient};
use crate::object::{BucketName, CallOptions};

/// Five tries in some 3 s at most: short enough for API Gateway's 29 s, long enough for a burst of 503.
const ATTEMPTS: u32 = 5;
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LARGEST_BACKOFF: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Until the response's first byte.
const READ_TIMEOUT: Duration = Duration::from_secs(6);

/// The two ways this service speaks to S3.
#[derive(Clone, Debug)]
pub struct Clients {
    /// With the function's own credentials.
    pub signed: RegionalClient,
    /// As anyone.
    pub unsigned: RegionalClient,
}

impl Clients {
    /// Clients of `sdk`'s region, to begin with, and its endpoint and credentials.
    #[must_use]
    pub fn new(sdk: &SdkConfig, path_style: bool) -> Self {
        let mut anyone = sdk.to_builder();
        anyone.set_credentials_provider(None);
        let anyone = anyone.build();
        let home = sdk.region().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        let regions = Arc::new(BucketRegions::new(home));
        let regional =
            |config: Builder| RegionalClient::new(Client::from_conf(config.build()), Arc::clone(&regions));
        Self {
            signed: regional(tuned(sdk, path_style)),
            unsigned: regional(tuned(&anyone, path_style).allow_no_auth()),
        }
    }

    /// Where `bucket` is, as far as S3 has told; else the function's own region.
    #[must_use]
    pub fn region_of(&self, bucket: &BucketName) -> String {
        self.signed.region_of(bucket)
    }
}

/// Statuses that S3-compatible servers and proxies send when they are busy, and that the SDK does not retry.
#[derive(Debug)]
struct BusyStatus;

impl ClassifyRetry for BusyStatus {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.response().map(|response| response.status().as_u16()) {
            Some(408 | 429) => RetryAction::throttling_error(),
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "busy status"
    }
}

fn tuned(sdk: &SdkConfig, path_style: bool) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LARGEST_BACKOFF);
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    Builder::from(sdk)
        .force_path_style(path_style)
        .retry_config(retries)
        // The SDK's own stock of retries is shared by the process and is not refilled by time: one outage would
        // leave every later request without any. Attempts and the time budget bound them here.
        .retry_partition(
            RetryPartition::custom("get-object-torrent").token_bucket(TokenBucket::unlimited()).build(),
        )
        .retry_classifier(BusyStatus)
        .timeout_config(timeouts)
        // Ranged reads watch for stalls themselves, where they can go on from the byte they have.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // A ranged GET has no checksum of its own, and a sidecar is checked by its info hash.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
}

/// Whether `endpoint` can have no bucket name before its host: an IP address or `localhost`.
#[must_use]
pub fn is_path_style_endpoint(endpoint: &str) -> bool {
    match Url::parse(endpoint).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

/// Who pays, as the caller said.
pub(super) fn request_payer(options: &CallOptions) -> Option<RequestPayer> {
    options.requester_pays.then_some(RequestPayer::Requester)
}

#[cfg(test)]
mod tests {
    use super::is_path_style_endpoint;

    #[test]
    fn addresses_and_localhost_are_path_style() {
        for endpoint in ["http://127.0.0.1:8333", "http://[::1]:80/", "https://localhost", "http://10.1.2.3"]
        {
            assert!(is_path_style_endpoint(endpoint), "{endpoint}");
        }
        for endpoint in ["https://s3.eu-west-1.amazonaws.com", "http://localhost.example", "nonsense"] {
            assert!(!is_path_style_endpoint(endpoint), "{endpoint}");
        }
    }
}
