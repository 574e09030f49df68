//! The job function as the Lambda runtime calls it: a task in; JSON or a named error out, a line in the log, and a line
//! of metrics.

mod batch;
mod input;

use lambda_runtime::{Context, LambdaEvent, Service, service_fn};
use serde_json::Value;
use tracing::Instrument;

use self::input::{Task, TaskFields};
use super::tasks::{TaskFailure, Worker};
use crate::{
    invocation::{Invocation, log_outcome},
    logging::causes,
    meter::Meter,
    metrics::{self, NONE},
};

/// Makes the service that the Lambda runtime calls.
pub fn service(
    worker: Worker,
) -> impl Service<
    LambdaEvent<Value>,
    Response = Value,
    Error = TaskFailure,
    Future = impl Future<Output = Result<Value, TaskFailure>> + Send,
> {
    service_fn(move |event: LambdaEvent<Value>| {
        let worker = worker.clone();
        let LambdaEvent { payload, context } = event;
        let invocation = Invocation::begin(context);
        let span = invocation.span();
        async move { answer(&worker, payload, &invocation).await }.instrument(span)
    })
}

/// Does the task, and writes one line to the log and one of metrics. Both always have the same fields, which are empty
/// or 0 where they do not apply.
async fn answer(worker: &Worker, payload: Value, invocation: &Invocation) -> Result<Value, TaskFailure> {
    let meter = Meter::default();
    let task = Task::from_input(payload);
    let TaskFields { task: name, object, job, span_start } = task.as_ref().map(Task::fields).unwrap_or_default();
    let object = object.as_ref();
    let done = match task {
        // Boxed, because it is large.
        Ok(task) => Box::pin(run(worker, task, &invocation.context, &meter)).await,
        Err(error) => Err(TaskFailure::BadInput(error.to_string())),
    };
    let duration_ms = invocation.milliseconds();
    let failure = done.as_ref().err();
    let failure_name = failure.map(TaskFailure::name);
    let failure_name = failure_name.as_deref();
    log_outcome!(
        if failure.is_some() => ERROR else INFO,
        task = name,
        bucket = object.map(|object| object.bucket.as_str()).unwrap_or_default(),
        key = object.map(|object| object.key.as_str()).unwrap_or_default(),
        version_id = object.and_then(|object| object.version_id.as_deref()).unwrap_or_default(),
        job,
        span_start,
        objects = meter.objects.get(),
        bytes_read = meter.bytes_read.get(),
        s3_requests = meter.s3_requests.get(),
        duration_ms,
        failure = failure_name.unwrap_or_default(),
        reason = done.as_ref().ok().and_then(reason),
        cause = failure.map(|failure| causes(failure)),
        "task"
    );
    let name = if name.is_empty() { NONE } else { name };
    let dimensions = [("Task", name), ("Failure", failure_name.unwrap_or(NONE))];
    let values = [("Tasks", 1), ("TaskDuration", duration_ms), ("TaskBytesRead", meter.bytes_read.get())];
    worker.metrics.write(&invocation.context, &metrics::TASK, &dimensions, &values);
    done
}

async fn run(worker: &Worker, task: Task, context: &Context, meter: &Meter) -> Result<Value, TaskFailure> {
    match task {
        Task::Plan { input, state_machine } => worker.plan(input, state_machine, meter).await,
        Task::Hash { job, span } => {
            let object = worker.open_job(&job, meter)?;
            object.record(object.hash(&job, &span).await).await
        }
        Task::Assemble { job } => {
            let object = worker.open_job(&job, meter)?;
            object.record(object.assemble(&job).await).await
        }
        Task::Clean { job } => worker.open_job(&job, meter)?.clean().await,
        Task::Explain { job, failure } => worker.open_job(&job, meter)?.explain(&job, &failure).await,
        Task::Batch(event) => worker.batch(event, context.deadline(), meter).await,
    }
}

/// Returns why there was nothing to do, or what became of the only object of a batch.
fn reason(answer: &Value) -> Option<&str> {
    match answer.get("results").and_then(Value::as_array).map(Vec::as_slice) {
        Some([result]) => result.get("resultString")?.as_str(),
        _ => answer.get("reason")?.as_str(),
    }
}
