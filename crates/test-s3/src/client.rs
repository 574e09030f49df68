//! The real SDK, pointed at the test S3.

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
};

use crate::auth::Identity;

/// Makes an SDK client of the endpoint, which signs as the identity if there is one. It does not retry, so a test sees
/// each answer.
pub(super) fn client(endpoint: &str, identity: Option<&Identity>) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .region(Region::new("us-east-1"))
        .retry_config(RetryConfig::disabled());
    let config = match identity {
        None => config.allow_no_auth(),
        Some(identity) => config.credentials_provider(Credentials::new(
            &identity.access_key,
            &identity.secret_key,
            identity.session_token.clone(),
            None,
            "test S3",
        )),
    };
    Client::from_conf(config.build())
}
