//! Metrics: a line in CloudWatch's embedded metric format at the end of each request and each task, which
//! CloudWatch takes from the log. Written whatever `RUST_LOG` says, and only where there is a log group.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Each combination of dimensions is a metric that costs money: so no bucket, key or exact status is one. The template's
//! alarms and dashboard are held to the tables of this file by tests/template.

use std::{
    fmt::Debug,
    io::Write,
    time::{SystemTime, UNIX_EPOCH},
};

use lambda_runtime::Context;
use serde_json::{Map, Value, json};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::{self, Layer},
    registry::LookupSpan,
};

/// Where CloudWatch shows them.
pub const NAMESPACE: &str = "GetObjectTorrent";

/// Not of this crate's own log, which is filtered.
const TARGET: &str = "metrics";

/// Metrics that share their dimensions, each with its unit.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// Their names, in order.
    pub dimensions: &'static [&'static str],
    /// Name and unit.
    pub metrics: &'static [(&'static str, &'static str)],
}

/// Of a request.
pub const REQUEST: [Directive; 3] = [
    Directive { dimensions: &["FunctionName", "Origin", "Status"], metrics: &[("Requests", "Count")] },
    Directive { dimensions: &["FunctionName", "Origin"], metrics: &[("Duration", "Milliseconds")] },
    Directive {
        dimensions: &["FunctionName"],
        metrics: &[
            ("BytesRead", "Bytes"),
            ("Errors", "Count"),
            ("SidecarFailures", "Count"),
            ("TimeUsed", "Percent"),
        ],
    },
];

/// Of a job's task.
pub const TASK: [Directive; 3] = [
    Directive { dimensions: &["FunctionName", "Task", "Failure"], metrics: &[("Tasks", "Count")] },
    Directive { dimensions: &["FunctionName", "Task"], metrics: &[("TaskDuration", "Milliseconds")] },
    Directive { dimensions: &["FunctionName"], metrics: &[("TaskBytesRead", "Bytes")] },
];

/// What a dimension says where there is nothing to tell: CloudWatch takes no empty value.
pub(crate) const NONE: &str = "none";

/// Writes `values` as `directives` have them; what has no value is left out.
pub(crate) fn write(
    context: &Context,
    directives: &[Directive],
    dimensions: &[(&str, &str)],
    values: &[(&str, u64)],
) {
    if context.env_config.log_group.is_empty() {
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let function = ("FunctionName", context.env_config.function_name.as_str());
    let mut line = Map::from_iter([
        ("message".to_owned(), json!("metrics")),
        ("request_id".to_owned(), json!(context.request_id)),
        (
            "_aws".to_owned(),
            json!({
                "Timestamp": u64::try_from(now).unwrap_or_default(),
                "CloudWatchMetrics": definitions(directives, values),
            }),
        ),
    ]);
    let named = dimensions.iter().copied().chain([function]);
    line.extend(named.map(|(name, value)| (name.to_owned(), json!(value))));
    line.extend(values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))));
    let line = Value::Object(line);
    tracing::info!(target: TARGET, "{line}");
}

/// All that the line defines must be in it.
fn definitions(directives: &[Directive], values: &[(&str, u64)]) -> Vec<Value> {
    let has_value = |name: &str| values.iter().any(|(valued, _)| *valued == name);
    let definition = |directive: &Directive| {
        let metrics = directive.metrics.iter().filter(|(name, _)| has_value(name));
        let metrics: Vec<_> = metrics.map(|(name, unit)| json!({"Name": name, "Unit": unit})).collect();
        let dimensions = [directive.dimensions];
        json!({"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics})
    };
    directives.iter().map(definition).collect()
}

/// Writes the lines; the log's own layer lets none of them through.
pub(crate) fn layer<S, W>(writer: W) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    Lines(writer).with_filter(Targets::new().with_target(TARGET, LevelFilter::INFO))
}

struct Lines<W>(W);

impl<S, W> Layer<S> for Lines<W>
where
    S: Subscriber,
    W: for<'writer> MakeWriter<'writer> + 'static,
{
    fn on_event(&self, event: &Event<'_>, _context: layer::Context<'_, S>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        line.0.push('\n');
        // In one piece, so that no other line gets between; a log that cannot be written fails nothing.
        let _ = self.0.make_writer().write_all(line.0.as_bytes());
    }
}

/// The text of the one field there is.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, _field: &Field, value: &dyn Debug) {
        self.0 = format!("{value:?}");
    }
}
