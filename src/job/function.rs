//! The job function as the Lambda runtime calls it: a task in, JSON or a named error out.

use lambda_runtime::{LambdaEvent, Service, service_fn};
use serde_json::Value;
use tracing::Instrument;

use super::{Failure, Task, Worker};
use crate::logging::causes;

/// `worker` as the Lambda runtime calls it.
#[must_use]
pub fn service(
    worker: Worker,
) -> impl Service<
    LambdaEvent<Task>,
    Response = Value,
    Error = Failure,
    Future = impl Future<Output = Result<Value, Failure>> + Send,
> {
    service_fn(move |event: LambdaEvent<Task>| {
        let worker = worker.clone();
        let LambdaEvent { payload, context } = event;
        // At the level that every filter lets through, so that each line has the id.
        let span = tracing::error_span!("task", request_id = context.request_id);
        async move { answer(&worker, payload).await }.instrument(span)
    })
}

/// Logs one line.
async fn answer(worker: &Worker, task: Task) -> Result<Value, Failure> {
    let what = task.name();
    let done = worker.run(task).await;
    match &done {
        Ok(_) => tracing::info!(task = what, "task"),
        Err(failure) => {
            tracing::error!(task = what, failure = failure.name(), cause = causes(failure), "task");
        }
    }
    done
}
