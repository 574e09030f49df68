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
    /// Connections below this number are not answered.
    dead: usize,
    connections: usize,
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
        self.put(torrent, &[0], json!({}));
    }

    /// The items of `torrent`, the mark first.
    pub(crate) fn items(&self, torrent: [u8; 20]) -> Vec<Value> {
        let state = self.state();
        let of_torrent = state.items.iter().filter(|((of, _), _)| *of == torrent);
        of_torrent.map(|(_, item)| item.clone()).collect()
    }

    /// Puts an item of `torrent`.
    pub(crate) fn put(&self, torrent: [u8; 20], key: &[u8], mut item: Value) {
        let binary = |bytes: &[u8]| json!({"B": BASE64_STANDARD.encode(bytes)});
        (item["torrent"], item["peer"]) = (binary(&torrent), binary(key));
        self.state().items.insert((torrent.to_vec(), key.to_vec()), item);
    }

    /// The sort keys of the items of `torrent`.
    pub(crate) fn keys(&self, torrent: [u8; 20]) -> Vec<Vec<u8>> {
        self.items(torrent).iter().map(|item| binary(&item["peer"])).collect()
    }

    /// The size of all that a Query reads, by the rules of `DynamoDB`: of a number two digits take one byte, and one
    /// more is for all.
    pub(crate) fn bytes_of(&self, query: &Value) -> u32 {
        let size = |value: &Value| match (&value["N"], &value["B"]) {
            (Value::String(digits), _) => digits.len().div_ceil(2) + 1,
            (_, Value::String(_)) => binary(value).len(),
            _ => 1,
        };
        let output = self.state().query(query);
        let items = output["Items"].as_array().expect("items").iter().filter_map(Value::as_object);
        let sizes = items.flat_map(|item| item.iter().map(|(name, value)| name.len() + size(value)));
        u32::try_from(sizes.sum::<usize>()).expect("a page")
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

    /// The operations that were called, each with its input, and forgotten after that. Further attempts are left out.
    pub(crate) fn take_calls(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.state().calls)
    }

    /// From now on every call is answered so, or as it should be.
    pub(crate) fn refuse(&self, refusal: Option<(u16, &'static str)>) {
        self.state().refusal = refusal;
    }

    /// From now on no call is answered.
    pub(crate) fn stall(&self) {
        self.state().dead = usize::MAX;
    }

    /// What is connected is not answered any more, as after a function was frozen; nor are the `next` connections.
    pub(crate) fn freeze(&self, next: usize) {
        let mut state = self.state();
        state.dead = state.connections + next;
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let number = {
            let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
            state.connections += 1;
            state.connections - 1
        };
        let service = service_fn(move |request| answer(request, number, Arc::clone(&state)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    connection: usize,
    state: Arc<Mutex<State>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = header("x-amz-target").to_owned();
    // On a busy machine a call may be tried again.
    let is_first = header("amz-sdk-request").starts_with("attempt=1");
    let body = request.into_body().collect().await.map(Collected::to_bytes).unwrap_or_default();
    let input: Value = serde_json::from_slice(&body).unwrap_or_default();
    let operation = target.trim_start_matches("DynamoDB_20120810.");
    let is_dead = connection < state.lock().unwrap_or_else(PoisonError::into_inner).dead;
    if is_dead {
        pending::<()>().await;
    }
    let (status, body) = state.lock().unwrap_or_else(PoisonError::into_inner).call(operation, &input, is_first);
    let response = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    Ok(response.body(Full::from(body.to_string())).expect("a response"))
}

impl State {
    fn call(&mut self, operation: &str, input: &Value, is_first: bool) -> (u16, Value) {
        if is_first {
            self.calls.push((operation.to_owned(), input.clone()));
        }
        assert_eq!(input["TableName"], TABLE);
        match (self.refusal, operation) {
            (Some((status, code)), _) => (status, json!({"__type": code, "message": "refused"})),
            (None, "Query") => (200, self.query(input)),
            (None, "GetItem") => {
                (200, self.items.get(&key(&input["Key"])).map_or(json!({}), |item| json!({"Item": item})))
            }
            (None, "PutItem") => self.put(input),
            (None, "DeleteItem") => self.delete(input),
            (None, "UpdateItem") => self.update(input),
            (None, other) => panic!("{other} is not there"),
        }
    }

    fn query(&self, input: &Value) -> Value {
        let values = &input["ExpressionAttributeValues"];
        let (from, to) = match input["KeyConditionExpression"].as_str() {
            Some("torrent = :torrent") => (Vec::new(), vec![0xff; 32]),
            Some("torrent = :torrent AND peer BETWEEN :from AND :to") => {
                (binary(&values[":from"]), binary(&values[":to"]))
            }
            other => panic!("{other:?} is not known"),
        };
        let torrent = binary(&values[":torrent"]);
        let limit = usize::try_from(input["Limit"].as_u64().expect("a limit")).expect("a number");
        let range = (torrent.clone(), from)..=(torrent, to);
        let found = self.items.range(range).map(|(_, item)| item);
        let read: Vec<&Value> = if input["ScanIndexForward"] == false {
            found.rev().take(limit).collect()
        } else {
            found.take(limit).collect()
        };
        let is_wanted = |item: &&&Value| match input["FilterExpression"].as_str() {
            None => true,
            Some("expires > :now") => number(&item["expires"]) > number(&values[":now"]),
            other => panic!("{other:?} is not known"),
        };
        let items: Vec<&&Value> = read.iter().filter(is_wanted).collect();
        let mut output = json!({"Items": items, "Count": items.len(), "ScannedCount": read.len()});
        // Like the real one, it does not look whether anything follows.
        if let Some(last) = read.last().filter(|_| read.len() == limit) {
            output["LastEvaluatedKey"] = json!({"torrent": last["torrent"], "peer": last["peer"]});
        }
        output
    }

    fn put(&mut self, input: &Value) -> (u16, Value) {
        let item = &input["Item"];
        let old = self.items.get(&key(item)).cloned();
        if !is_met(input, old.as_ref()) {
            return condition_failed();
        }
        self.items.insert(key(item), item.clone());
        (200, answer_with(input, old))
    }

    fn delete(&mut self, input: &Value) -> (u16, Value) {
        let key = key(&input["Key"]);
        if !is_met(input, self.items.get(&key)) {
            return condition_failed();
        }
        let old = self.items.remove(&key);
        (200, answer_with(input, old))
    }

    fn update(&mut self, input: &Value) -> (u16, Value) {
        let key = key(&input["Key"]);
        let old = self.items.get(&key).cloned();
        if !is_met(input, old.as_ref()) {
            return condition_failed();
        }
        let mut item = old.clone().unwrap_or_else(|| input["Key"].clone());
        let expression = input["UpdateExpression"].as_str().expect("an expression");
        let (set, removed) = expression.split_once(" REMOVE ").unwrap_or((expression, ""));
        if set == "ADD completed :one" {
            item["completed"] = json!({"N": (number(&item["completed"]) + 1).to_string()});
        } else {
            for pair in set.strip_prefix("SET ").expect("what to set").split(", ") {
                let (name, value) = pair.split_once(" = ").expect("a value");
                item[name] = input["ExpressionAttributeValues"][value].clone();
            }
        }
        for name in removed.split(", ") {
            item.as_object_mut().expect("an item").remove(name);
        }
        self.items.insert(key, item);
        (200, answer_with(input, old))
    }
}

/// Whether the condition of a write is met by the item that is there.
fn is_met(input: &Value, old: Option<&Value>) -> bool {
    let none = Value::Null;
    let (old, values) = (old.unwrap_or(&none), &input["ExpressionAttributeValues"]);
    let at_most = |name: &str, value: &str| number(&old[name]) <= number(&values[value]);
    let is_later = || old["up"].is_null() || at_most("up", ":up") && at_most("down", ":down");
    match input["ConditionExpression"].as_str() {
        None => true,
        Some("attribute_not_exists(torrent)") => old.is_null(),
        Some("attribute_exists(peer)") => !old.is_null(),
        Some("expires = :expires") => !old.is_null() && old["expires"] == values[":expires"],
        Some("attribute_not_exists(up) OR (up <= :up AND down <= :down)") => is_later(),
        Some("attribute_exists(ipv6) AND (attribute_not_exists(up) OR (up <= :up AND down <= :down))") => {
            !old["ipv6"].is_null() && is_later()
        }
        other => panic!("{other:?} is not known"),
    }
}

fn answer_with(input: &Value, old: Option<Value>) -> Value {
    match old {
        Some(old) if input["ReturnValues"] == "ALL_OLD" => json!({"Attributes": old}),
        _ => json!({}),
    }
}

fn number(value: &Value) -> u64 {
    value["N"].as_str().unwrap_or("0").parse().expect("a number")
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
