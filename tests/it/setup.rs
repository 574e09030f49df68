//! The functions as production starts them, with what a test wants of them.

use std::{borrow::Cow, sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use get_object_torrent::{
    config::{Config, ConfigFaults},
    jobs::{self, Worker},
    metrics::Metrics,
    s3::access,
    start::{self, Waits},
};
use test_s3::{FakeS3, Identity};

use super::{
    fake_table::{FakeTable, TABLE},
    fake_workflow::{ARN, FakeWorkflow},
    harness::Function,
};

/// Retries follow at once. Nothing here waits for the time until a first byte.
const WAITS: Waits = Waits {
    s3: access::Waits {
        pause: Duration::from_millis(2),
        first_byte: Duration::from_secs(6),
        stall: Duration::from_secs(1),
        page: Duration::from_secs(2),
    },
    // With `TIME_BUDGET_MS=3000`, callers of a job that does not end are answered at once.
    jobs: jobs::Waits {
        sidecar: Duration::from_millis(50),
        execution: Duration::from_millis(100),
        describe: Duration::from_millis(300),
        count: Duration::from_millis(2_900),
    },
};

/// A function that is not started yet. It has the role's credentials, and `BUCKETS` is `data`, unless told otherwise.
#[must_use]
pub(crate) struct Setup<'a> {
    s3: &'a FakeS3,
    is_at_aws: bool,
    identity: Option<Identity>,
    variables: Vec<(&'a str, Cow<'a, str>)>,
    endpoints: Endpoints,
    metrics: Option<Metrics>,
}

/// Where each service of AWS is, as `AWS_ENDPOINT_URL_SFN` and others tell the SDK.
#[derive(Clone, Debug, Default)]
struct Endpoints(Vec<(&'static str, String)>);

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let endpoint = self.0.iter().find(|(service, _)| *service == key.service_id())?;
        (key.env() == "AWS_ENDPOINT_URL").then(|| endpoint.1.clone())
    }
}

impl<'a> Setup<'a> {
    pub(crate) fn new(s3: &'a FakeS3) -> Self {
        let (variables, endpoints) = (Vec::new(), Endpoints::default());
        Self { s3, is_at_aws: false, identity: Some(Identity::role()), variables, endpoints, metrics: None }
    }

    pub(crate) fn set(mut self, name: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    pub(crate) fn set_all(mut self, variables: &[(&'a str, &'a str)]) -> Self {
        self.variables.extend(variables.iter().map(|(name, value)| (*name, Cow::from(*value))));
        self
    }

    pub(crate) fn identity(self, identity: Option<Identity>) -> Self {
        Self { identity, ..self }
    }

    /// In us-east-1, and S3 is where AWS has it: no endpoint is configured, and S3's names lead to the server.
    pub(crate) fn at_aws(self) -> Self {
        Self { is_at_aws: true, ..self }
    }

    /// Objects over `INLINE_MAX_SIZE` go to the jobs of `workflow`.
    pub(crate) fn workflow(mut self, workflow: &FakeWorkflow) -> Self {
        self.endpoints.0.push(("SFN", workflow.endpoint().to_owned()));
        self.set("JOB_STATE_MACHINE_ARN", ARN)
    }

    /// Torrents are registered in `table`.
    pub(crate) fn table(mut self, table: &FakeTable) -> Self {
        self.endpoints.0.push(("DynamoDB", table.endpoint().to_owned()));
        self.set("TRACKER_URL", "https://tracker.example/announce").set("TRACKER_TABLE", TABLE)
    }

    /// CloudWatch reads the log.
    pub(crate) fn on_lambda(self, metrics: Metrics) -> Self {
        Self { metrics: Some(metrics), ..self }
    }

    pub(crate) async fn function(self) -> Function {
        self.try_function().await.expect("a function that starts")
    }

    pub(crate) async fn try_function(self) -> Result<Function, ConfigFaults> {
        let (config, sdk) = self.configure().await?;
        let api = start::api(config, &sdk, WAITS);
        let Some(metrics) = self.metrics else { return Ok(Function::new(api, Arc::default())) };
        Ok(Function::new(api.with_metrics(metrics), on_lambda()))
    }

    pub(crate) async fn worker(self) -> Worker {
        let (config, sdk) = self.configure().await.expect("a worker that starts");
        let worker = start::worker(config, &sdk, WAITS);
        self.metrics.map_or(worker.clone(), |metrics| worker.with_metrics(metrics))
    }

    async fn configure(&self) -> Result<(Config, SdkConfig), ConfigFaults> {
        super::log::listen();
        let mut endpoints = self.endpoints.clone();
        let mut sdk = sdk_of(self.identity.as_ref()).into_builder();
        if self.is_at_aws {
            sdk = sdk.http_client(self.s3.as_aws());
        } else {
            endpoints.0.push(("S3", self.s3.endpoint()));
        }
        let sdk = sdk.service_config(endpoints).build();
        let config = Config::from_lookup(|name| self.variable(name), start::account(&sdk).await)?;
        Ok((config, sdk))
    }

    /// The last one counts.
    fn variable(&self, name: &str) -> Option<String> {
        let given = self.variables.iter().rev().find(|(variable, _)| *variable == name);
        let others = || match name {
            "BUCKETS" => Some("data".to_owned()),
            // A busy machine may need more than the default.
            "TIME_BUDGET_MS" if self.endpoints.0.is_empty() => Some("300000".to_owned()),
            "AWS_ENDPOINT_URL_S3" if !self.is_at_aws => Some(self.s3.endpoint()),
            _ => None,
        };
        given.map(|(_, value)| value.clone().into_owned()).or_else(others)
    }
}

/// What Lambda tells a function of itself, as far as it is used.
pub(crate) fn on_lambda() -> Arc<lambda_runtime::Config> {
    let (function_name, log_group) = ("torrents".to_owned(), "/aws/lambda/torrents".to_owned());
    Arc::new(lambda_runtime::Config { function_name, log_group, ..Default::default() })
}

/// All services are at `endpoint`.
pub(crate) fn sdk(endpoint: &str, identity: Option<&Identity>) -> SdkConfig {
    sdk_of(identity).into_builder().endpoint_url(endpoint).build()
}

fn sdk_of(identity: Option<&Identity>) -> SdkConfig {
    let credentials = identity.map(|identity| {
        let Identity { access_key, secret_key, session_token } = identity.clone();
        SharedCredentialsProvider::new(Credentials::new(access_key, secret_key, session_token, None, "test"))
    });
    let mut sdk = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1"));
    sdk.set_credentials_provider(credentials);
    sdk.build()
}
