//! The real SDK, pointed at the test S3.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Builder, Credentials, Region};

use super::auth::Identity;

/// Settings that make the SDK talk to the endpoint, signed by the identity or not at all. It does not retry,
/// so that a test sees each answer; set another `retry_config` where that is wanted.
pub(super) fn config(endpoint: &str, identity: Option<&Identity>) -> Builder {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled());
    match identity {
        None => config.allow_no_auth(),
        Some(identity) => config.credentials_provider(Credentials::new(
            &identity.access_key,
            &identity.secret_key,
            identity.session_token.clone(),
            None,
            "test S3",
        )),
    }
}

pub(super) fn client(endpoint: &str, identity: Option<&Identity>) -> Client {
    Client::from_conf(config(endpoint, identity).build())
}
