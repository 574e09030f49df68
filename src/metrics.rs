//! Metrics: at the end of each request and each task, a line in CloudWatch's embedded metric format, which CloudWatch
//! takes from the log. It is written whatever `RUST_LOG` says, and only where there is a log group.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Each combination of dimensions is a metric that costs money, so no bucket, key or exact status is a dimension.
//! tests/template compares the template's alarms and dashboard with these tables, and the docs show them.

use std::{
    fmt,
    io::{self, Write},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use lambda_runtime::Context;
use serde_json::{Value, json};

/// The namespace in CloudWatch.
pub const NAMESPACE: &str = "GetObjectTorrent";

/// Metrics that share their dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Directive {
    /// The names of the dimensions, in order.
    pub dimensions: &'static [&'static str],
    /// The name and unit of each metric, and what it is, in one sentence.
    pub metrics: &'static [(&'static str, &'static str, &'static str)],
}

/// The metrics of a request.
pub const REQUEST: [Directive; 3] = [
    Directive { dimensions: &["FunctionName", "Origin", "Status"], metrics: &[("Requests", "Count", "1")] },
    Directive { dimensions: &["FunctionName", "Origin"], metrics: &[("Duration", "Milliseconds", "as in the log")] },
    Directive {
        dimensions: &["FunctionName"],
        metrics: &[
            ("BytesRead", "Bytes", "bytes of the object that were hashed"),
            ("Errors", "Count", "1 after a failure that is answered 5xx, otherwise 0"),
            ("Objects", "Count", "how many objects the collection has; only if a collection was found"),
            ("SidecarFailures", "Count", "1 if there was a warning about the sidecar, otherwise 0"),
            ("WithoutWebSeeds", "Count", "1 if the torrent has no web seeds, because its swarm is fast enough"),
            ("TimeUsed", "Percent", "the share of its time that a request used to read an object"),
        ],
    },
];

/// The metrics of a job's task.
pub const TASK: [Directive; 3] = [
    Directive {
        dimensions: &["FunctionName", "Task", "Failure"],
        metrics: &[("Tasks", "Count", "1; `Failure` is the failure's name, or `none`")],
    },
    Directive { dimensions: &["FunctionName", "Task"], metrics: &[("TaskDuration", "Milliseconds", "as in the log")] },
    Directive {
        dimensions: &["FunctionName"],
        metrics: &[("TaskBytesRead", "Bytes", "bytes of the object that were hashed")],
    },
];

/// The metrics of a tracker's request. Bytes are what clients claim to have moved since their previous announce.
pub const TRACKER: [Directive; 1] = [Directive {
    dimensions: &["FunctionName"],
    metrics: &[
        ("Announces", "Count", "1 for an announce"),
        ("Scrapes", "Count", "1 for a scrape"),
        ("Refusals", "Count", "1 if the client was refused: an unregistered torrent, or a wrong query"),
        ("TableFailures", "Count", "1 if the table could not be read or written"),
        ("Peers", "Count", "how many peers the torrent has"),
        ("Completed", "Count", "1 if the client has completed a download"),
        ("SeedChecks", "Count", "1 if the tracker tried to reach the client, a seeder"),
        ("SeedsReached", "Count", "1 if that succeeded"),
        ("BytesFromPeers", "Bytes", "what the client has sent to others since its last announce"),
        ("BytesDownloaded", "Bytes", "what it has received since then, from peers and web seeds"),
        ("TrackerDuration", "Milliseconds", "as in the log"),
    ],
}];

/// The value of a dimension that does not apply. CloudWatch accepts no empty one.
pub(crate) const NONE: &str = "none";

/// Where the lines go: to standard output by default, and not through `tracing`, whose filter could hide them.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn(&str) + Send + Sync>);

impl Metrics {
    /// Gives each line, its end included, to `write`.
    pub fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    /// Writes `values` as `directives` define them. A metric without a value is left out.
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
        let has_value = |name: &str| values.iter().any(|(valued, _)| *valued == name);
        let directives = directives.iter().map(|directive| {
            // Everything that a directive names must be in the line.
            let metrics = directive.metrics.iter().filter(|(name, ..)| has_value(name));
            let metrics: Vec<Value> = metrics.map(|(name, unit, _)| json!({"Name": name, "Unit": unit})).collect();
            json!({"Namespace": NAMESPACE, "Dimensions": [directive.dimensions], "Metrics": metrics})
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut line = json!({
            "message": "metrics",
            "request_id": context.request_id,
            "FunctionName": context.env_config.function_name,
            "_aws": {
                "Timestamp": u64::try_from(now).unwrap_or_default(),
                "CloudWatchMetrics": directives.collect::<Vec<_>>(),
            },
        });
        for (name, text) in dimensions {
            line[*name] = (*text).into();
        }
        for (name, value) in values {
            line[*name] = (*value).into();
        }
        (self.0)(&format!("{line}\n"));
    }
}

impl Default for Metrics {
    fn default() -> Self {
        // One write keeps other lines out of this one. A log that cannot be written fails nothing.
        Self::to(|line| drop(io::stdout().write_all(line.as_bytes())))
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Metrics")
    }
}
