//! Step Functions in this process, on 127.0.0.1: executions by name, of which one can run, and their ends. What an
//! execution does is told beforehand, attempt by attempt. The real interpreter of the real definition is for the
//! end-to-end tests.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use aws_sdk_s3::Client;
use get_object_torrent::jobs::Worker;
use http_body_util::{BodyExt, Collected, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::jobs::runner::run_job;

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
struct Execution {
    input: String,
    started: f64,
    status: &'static str,
    error: String,
    cause: String,
}

#[derive(Default)]
struct State {
    /// By attempt; the last is for all that follow.
    runs: Vec<Run>,
    executions: BTreeMap<String, Execution>,
    calls: Vec<String>,
    refusal: Option<(u16, &'static str)>,
    stalled: Option<&'static str>,
}

/// A running server; it ends when it is dropped.
pub(crate) struct FakeWorkflow {
    endpoint: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Drop for FakeWorkflow {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeWorkflow {
    pub(crate) async fn start(runs: impl IntoIterator<Item = Run>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let state = State { runs: runs.into_iter().collect(), ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { endpoint, state, serving }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The names of all executions.
    pub(crate) fn executions(&self) -> Vec<String> {
        lock(&self.state).executions.keys().cloned().collect()
    }

    /// The inputs of all executions.
    pub(crate) fn inputs(&self) -> Vec<Value> {
        let state = lock(&self.state);
        state.executions.values().map(|run| serde_json::from_str(&run.input).expect("JSON")).collect()
    }

    /// The operations that were called.
    pub(crate) fn calls(&self) -> Vec<String> {
        lock(&self.state).calls.clone()
    }

    /// Lets all executions have been started earlier.
    pub(crate) fn age(&self, seconds: f64) {
        for execution in lock(&self.state).executions.values_mut() {
            execution.started -= seconds;
        }
    }

    /// From now on calls of this operation are not answered.
    pub(crate) fn stall(&self, operation: &'static str) {
        lock(&self.state).stalled = Some(operation);
    }

    /// From now on every call is answered as it should be.
    pub(crate) fn recover(&self) {
        lock(&self.state).refusal = None;
    }

    /// From now on every call is answered so.
    pub(crate) fn refuse(&self, status: u16, code: &'static str) {
        lock(&self.state).refusal = Some((status, code));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(request, Arc::clone(&state)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(request: Request<Incoming>, state: Arc<Mutex<State>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request.headers()["x-amz-target"].to_str().unwrap_or_default().to_owned();
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = target.trim_start_matches("AWSStepFunctions.");
    let (refusal, stalled) = {
        let mut state = lock(&state);
        state.calls.push(operation.to_owned());
        (state.refusal, state.stalled)
    };
    if stalled == Some(operation) {
        pending::<()>().await;
    }
    let (status, body) = match (refusal, operation) {
        (Some((status, code)), _) => (status, json!({"__type": code, "message": "refused"})),
        (None, "StartExecution") => start(&input, &state),
        (None, "DescribeExecution") => describe(&input, &state),
        (None, other) => panic!("{other} is not there"),
    };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(body.to_string())).expect("a response"))
}

fn start(input: &Value, shared: &Arc<Mutex<State>>) -> (u16, Value) {
    assert_eq!(input["stateMachineArn"], ARN);
    let text = |name: &str| input[name].as_str().expect("a text").to_owned();
    let (name, input) = (text("name"), text("input"));
    let mut state = lock(shared);
    match state.executions.get(&name) {
        // Step Functions takes the same input for the same call, as long as the execution runs.
        Some(known) if known.input != input || known.status != "RUNNING" => {
            return (400, json!({"__type": "ExecutionAlreadyExists", "message": "it exists"}));
        }
        Some(known) => return (200, json!({"executionArn": name, "startDate": known.started})),
        None => {}
    }
    assert!(!state.runs.is_empty(), "no execution was expected");
    let number = state.executions.len().min(state.runs.len() - 1);
    let run = state.runs[number].clone();
    let started = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs_f64();
    let (status, error, cause) = match &run {
        Run::Job(..) | Run::Hold => ("RUNNING", "", ""),
        Run::Succeed => ("SUCCEEDED", "", ""),
        Run::Fail { error, cause } => ("FAILED", *error, *cause),
    };
    let execution =
        Execution { input: input.clone(), started, status, error: error.to_owned(), cause: cause.to_owned() };
    state.executions.insert(name.clone(), execution);
    if let Run::Job(worker, s3) = run {
        let shared = Arc::clone(shared);
        let arn = name.clone();
        tokio::spawn(async move {
            let ended = run_job(&worker, &s3, serde_json::from_str(&input).expect("JSON")).await;
            let mut state = lock(&shared);
            let execution = state.executions.get_mut(&arn).expect("it was started");
            match ended {
                Ok(()) => execution.status = "SUCCEEDED",
                Err(reason) => {
                    execution.status = "FAILED";
                    (execution.error, execution.cause) = (reason.error, reason.cause);
                }
            }
        });
    }
    (200, json!({"executionArn": name, "startDate": started}))
}

fn describe(input: &Value, state: &Mutex<State>) -> (u16, Value) {
    let arn = input["executionArn"].as_str().expect("a text");
    let prefix = ARN.replace("stateMachine", "execution");
    let name = arn.strip_prefix(&format!("{prefix}:")).expect("the ARN of an execution");
    match lock(state).executions.get(name) {
        None => (400, json!({"__type": "ExecutionDoesNotExist", "message": "it does not"})),
        Some(Execution { started, status, error, cause, .. }) => {
            let mut described = json!({
                "executionArn": arn, "stateMachineArn": ARN, "name": name, "status": status, "startDate": started,
            });
            if *status == "FAILED" {
                described["error"] = json!(error);
                described["cause"] = json!(cause);
            }
            (200, described)
        }
    }
}
