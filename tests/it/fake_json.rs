//! A server of AWS's JSON protocol in this process, on 127.0.0.1. Unlike real ones, it refuses, stalls and loses
//! connections on demand.

use std::{
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http_body_util::{BodyExt, Collected, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running server, and what it keeps; it ends when it is dropped.
pub(crate) struct FakeJson<T> {
    pub(crate) kept: Arc<Mutex<T>>,
    endpoint: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    calls: Vec<(String, Value)>,
    refusal: Option<(u16, &'static str)>,
    stalled: Option<&'static str>,
    connections: usize,
    /// Connections below this number are not answered.
    dead: usize,
}

impl<T> Drop for FakeJson<T> {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl<T: Default + Send + 'static> FakeJson<T> {
    /// Answers each operation and its input with a status and a body.
    pub(crate) async fn serve(
        answer: impl Fn(&Arc<Mutex<T>>, &str, &Value) -> (u16, Value) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let (kept, state) = (Arc::<Mutex<T>>::default(), Arc::<Mutex<State>>::default());
        let answer = Arc::new({
            let kept = Arc::clone(&kept);
            move |operation: &str, input: &Value| answer(&kept, operation, input)
        });
        let shared = Arc::clone(&state);
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (state, answer) = (Arc::clone(&shared), Arc::clone(&answer));
                let number = lock(&state).connections;
                lock(&state).connections += 1;
                let service = service_fn(move |request| respond(request, number, state.clone(), answer.clone()));
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { kept, endpoint, state, serving }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Each operation that was called, with its input, except for further attempts.
    pub(crate) fn calls(&self) -> Vec<(String, Value)> {
        lock(&self.state).calls.clone()
    }

    /// The same, and forgets them.
    pub(crate) fn take_calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut lock(&self.state).calls)
    }

    /// From now on every call is answered so.
    pub(crate) fn refuse(&self, status: u16, code: &'static str) {
        lock(&self.state).refusal = Some((status, code));
    }

    /// From now on every call is answered as it should be.
    pub(crate) fn recover(&self) {
        lock(&self.state).refusal = None;
    }

    /// From now on calls of this operation are not answered.
    pub(crate) fn stall(&self, operation: &'static str) {
        lock(&self.state).stalled = Some(operation);
    }

    /// What is connected is not answered any more, as after a function was frozen; nor are the `next` connections.
    pub(crate) fn freeze(&self, next: usize) {
        let mut state = lock(&self.state);
        state.dead = state.connections + next;
    }
}

pub(crate) fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond(
    request: Request<Incoming>,
    connection: usize,
    state: Arc<Mutex<State>>,
    answer: Arc<impl Fn(&str, &Value) -> (u16, Value)>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| request.headers()[name].to_str().unwrap_or_default().to_owned();
    let (target, attempt) = (header("x-amz-target"), header("amz-sdk-request"));
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = target.split('.').next_back().unwrap_or_default();
    // A busy machine may need further attempts.
    if attempt.starts_with("attempt=1") {
        lock(&state).calls.push((operation.to_owned(), input.clone()));
    }
    let (refusal, stalled, dead) = {
        let state = lock(&state);
        (state.refusal, state.stalled, state.dead)
    };
    if connection < dead || stalled == Some(operation) {
        pending::<()>().await;
    }
    let (status, body) = match refusal {
        Some((status, code)) => (status, json!({"__type": code, "message": "refused"})),
        None => answer(operation, &input),
    };
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(body.to_string())).expect("a response"))
}
