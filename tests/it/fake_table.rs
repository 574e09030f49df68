//! `DynamoDB` in this process, on 127.0.0.1: one table of torrents and peers, and just the calls that are made of it. It is
//! here for what a real one does only when it likes: to refuse, to be slow, and to remove items late. The end-to-end
//! tests use another one, which is not ours.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::pending,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use http_body_util::{BodyExt, Collected, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) const TABLE: &str = "peers";

type Key = (Vec<u8>, Vec<u8>);

#[derive(Default)]
struct State {
    items: BTreeMap<Key, Value>,
    calls: Vec<(String, Value)>,
    refusal: Option<(u16, &'static str)>,
    stalled: bool,
}

/// A running server; it ends when it is dropped.
pub(crate) struct FakeTable {
    pub(crate) endpoint: String,
    state: Arc<Mutex<State>>,
    serving: JoinHandle<()>,
}

impl Drop for FakeTable {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeTable {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::<Mutex<State>>::default();
        let serving = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { endpoint, state, serving }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the mark of `torrent`.
    pub(crate) fn register(&self, torrent: [u8; 20]) {
        let binary = |bytes: &[u8]| json!({"B": BASE64_STANDARD.encode(bytes)});
        let item = json!({"torrent": binary(&torrent), "peer": binary(&[0])});
        self.state().items.insert((torrent.to_vec(), vec![0]), item);
    }

    /// The items of `torrent`, the mark first.
    pub(crate) fn items(&self, torrent: [u8; 20]) -> Vec<Value> {
        let state = self.state();
        let of_torrent = state.items.iter().filter(|((of, _), _)| *of == torrent);
        of_torrent.map(|(_, item)| item.clone()).collect()
    }

    /// Changes an attribute of every peer.
    pub(crate) fn set_all(&self, name: &str, number: u64) {
        for item in self.state().items.values_mut().filter(|item| item.get(name).is_some()) {
            item[name] = json!({"N": number.to_string()});
        }
    }

    /// Gives every item an attribute.
    pub(crate) fn add_to_all(&self, name: &str, number: u64) {
        for item in self.state().items.values_mut() {
            item[name] = json!({"N": number.to_string()});
        }
    }

    /// Takes an attribute from every item.
    pub(crate) fn break_all(&self, name: &str) {
        for item in self.state().items.values_mut().filter_map(Value::as_object_mut) {
            item.remove(name);
        }
    }

    /// The operations that were called, each with its input, and forgotten after that.
    pub(crate) fn take_calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.state().calls)
    }

    /// From now on every call is answered so, or as it should be.
    pub(crate) fn refuse(&self, refusal: Option<(u16, &'static str)>) {
        self.state().refusal = refusal;
    }

    /// From now on no call is answered.
    pub(crate) fn stall(&self) {
        self.state().stalled = true;
    }
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
    let operation = target.trim_start_matches("DynamoDB_20120810.");
    let stalled = state.lock().unwrap_or_else(PoisonError::into_inner).stalled;
    if stalled {
        pending::<()>().await;
    }
    let (status, body) = state.lock().unwrap_or_else(PoisonError::into_inner).call(operation, &input);
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(body.to_string())).expect("a response"))
}

impl State {
    fn call(&mut self, operation: &str, input: &Value) -> (u16, Value) {
        self.calls.push((operation.to_owned(), input.clone()));
        assert_eq!(input["TableName"], TABLE);
        match (self.refusal, operation) {
            (Some((status, code)), _) => (status, json!({"__type": code, "message": "refused"})),
            (None, "Query") => (200, self.query(input)),
            (None, "PutItem") => self.put(input),
            (None, "DeleteItem") => {
                let old = self.items.remove(&key(&input["Key"]));
                (200, old.map_or(json!({}), |old| json!({"Attributes": old})))
            }
            (None, "UpdateItem") => self.add(input),
            (None, other) => panic!("{other} is not there"),
        }
    }

    fn query(&self, input: &Value) -> Value {
        let values = &input["ExpressionAttributeValues"];
        let start = match input["KeyConditionExpression"].as_str() {
            Some("torrent = :torrent") => Vec::new(),
            Some("torrent = :torrent AND peer >= :start") => binary(&values[":start"]),
            other => panic!("{other:?} is not known"),
        };
        let torrent = binary(&values[":torrent"]);
        let limit = usize::try_from(input["Limit"].as_u64().expect("a limit")).expect("a number");
        let found = self.items.iter().filter(|((of, peer), _)| *of == torrent && *peer >= start);
        let items: Vec<&Value> = found.map(|(_, item)| item).take(limit).collect();
        let mut output = json!({"Items": items, "Count": items.len(), "ScannedCount": items.len()});
        // Like the real one, it does not look whether anything follows.
        if let Some(last) = items.last().filter(|_| items.len() == limit) {
            output["LastEvaluatedKey"] = json!({"torrent": last["torrent"], "peer": last["peer"]});
        }
        output
    }

    fn put(&mut self, input: &Value) -> (u16, Value) {
        let item = &input["Item"];
        let old = self.items.get(&key(item));
        match input["ConditionExpression"].as_str() {
            None => {}
            Some("attribute_not_exists(torrent)") if old.is_none() => {}
            Some("attribute_not_exists(torrent)") => return condition_failed(),
            other => panic!("{other:?} is not known"),
        }
        let output = match old {
            Some(old) if input["ReturnValues"] == "ALL_OLD" => json!({"Attributes": old}),
            _ => json!({}),
        };
        self.items.insert(key(item), item.clone());
        (200, output)
    }

    fn add(&mut self, input: &Value) -> (u16, Value) {
        assert_eq!(input["UpdateExpression"], "ADD completed :one");
        assert_eq!(input["ConditionExpression"], "attribute_exists(peer)");
        let Some(item) = self.items.get_mut(&key(&input["Key"])) else { return condition_failed() };
        let completed: u64 = item["completed"]["N"].as_str().unwrap_or("0").parse().expect("a number");
        item["completed"] = json!({"N": (completed + 1).to_string()});
        (200, json!({}))
    }
}

fn condition_failed() -> (u16, Value) {
    (400, json!({"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "no"}))
}

fn key(item: &Value) -> Key {
    (binary(&item["torrent"]), binary(&item["peer"]))
}

fn binary(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value["B"].as_str().expect("bytes")).expect("base64")
}
