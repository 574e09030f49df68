//! The S3 clients, made once at cold start: one signs its requests, the other does not.

use std::{sync::Arc, time::Duration};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_s3::{
    Client,
    config::{
        Builder, RequestChecksumCalculation, ResponseChecksumValidation, StalledStreamProtectionConfig,
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryPartition, TokenBucket},
    },
};
use url::{Host, Url};

use super::{bucket_regions::BucketRegions, regional_client::RegionalClient};

/// Five attempts take about 3 s at most: short enough for API Gateway's 29 s, long enough for a burst of 503s.
const ATTEMPTS: u32 = 5;
const LARGEST_BACKOFF: Duration = Duration::from_secs(2);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long this service waits for S3.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// The first pause before a call is repeated. It grows with each failure.
    pub pause: Duration,
    /// This bounds the time until the response's first byte.
    pub first_byte: Duration,
    /// A body that brings no byte for this long is given up.
    pub stall: Duration,
    /// A page of a list must be there by then, body and all: the SDK's other timeouts end with its headers.
    pub page: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(200),
            first_byte: Duration::from_secs(6),
            stall: Duration::from_secs(5),
            page: Duration::from_secs(5),
        }
    }
}

/// The two identities that call S3.
#[derive(Clone, Debug)]
pub struct Clients {
    /// The function's own role.
    pub signed: RegionalClient,
    /// Anyone, without credentials.
    pub unsigned: RegionalClient,
}

impl Clients {
    /// Makes the clients with `sdk`'s endpoint and credentials. They start in `sdk`'s region.
    pub fn new(sdk: &SdkConfig, path_style: bool, waits: Waits) -> Self {
        let mut anyone = sdk.to_builder();
        anyone.set_credentials_provider(None);
        let anyone = anyone.build();
        let home = sdk.region().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        let (regions, waits) = (Arc::new(BucketRegions::new(home)), Arc::new(waits));
        let regional = |config: Builder| {
            RegionalClient::new(Client::from_conf(config.build()), Arc::clone(&regions), Arc::clone(&waits))
        };
        Self {
            signed: regional(client_config(sdk, path_style, &waits)),
            unsigned: regional(client_config(&anyone, path_style, &waits).allow_no_auth()),
        }
    }
}

/// Retries the statuses of busy S3-compatible servers and proxies, which the SDK itself does not retry.
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

fn client_config(sdk: &SdkConfig, path_style: bool, waits: &Waits) -> Builder {
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(waits.pause)
        .with_max_backoff(LARGEST_BACKOFF);
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(waits.first_byte).build();
    Builder::from(sdk)
        .force_path_style(path_style)
        .retry_config(retries)
        // The SDK's retry quota is shared by the process and does not refill over time, so one outage would leave none
        // for later requests. Here, the number of attempts and the time budget limit retries.
        .retry_partition(RetryPartition::custom("get-object-torrent").token_bucket(TokenBucket::unlimited()).build())
        .retry_classifier(BusyStatus)
        .timeout_config(timeouts)
        // Ranged reads detect stalls themselves, and resume at the missing byte.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        // A ranged GET has no checksum of its own, and the info hash checks a sidecar.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
}

/// Returns whether `endpoint` cannot have virtual hosts, because its host is an IP address or `localhost`.
pub fn is_path_style_endpoint(endpoint: &str) -> bool {
    match Url::parse(endpoint).ok().as_ref().and_then(Url::host) {
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_path_style_endpoint;

    #[test]
    fn addresses_and_localhost_are_path_style() {
        for endpoint in ["http://127.0.0.1:8333", "http://[::1]:80/", "https://localhost", "http://10.1.2.3"] {
            assert!(is_path_style_endpoint(endpoint), "{endpoint}");
        }
        for endpoint in ["https://s3.eu-west-1.amazonaws.com", "http://localhost.example", "nonsense"] {
            assert!(!is_path_style_endpoint(endpoint), "{endpoint}");
        }
    }
}
