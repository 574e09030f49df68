//! The function behind all states of the workflow, with everything that outlives a task.

use std::sync::Arc;

use aws_config::SdkConfig;
use serde_json::Value;

use super::{Task, TaskFailure};
use crate::{
    config::Config,
    jobs::{Job, PlaceError, Target, fragments::Fragments},
    logging::causes,
    meter::Meter,
    metrics::Metrics,
    operation::{BoundOperation, GetObjectTorrent},
    s3::access::Clients,
    table::Registry,
};

/// The worker that does every task.
#[derive(Clone, Debug)]
pub struct Worker {
    pub(super) config: Arc<Config>,
    pub(super) metrics: Metrics,
    operation: GetObjectTorrent,
    /// With this, Plan starts the jobs of events.
    pub(super) sdk: SdkConfig,
}

/// A job's object, and the fragments that the job has of it.
pub(super) struct JobObject {
    pub(super) torrent: BoundOperation,
    pub(super) fragments: Fragments,
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

    /// Registers each torrent in `registry`, where there is a tracker.
    pub fn with_registry(self, registry: Option<Registry>) -> Self {
        Self { operation: self.operation.with_registry(registry), ..self }
    }

    /// Does `task`, and returns what the workflow is told. `meter` counts what it took.
    pub async fn run(&self, task: Task, meter: &Meter) -> Result<Value, TaskFailure> {
        match task {
            Task::Plan { input, state_machine } => {
                // Boxed, since it is much larger than the other tasks.
                let plan = Box::pin(self.plan(input, state_machine, meter)).await?;
                Ok(to_json(&plan))
            }
            Task::Hash { job, span } => {
                let object = self.open_job(&job, meter)?;
                record(object.hash(&job, &span).await, &object.fragments).await
            }
            Task::Assemble { job } => {
                let object = self.open_job(&job, meter)?;
                record(object.assemble(&job).await, &object.fragments).await
            }
            Task::Clean { job } => {
                self.open_job(&job, meter)?.fragments.delete().await?;
                Ok(Value::Null)
            }
            Task::Explain { job, failure } => {
                let reason = self.open_job(&job, meter)?.explain(&job, &failure).await?;
                Ok(to_json(&reason))
            }
            Task::Batch { event, deadline } => Ok(to_json(&self.batch(event, deadline, meter).await?)),
        }
    }

    fn open_job(&self, job: &Job, meter: &Meter) -> Result<JobObject, TaskFailure> {
        let torrent = self.open(&job.target, meter)?;
        let fragments = self.fragments(&torrent, &job.id)?;
        Ok(JobObject { torrent, fragments })
    }

    /// Opens the object that a task names by itself. `BUCKETS` applies to it as to any request.
    pub(super) fn open(&self, target: &Target, meter: &Meter) -> Result<BoundOperation, TaskFailure> {
        Ok(self.operation.open(target.torrent_request(), meter)?)
    }

    pub(super) fn fragments(&self, torrent: &BoundOperation, id: &str) -> Result<Fragments, TaskFailure> {
        let sidecars = torrent.sidecars().ok_or(PlaceError::Taken)?;
        Ok(Fragments::new(sidecars.bucket().clone(), &self.config.sidecar, id))
    }
}

/// Records a failure for Explain: a map tells only that a child failed. Of spans that are not hashed, the failure of the
/// task that did not hash them says more.
async fn record(done: Result<(), TaskFailure>, fragments: &Fragments) -> Result<Value, TaskFailure> {
    if let Err(failure) = &done
        && !matches!(failure, TaskFailure::Incomplete)
    {
        let reason = to_json(&failure.reason()).to_string();
        if let Err(error) = fragments.put_failure(reason.as_bytes()).await {
            tracing::warn!(cause = causes(&error), "the task's failure cannot be recorded");
        }
    }
    done.map(|()| Value::Null)
}

pub(super) fn to_json(value: &impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
