//! The job function as the Lambda runtime calls it: a task in, JSON or a named error out, a line in the log and one of
//! metrics.

use lambda_runtime::{Context, LambdaEvent, Service, service_fn};
use serde_json::Value;
use tokio::time::Instant;
use tracing::Instrument;

use super::{Failure, Task, Worker};
use crate::{
    logging::causes,
    metrics::{self, NONE},
    s3::Meter,
};

/// `worker` as the Lambda runtime calls it.
#[must_use]
pub fn service(
    worker: Worker,
) -> impl Service<
    LambdaEvent<Value>,
    Response = Value,
    Error = Failure,
    Future = impl Future<Output = Result<Value, Failure>> + Send,
> {
    service_fn(move |event: LambdaEvent<Value>| {
        let worker = worker.clone();
        let LambdaEvent { payload, context } = event;
        // At the level that every filter lets through, so that each line has the id.
        let span = tracing::error_span!("task", request_id = context.request_id);
        async move { answer(&worker, payload, &context).await }.instrument(span)
    })
}

/// Logs one line and one of metrics, with the same fields always: empty or 0 where there is nothing to tell.
async fn answer(worker: &Worker, payload: Value, context: &Context) -> Result<Value, Failure> {
    let started = Instant::now();
    let meter = Meter::default();
    let task: Task = serde_json::from_value(payload).map_err(|error| {
        tracing::error!(cause = causes(&error), "the input is no task");
        Failure::BadInput("it cannot be read")
    })?;
    let (name, about) = (task.name(), task.about());
    let done = worker.run(task, &meter).await;
    let duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let failure = done.as_ref().err();
    macro_rules! line {
        ($level:expr) => {
            tracing::event!(
                $level,
                task = name,
                bucket = about.bucket,
                key = about.key,
                version_id = about.version_id,
                job = about.job,
                span_start = about.span_start,
                bytes_read = meter.bytes_read(),
                s3_requests = meter.s3_requests(),
                duration_ms,
                failure = failure.map(Failure::name).unwrap_or_default(),
                reason = done.as_ref().ok().and_then(|value| value.get("reason")?.as_str()),
                cause = failure.map(|failure| causes(failure)),
                "task"
            )
        };
    }
    if failure.is_some() {
        line!(tracing::Level::ERROR);
    } else {
        line!(tracing::Level::INFO);
    }
    let dimensions = [("Task", name), ("Failure", failure.map_or(NONE, Failure::name))];
    let values = [("Tasks", 1), ("TaskDuration", duration_ms), ("TaskBytesRead", meter.bytes_read())];
    worker.metrics.write(context, &metrics::TASK, &dimensions, &values);
    done
}
