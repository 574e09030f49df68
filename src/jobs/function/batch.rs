//! Events of S3 Batch Operations, which ask for the torrents of objects that exist already.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/batch-ops-invoke-lambda.html>

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};
use tracing::Instrument;

use crate::{
    jobs::{
        FailureKind, JobRequest, Target,
        tasks::{TaskFailure, Worker},
        workflow::Executions,
    },
    logging::causes,
    meter::Meter,
    object::{BucketName, ObjectId, ObjectKey, percent_decode},
    operation::Error,
    s3,
};

/// An event usually has one task. If it has more, they must not meet S3's and Step Functions' limits all at once.
const TASKS_AT_A_TIME: usize = 8;
/// This much of the Lambda's own time is left to send the answer.
const TIME_TO_ANSWER: Duration = Duration::from_secs(1);
const TIME_WITHOUT_DEADLINE: Duration = Duration::from_mins(1);
/// S3 Batch Operations cuts off a longer `resultString`.
const MAX_RESULT_CHARS: usize = 1024;

/// An event of S3 Batch Operations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BatchEvent {
    invocation_schema_version: SchemaVersion,
    invocation_id: String,
    pub(super) tasks: Vec<BatchTask>,
}

/// The known versions of the event's schema.
#[derive(Debug, Serialize, Deserialize)]
enum SchemaVersion {
    /// A task has its bucket's ARN.
    #[serde(rename = "1.0")]
    V1,
    /// A task has its bucket's name.
    #[serde(rename = "2.0")]
    V2,
}

/// One object of an event, as the event names it.
#[derive(Debug, Deserialize)]
pub(super) struct BatchTask {
    #[serde(rename = "taskId")]
    id: String,
    /// The bucket's name, or an ARN that ends with it.
    #[serde(rename = "s3Bucket", alias = "s3BucketArn")]
    bucket: String,
    /// The key, encoded as in a form.
    #[serde(rename = "s3Key")]
    key: String,
    #[serde(default, rename = "s3VersionId")]
    version_id: Option<String>,
}

#[derive(Debug, Serialize)]
enum ResultCode {
    Succeeded,
    /// S3 Batch Operations invokes the function again for the object.
    TemporaryFailure,
    PermanentFailure,
}

impl BatchTask {
    /// Returns the task's object, or what is wrong with it.
    pub(super) fn object(&self) -> Result<ObjectId, String> {
        // A bucket's name has no colon, and every ARN of a bucket ends with it, whatever the partition.
        let name = self.bucket.rsplit(':').next().unwrap_or_default();
        let bucket = BucketName::new(name).map_err(|error| format!("the bucket's name {error}"))?;
        // S3 sends a space as `+` and a plus as `%2B`, although AWS's examples decode with `unquote`.
        let key = percent_decode(&self.key.replace('+', " ")).ok_or("the key is not URL-encoded UTF-8")?;
        let key = ObjectKey::try_from(key).map_err(|error| error.to_string())?;
        let version_id = self.version_id.clone().filter(|version| !version.is_empty());
        Ok(ObjectId { bucket, key, version_id })
    }
}

impl Worker {
    /// Starts or finds the job of each object, and returns the answer to the event. What is not done in time is left to
    /// another invocation.
    pub(super) async fn batch(
        &self,
        event: BatchEvent,
        deadline: SystemTime,
        meter: &Meter,
    ) -> Result<Value, TaskFailure> {
        let arn = self.config.job_state_machine_arn.clone().ok_or_else(|| {
            let cause = "S3 Batch Operations must invoke the function that has JOB_STATE_MACHINE_ARN";
            TaskFailure::BadInput(cause.to_owned())
        })?;
        let executions = Executions::new(&self.sdk, arn);
        // The deadline of local runtimes is in the past.
        let ahead = deadline.duration_since(SystemTime::now()).unwrap_or(TIME_WITHOUT_DEADLINE);
        let until = Instant::now() + ahead.saturating_sub(TIME_TO_ANSWER);
        let turns = Arc::new(Semaphore::new(TASKS_AT_A_TIME));
        let spawn = |task: BatchTask| {
            let (worker, executions, meter, turns) = (self.clone(), executions.clone(), meter.clone(), turns.clone());
            let work = async move {
                let _turn = turns.acquire().await;
                worker.batch_task(&task, &executions, &meter).await
            };
            tokio::spawn(timeout_at(until, work).in_current_span())
        };
        let running: Vec<_> = event.tasks.into_iter().map(|task| (task.id.clone(), spawn(task))).collect();
        let mut results = Vec::new();
        for (id, task) in running {
            let late = (ResultCode::TemporaryFailure, "the function ran out of time".to_owned());
            let (code, text) = task.await.map_err(Error::from)?.unwrap_or(late);
            let text: String = text.chars().take(MAX_RESULT_CHARS).collect();
            results.push(json!({"taskId": id, "resultCode": code, "resultString": text}));
        }
        Ok(json!({
            "invocationSchemaVersion": event.invocation_schema_version,
            "treatMissingKeysAs": ResultCode::PermanentFailure,
            "invocationId": event.invocation_id,
            "results": results,
        }))
    }

    async fn batch_task(&self, task: &BatchTask, executions: &Executions, meter: &Meter) -> (ResultCode, String) {
        let object = match task.object() {
            Ok(object) => object,
            Err(fault) => return (ResultCode::PermanentFailure, fault),
        };
        let target = Target { object, requester_pays: false, collection: false, quiet: true };
        let request = JobRequest { target, etag: None };
        match self.start_job(&request, 0, executions, meter).await {
            Ok(reason) => (ResultCode::Succeeded, reason),
            Err(failure) => {
                tracing::warn!(task_id = task.id, cause = causes(&failure), "an object of the batch gets no job");
                result(&failure)
            }
        }
    }
}

/// Returns what a failure means to the batch. Sidecars and empty objects count as successes: an inventory is full of
/// them, and S3 Batch Operations ends a batch if half of it fails.
fn result(failure: &TaskFailure) -> (ResultCode, String) {
    match failure {
        TaskFailure::Operation(Error::IsSidecar | Error::EmptyObject) => {
            (ResultCode::Succeeded, format!("nothing to do: {failure}"))
        }
        TaskFailure::ObjectChanged => (ResultCode::PermanentFailure, "the object or its version does not exist".into()),
        TaskFailure::Operation(Error::S3(s3::Error::AccessDenied)) => {
            (ResultCode::PermanentFailure, "S3 denies access, or the object does not exist".into())
        }
        failure if failure.kind() == FailureKind::Unavailable => (ResultCode::TemporaryFailure, failure.to_string()),
        failure => (ResultCode::PermanentFailure, failure.to_string()),
    }
}
