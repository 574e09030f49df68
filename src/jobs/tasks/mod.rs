//! The tasks of the workflow's states, as one function does them: each for one object, as its input says.

mod assemble;
mod clean;
mod explain;
mod failure;
mod hash;
mod plan;

use std::sync::Arc;

use aws_config::SdkConfig;
use serde_json::Value;

pub use self::failure::TaskFailure;
pub(super) use self::plan::PlanInput;
use super::{Job, PlaceError, Target, fragments::Fragments};
use crate::{
    config::Config,
    logging::causes,
    meter::Meter,
    metrics::Metrics,
    operation::{BoundOperation, GetObjectTorrent},
    s3::{access::Clients, sidecar::SidecarStore},
    table::Registry,
};

/// The worker that does every task, with everything that outlives a task.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(super) config: Arc<Config>,
    pub(super) metrics: Metrics,
    operation: GetObjectTorrent,
    /// With this, jobs are started for events.
    pub(super) sdk: SdkConfig,
}

/// A job's object, and the job's fragments.
pub(super) struct JobObject {
    operation: BoundOperation,
    sidecars: SidecarStore,
    fragments: Fragments,
}

impl Worker {
    /// Makes the worker of `config`, with the same clients as the API function's.
    pub fn new(config: Arc<Config>, clients: Clients, sdk: SdkConfig) -> Self {
        let operation = GetObjectTorrent::new(Arc::clone(&config), clients);
        Self { config, metrics: Metrics::default(), operation, sdk }
    }

    /// Writes the metrics elsewhere than to standard output.
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { metrics, ..self }
    }

    /// Registers each torrent in `registry`, if there is a tracker.
    pub fn with_registry(self, registry: Option<Registry>) -> Self {
        Self { operation: self.operation.with_registry(registry), ..self }
    }

    /// Opens the object that a task names. `BUCKETS` applies to it as to any request.
    fn open(&self, target: &Target, meter: &Meter) -> Result<BoundOperation, TaskFailure> {
        Ok(self.operation.open(target.torrent_request(), meter)?)
    }

    pub(super) fn open_job(&self, job: &Job, meter: &Meter) -> Result<JobObject, TaskFailure> {
        Ok(self.job_object(self.open(&job.target, meter)?, job)?)
    }

    fn job_object(&self, operation: BoundOperation, job: &Job) -> Result<JobObject, PlaceError> {
        let sidecars = operation.sidecars.clone().ok_or(PlaceError::NoCredentials)?;
        let fragments = Fragments::new(sidecars.bucket.clone(), &self.config.sidecar, &job.id);
        Ok(JobObject { operation, sidecars, fragments })
    }
}

impl JobObject {
    /// Records a failure for Explain, because a map reports only that a child failed. `Incomplete` is not recorded: the
    /// failure of the task that did not hash the spans says more.
    pub(super) async fn record(&self, done: Result<(), TaskFailure>) -> Result<Value, TaskFailure> {
        if let Err(failure) = &done
            && !matches!(failure, TaskFailure::Incomplete)
        {
            let reason = to_json(&failure.reason()).to_string();
            if let Err(error) = self.fragments.put_failure(reason.as_bytes()).await {
                tracing::warn!(cause = causes(&error), "the task's failure cannot be recorded");
            }
        }
        done.map(|()| Value::Null)
    }
}

fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
