//! Prints what this service promises to its deployment, as JSON: `cargo run --example contract`. The docs' tables are
//! generated from it, and tests compare the template with it.

use get_object_torrent::{
    api::EXPOSED_HEADERS,
    config::{Number, VARIABLES, Values, Variable},
    jobs::FailureKind,
    metrics::{Directive, NAMESPACE, REQUEST, TASK, TRACKER},
};
use serde_json::{Value, json};

const API: &str = "get-object-torrent";
const JOB: &str = "torrent-job";
const THE_TRACKER: &str = "torrent-tracker";

/// A call to AWS.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    /// The service, as IAM calls it.
    pub(crate) service: &'static str,
    /// The operation's name in the service's API.
    pub(crate) operation: &'static str,
    /// The actions that IAM asks for.
    pub(crate) actions: &'static [&'static str],
    /// The programs that make the call.
    pub(crate) programs: &'static [&'static str],
}

const fn call(
    service: &'static str,
    operation: &'static str,
    actions: &'static [&'static str],
    programs: &'static [&'static str],
) -> Call {
    Call { service, operation, actions, programs }
}

const READ: &[&str] = &["s3:GetObject", "s3:GetObjectVersion"];
const ATTRIBUTES: &[&str] = &["s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"];

/// Every call that the programs make.
pub(crate) const CALLS: [Call; 13] = [
    call("s3", "HeadObject", READ, &[API, JOB]),
    call("s3", "GetObject", READ, &[API, JOB]),
    call("s3", "GetObjectAttributes", ATTRIBUTES, &[API, JOB]),
    call("s3", "PutObject", &["s3:PutObject"], &[API, JOB]),
    call("s3", "ListObjectsV2", &["s3:ListBucket"], &[API, JOB]),
    call("s3", "DeleteObjects", &["s3:DeleteObject"], &[JOB]),
    call("states", "StartExecution", &["states:StartExecution"], &[API, JOB]),
    call("states", "DescribeExecution", &["states:DescribeExecution"], &[API, JOB]),
    call("dynamodb", "PutItem", &["dynamodb:PutItem"], &[API, JOB, THE_TRACKER]),
    call("dynamodb", "GetItem", &["dynamodb:GetItem"], &[API, THE_TRACKER]),
    call("dynamodb", "Query", &["dynamodb:Query"], &[THE_TRACKER]),
    call("dynamodb", "UpdateItem", &["dynamodb:UpdateItem"], &[THE_TRACKER]),
    call("dynamodb", "DeleteItem", &["dynamodb:DeleteItem"], &[THE_TRACKER]),
];

fn main() {
    let metrics = [(API, &REQUEST[..]), (JOB, &TASK), (THE_TRACKER, &TRACKER)];
    let contract = json!({
        "variables": VARIABLES.iter().map(variable).collect::<Vec<_>>(),
        "namespace": NAMESPACE,
        "metrics": metrics.iter().flat_map(|(program, directives)| measured(program, directives)).collect::<Vec<_>>(),
        "exposed_headers": EXPOSED_HEADERS.split(", ").collect::<Vec<_>>(),
        "failures": FailureKind::ALL,
        "calls": CALLS.iter().map(called).collect::<Vec<_>>(),
    });
    println!("{contract}");
}

fn variable(variable: &Variable) -> Value {
    let Variable { name, values, sentence, programs } = variable;
    let (kind, default, bounds, choices) = match *values {
        Values::Text(default) => ("text", json!(default), None, &[][..]),
        Values::List => ("list", json!(""), None, &[][..]),
        Values::Choice(choices) => ("choice", json!(choices.first()), None, choices),
        Values::Number(Number { default, min, max, .. }) => ("number", json!(default), Some((min, max)), &[][..]),
        Values::PowerOfTwo(min, max) => ("power of two", json!(""), Some((min, max)), &[][..]),
    };
    json!({
        "name": name, "type": kind, "default": default, "choices": choices, "sentence": sentence, "programs": programs,
        "min": bounds.map(|(min, _)| min), "max": bounds.map(|(_, max)| max),
    })
}

fn measured(program: &str, directives: &[Directive]) -> Vec<Value> {
    let metrics = directives.iter().flat_map(|Directive { dimensions, metrics }| {
        metrics.iter().map(move |(name, unit, sentence)| {
            json!({
                "name": name, "unit": unit, "dimensions": dimensions, "sentence": sentence, "program": program,
            })
        })
    });
    metrics.collect()
}

fn called(Call { service, operation, actions, programs }: &Call) -> Value {
    json!({"service": service, "operation": operation, "actions": actions, "programs": programs})
}
