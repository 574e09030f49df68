//! Configuration: environment variables, read once at start into a [`Config`]. All faults are
//! reported together. Takes a lookup function, so that tests set no process variables.

mod parse;
mod variables;

use std::fmt;

use tracing_subscriber::filter::Targets;

use self::parse::Reader;
pub use self::variables::VARIABLES;
use crate::{
    object::{BucketName, SidecarLocation},
    torrent::{PieceLength, WebSeedTemplate},
};

/// How READ access to an object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// By an unsigned request to S3; objects are read unsigned too.
    PublicRead,
    /// By the function's own role; the API needs a gate of its own.
    FunctionRole,
}

/// What the SDK found by itself, and the configuration is checked against.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// `AWS_REGION`, or the profile's.
    pub region: Option<String>,
    /// Whether there are credentials to sign with.
    pub has_credentials: bool,
    /// `AWS_ENDPOINT_URL`, or the profile's.
    pub endpoint: Option<String>,
}

/// The checked configuration. Field by field the variables of `docs/OPERATIONS.md`.
#[derive(Clone, Debug)]
pub struct Config {
    /// The function's, and its job's.
    pub region: String,
    /// Whether there are credentials to sign with; without, nothing is cached.
    pub has_credentials: bool,
    /// The buckets that are served.
    pub buckets: Vec<BucketName>,
    /// Who may ask.
    pub access: Access,
    /// Where torrents are kept.
    pub sidecar: SidecarLocation,
    /// Announce URLs, in order.
    pub trackers: Vec<String>,
    /// Web seed templates, in order.
    pub web_seeds: Vec<WebSeedTemplate>,
    /// A fixed piece length; by the object's size where it is `None`.
    pub piece_length: Option<PieceLength>,
    /// The largest object served, in bytes.
    pub max_object_size: u64,
    /// How many ranged GETs run side by side.
    pub fetch_concurrency: usize,
    /// Bytes a ranged GET asks for, before it is rounded up to whole pieces.
    pub range_size: u64,
    /// Milliseconds after which a request is answered 503.
    pub time_budget_ms: u64,
    /// Objects over this many bytes go to the job, where there is one.
    pub inline_max_size: u64,
    /// The state machine of the job.
    pub job_state_machine_arn: Option<String>,
    /// Bytes of an object that one child of the job hashes; 0 for as many as suit the object's size.
    pub span_size: u64,
    /// How many children of one job run side by side.
    pub job_concurrency: u64,
    /// The domain below which `{bucket}.domain` addresses a bucket, in lower case.
    pub virtual_host_domain: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, which the SDK reads too, or what it found for all services: its host decides on path style,
    /// and presigned URLs are held to it.
    pub endpoint: Option<String>,
    /// What of this service's own log is written.
    pub log_filter: Targets,
}

/// All that is wrong with the environment, one line a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<String>);

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration has {} fault(s): {}", self.0.len(), self.0.join("; "))
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    /// Reads the variables through `lookup`, beside what the SDK found of the account. A variable that is empty counts as not set, but for
    /// `SIDECAR_SUFFIX`, where empty is a value.
    ///
    /// # Errors
    /// Every fault found, each naming its variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>, account: Account) -> Result<Self, ConfigFaults> {
        let mut reader = Reader::new(&lookup);
        let config = Self {
            region: reader.region(account.region),
            has_credentials: account.has_credentials,
            buckets: reader.buckets(),
            access: reader.access(account.has_credentials),
            sidecar: reader.sidecar(),
            trackers: reader.trackers(),
            web_seeds: reader.web_seeds(),
            piece_length: reader.piece_length(),
            max_object_size: reader.number(&variables::MAX_OBJECT_SIZE),
            fetch_concurrency: usize::try_from(reader.number(&variables::FETCH_CONCURRENCY)).unwrap_or(1),
            range_size: reader.number(&variables::RANGE_SIZE),
            time_budget_ms: reader.number(&variables::TIME_BUDGET_MS),
            inline_max_size: reader.number(&variables::INLINE_MAX_SIZE),
            job_state_machine_arn: reader.state_machine_arn(),
            span_size: reader.number(&variables::SPAN_SIZE),
            job_concurrency: reader.number(&variables::JOB_CONCURRENCY),
            virtual_host_domain: reader.virtual_host_domain(),
            endpoint: reader.endpoint().or(account.endpoint),
            log_filter: reader.log_filter(),
        };
        reader.finish(config)
    }
}

#[cfg(test)]
mod tests;
