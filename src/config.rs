//! Configuration: the environment variables, which are read once at start into a [`Config`]. All faults are reported
//! together. The variables come through a lookup function, so that tests set none of the process's own.

mod parse;
mod variables;

use tracing_subscriber::filter::Targets;

use self::parse::Environment;
pub use self::variables::{Number, VARIABLES, Values, Variable};
use crate::{
    object::{BucketName, SidecarLocation},
    torrent::{PieceLength, WebSeedTemplate},
    tracker::Clock,
};

/// How a caller shows READ access to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// An unsigned request to S3 must succeed. Objects are read unsigned too.
    PublicRead,
    /// The function's own role must be able to read the object. The API then needs an authorizer.
    FunctionRole,
}

/// What the SDK found by itself, against which the configuration is checked.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// The region, from `AWS_REGION` or the profile.
    pub region: Option<String>,
    /// Whether there are credentials to sign with.
    pub has_credentials: bool,
    /// The endpoint, from `AWS_ENDPOINT_URL` or the profile.
    pub endpoint: Option<String>,
}

/// The checked configuration. README describes the variable of each field.
#[derive(Clone, Debug)]
pub struct Config {
    /// The region of the function and of its jobs.
    pub region: String,
    /// Whether there are credentials to sign with. Without them, nothing is cached.
    pub has_credentials: bool,
    /// The buckets that are served.
    pub buckets: Vec<BucketName>,
    /// How a caller shows READ access.
    pub access: Access,
    /// Where torrents are stored.
    pub sidecar: SidecarLocation,
    /// Announce URLs, in order. The stack's own tracker is the first.
    pub trackers: Vec<String>,
    /// The table of the stack's own tracker, where torrents are registered.
    pub tracker_table: Option<String>,
    /// How fast a download must be without web seeds, in bytes a second. 0 means that torrents always have them.
    pub enough_speed: u64,
    /// The clock of that tracker.
    pub tracker_clock: Clock,
    /// Web seed templates, in order.
    pub web_seeds: Vec<WebSeedTemplate>,
    /// A fixed piece length. `None` means that the object's size decides.
    pub piece_length: Option<PieceLength>,
    /// The largest object served, in bytes.
    pub max_object_size: u64,
    /// Whether a key that ends in `/` may name a prefix.
    pub collections: bool,
    /// The most objects that a collection may have.
    pub max_collection_objects: usize,
    /// How many ranged GETs run side by side.
    pub fetch_concurrency: usize,
    /// How many bytes a ranged GET asks for, before that is rounded up to whole pieces.
    pub range_size: u64,
    /// After this many milliseconds, a request is answered 503.
    pub time_budget_ms: u64,
    /// Objects over this many bytes go to a job, if there are jobs.
    pub inline_max_size: u64,
    /// Collections of more objects go to a job, if there are jobs.
    pub inline_max_objects: usize,
    /// The state machine of jobs.
    pub job_state_machine_arn: Option<String>,
    /// How many bytes of an object one child of a job hashes. 0 means that the object's size decides.
    pub span_size: u64,
    /// How many children of one job run side by side.
    pub job_concurrency: u64,
    /// The domain below which `{bucket}.domain` addresses a bucket, in lower case.
    pub virtual_host_domain: Option<String>,
    /// What precedes the bucket in a path, such as `v1`, if the event does not say.
    pub base_path: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, or else the endpoint that the SDK found. Its host decides on path style, and presigned
    /// URLs must name it.
    pub endpoint: Option<String>,
    /// Which lines of this service's own log are written.
    pub log_filter: Targets,
}

/// The checked configuration of the tracker function.
#[derive(Clone, Debug)]
pub struct TrackerConfig {
    /// The table of peers.
    pub table: String,
    /// How fast a download must be without web seeds, in bytes a second. 0 means that torrents always have them.
    pub enough_speed: u64,
    /// The tracker's clock.
    pub clock: Clock,
    /// Whether the tracker connects to seeders at any address. Otherwise it connects only to those of the internet.
    pub checks_any_address: bool,
    /// Which lines of this service's own log are written.
    pub log_filter: Targets,
}

/// All faults of the environment, one line each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration has {} fault(s): {}", .0.len(), .0.join("; "))]
pub struct ConfigFaults(pub Vec<String>);

impl Config {
    /// Reads the variables through `lookup`. An empty variable counts as not set, except `SIDECAR_SUFFIX`, which may be
    /// empty. The error has every fault, with its variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>, account: Account) -> Result<Self, ConfigFaults> {
        let mut reader = Environment::new(&lookup);
        let config = Self {
            region: reader.region(account.region),
            has_credentials: account.has_credentials,
            buckets: reader.buckets(),
            access: reader.access(account.has_credentials),
            sidecar: reader.sidecar(),
            trackers: reader.trackers(),
            tracker_table: reader.tracker_table(),
            enough_speed: reader.enough_speed(),
            tracker_clock: reader.clock(),
            web_seeds: reader.web_seeds(),
            piece_length: reader.piece_length(),
            max_object_size: reader.number(&variables::MAX_OBJECT_SIZE),
            collections: reader.switch("COLLECTIONS", true),
            max_collection_objects: reader.count(&variables::MAX_COLLECTION_OBJECTS),
            fetch_concurrency: reader.count(&variables::FETCH_CONCURRENCY),
            range_size: reader.number(&variables::RANGE_SIZE),
            time_budget_ms: reader.number(&variables::TIME_BUDGET_MS),
            inline_max_size: reader.number(&variables::INLINE_MAX_SIZE),
            inline_max_objects: reader.count(&variables::INLINE_MAX_OBJECTS),
            job_state_machine_arn: reader.state_machine_arn(),
            span_size: reader.number(&variables::SPAN_SIZE),
            job_concurrency: reader.number(&variables::JOB_CONCURRENCY),
            virtual_host_domain: reader.virtual_host_domain(),
            base_path: reader.base_path(),
            endpoint: reader.endpoint().or(account.endpoint),
            log_filter: reader.log_filter(),
        };
        reader.finish(config)
    }
}

impl TrackerConfig {
    /// Reads the variables through `lookup`.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut reader = Environment::new(&lookup);
        let config = Self {
            table: reader.required_table(),
            enough_speed: reader.number(&variables::ENOUGH_SPEED),
            clock: reader.clock(),
            checks_any_address: reader.switch("TRACKER_CHECKS_ANY_ADDRESS", false),
            log_filter: reader.log_filter(),
        };
        reader.finish(config)
    }
}

#[cfg(test)]
mod tests;
