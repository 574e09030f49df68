//! Metrics: a line in CloudWatch's embedded metric format at the end of each request and each task, which
//! CloudWatch takes from the log. Written whatever `RUST_LOG` says, and only where there is a log group.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Each combination of dimensions is a metric that costs money: so no bucket, key or exact status is one. The template's
//! alarms and dashboard are held to the tables of this file by tests/template.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use lambda_runtime::Context;
use serde::{Serialize, Serializer, ser::SerializeMap};

/// Where CloudWatch shows them.
pub const NAMESPACE: &str = "GetObjectTorrent";

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
        metrics: &[("BytesRead", "Bytes"), ("Errors", "Count"), ("SidecarFailures", "Count"), ("TimeUsed", "Percent")],
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

/// Where the lines go: standard output, unless told otherwise. Not through `tracing`, whose filter could hide them.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn(&str) + Send + Sync>);

impl Metrics {
    /// Each line, its end included, goes to `write`.
    pub fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Writes `values` as `directives` have them; what has no value is left out.
    pub(crate) fn write(
        &self,
        context: &Context,
        directives: &[Directive],
        dimensions: &[(&str, &str)],
        values: &[(&str, u64)],
    ) {
        if context.env_config.log_group.is_empty() {
            return;
        }
        let texts = [
            ("message", "metrics"),
            ("request_id", &context.request_id),
            ("FunctionName", &context.env_config.function_name),
        ];
        let line = Line { directives, texts: &[&texts, dimensions], values };
        if let Ok(line) = serde_json::to_string(&line) {
            (self.0)(&(line + "\n"));
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // In one piece, so that no other line gets between; a log that cannot be written fails nothing.
        Self::to(|line| drop(io::stdout().write_all(line.as_bytes())))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}

/// A line, its dimensions and values as members of their own.
struct Line<'a> {
    directives: &'a [Directive],
    texts: &'a [&'a [(&'a str, &'a str)]],
    values: &'a [(&'a str, u64)],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct About<'a> {
    timestamp: u64,
    cloud_watch_metrics: Vec<Definition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'a str]; 1],
    metrics: Vec<Metric<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metric<'a> {
    name: &'a str,
    unit: &'a str,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        for (name, text) in self.texts.iter().copied().flatten() {
            members.serialize_entry(name, text)?;
        }
        for (name, value) in self.values {
            members.serialize_entry(name, value)?;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let timestamp = u64::try_from(now).unwrap_or_default();
        members.serialize_entry("_aws", &About { timestamp, cloud_watch_metrics: self.definitions() })?;
        members.end()
    }
}

impl Line<'_> {
    /// All that is defined must be in the line.
    fn definitions(&self) -> Vec<Definition<'_>> {
        let has_value = |name: &str| self.values.iter().any(|(valued, _)| *valued == name);
        let definition = |directive: &Directive| {
            let metrics = directive.metrics.iter().filter(|(name, _)| has_value(name));
            let metrics = metrics.map(|&(name, unit)| Metric { name, unit }).collect();
            Definition { namespace: NAMESPACE, dimensions: [directive.dimensions], metrics }
        };
        self.directives.iter().map(definition).collect()
    }
}
