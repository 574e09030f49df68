//! Step Functions in this process: executions by name. The test says what each attempt does. tests/deployed runs the
//! real definition.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_s3::Client;
use get_object_torrent::jobs::Worker;
use serde_json::{Value, json};

use super::{
    fake_json::{FakeJson, lock},
    jobs::runner::run_job,
};

pub(crate) const ARN: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:torrent-job";

/// What an execution does.
#[derive(Clone)]
pub(crate) enum Run {
    /// The job.
    Job(Box<Worker>, Client),
    /// Nothing, for ever.
    Hold,
    /// It ends at once, well.
    Succeed,
    /// It ends at once.
    Fail { error: &'static str, cause: &'static str },
}

impl Run {
    pub(crate) fn job(worker: Worker, s3: Client) -> Self {
        Self::Job(Box::new(worker), s3)
    }
}

/// As Step Functions keeps it.
#[derive(Clone, Debug)]
pub(crate) struct Execution {
    input: String,
    started: f64,
    status: &'static str,
    /// Of one that failed.
    error: &'static str,
    cause: &'static str,
}

type Executions = BTreeMap<String, Execution>;

pub(crate) type FakeWorkflow = FakeJson<Executions>;

impl FakeJson<Executions> {
    /// What each attempt does; the last is for all that follow.
    pub(crate) async fn start(runs: impl IntoIterator<Item = Run>) -> Self {
        let runs: Vec<Run> = runs.into_iter().collect();
        Self::serve(move |executions, operation, input| match operation {
            "StartExecution" => start(input, &runs, executions),
            "DescribeExecution" => describe(input, &lock(executions)),
            other => panic!("{other} is not there"),
        })
        .await
    }

    /// The names of all executions.
    pub(crate) fn executions(&self) -> Vec<String> {
        lock(&self.kept).keys().cloned().collect()
    }

    /// The inputs of all executions.
    pub(crate) fn inputs(&self) -> Vec<Value> {
        lock(&self.kept).values().map(|run| serde_json::from_str(&run.input).expect("JSON")).collect()
    }

    /// Lets all executions have been started earlier.
    pub(crate) fn age(&self, seconds: f64) {
        lock(&self.kept).values_mut().for_each(|execution| execution.started -= seconds);
    }
}

fn start(input: &Value, runs: &[Run], shared: &Arc<Mutex<Executions>>) -> (u16, Value) {
    assert_eq!(input["stateMachineArn"], ARN);
    let text = |name: &str| input[name].as_str().expect("a text").to_owned();
    let (name, input) = (text("name"), text("input"));
    let mut executions = lock(shared);
    match executions.get(&name) {
        // Step Functions takes the same input for the same call, as long as the execution runs.
        Some(known) if known.input != input || known.status != "RUNNING" => {
            return (400, json!({"__type": "ExecutionAlreadyExists", "message": "it exists"}));
        }
        Some(known) => return (200, json!({"executionArn": name, "startDate": known.started})),
        None => {}
    }
    let run = runs.get(executions.len()).or(runs.last()).expect("no execution was expected").clone();
    let started = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let (status, error, cause) = match &run {
        Run::Job(..) | Run::Hold => ("RUNNING", "", ""),
        Run::Succeed => ("SUCCEEDED", "", ""),
        Run::Fail { error, cause } => ("FAILED", *error, *cause),
    };
    executions.insert(name.clone(), Execution { input: input.clone(), started, status, error, cause });
    if let Run::Job(worker, s3) = run {
        let (shared, name) = (Arc::clone(shared), name.clone());
        tokio::spawn(async move {
            let ended = run_job(&worker, &s3, serde_json::from_str(&input).expect("JSON")).await;
            let status = if ended.is_ok() { "SUCCEEDED" } else { "FAILED" };
            lock(&shared).get_mut(&name).expect("it was started").status = status;
        });
    }
    (200, json!({"executionArn": name, "startDate": started}))
}

fn describe(input: &Value, executions: &Executions) -> (u16, Value) {
    let arn = input["executionArn"].as_str().expect("a text");
    let prefix = ARN.replace("stateMachine", "execution");
    let name = arn.strip_prefix(&format!("{prefix}:")).expect("the ARN of an execution");
    let Some(Execution { started, status, error, cause, .. }) = executions.get(name) else {
        return (400, json!({"__type": "ExecutionDoesNotExist", "message": "it does not"}));
    };
    let mut described =
        json!({"executionArn": arn, "stateMachineArn": ARN, "name": name, "status": status, "startDate": started});
    if *status == "FAILED" {
        (described["error"], described["cause"]) = (json!(error), json!(cause));
    }
    (200, described)
}
