//! The log of the requests, and how many GETs were served at once.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use hyper::{HeaderMap, Method, Uri, http::request::Parts};
use percent_encoding::percent_decode_str;

use crate::hosts;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `HEAD` of an object.
    HeadObject,
    /// `GET` of an object.
    GetObject,
    /// `PUT` of an object, or of a part of an upload.
    PutObject,
    /// `GET` with `?attributes`.
    GetObjectAttributes,
    /// `GET` with `?torrent`, which the function must never send on to S3.
    GetObjectTorrent,
    /// `GET` of a bucket with `?list-type=2`.
    ListObjects,
    /// Any other request.
    Other,
}

/// A request and its answer, as the server's log keeps them.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it asks for.
    pub operation: Operation,
    /// The bucket, from the path or from the host's name.
    pub bucket: String,
    /// The key, percent-decoded.
    pub key: String,
    /// The value of `versionId`.
    pub version_id: Option<String>,
    /// The first and the last byte, as in `Range: bytes=first-last`.
    pub range: Option<(u64, u64)>,
    /// The value of `If-Match`.
    pub if_match: Option<String>,
    /// The access key that the request names, whether or not its signature is right.
    pub signed: Option<String>,
    /// The query, as it was sent.
    pub query: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// The status of the answer, once it has begun.
    pub status: Option<u16>,
    /// How many bytes of the answer's body were sent so far.
    pub bytes_sent: u64,
}

impl Call {
    pub(super) fn read(request: &Parts) -> Self {
        let header = |name| text(&request.headers, name);
        let host = header("host");
        let path = request.uri.path();
        let path = path.strip_prefix('/').unwrap_or(path);
        let (bucket, key) = match host.as_deref().and_then(hosts::parse) {
            Some((Some(bucket), _)) => (bucket, path),
            _ => path.split_once('/').unwrap_or((path, "")),
        };
        Self {
            operation: operation(&request.method, key, &request.uri),
            bucket: bucket.into(),
            key: decode(key),
            version_id: query_value(&request.uri, "versionId"),
            range: header("range").as_deref().and_then(parse_range),
            if_match: header("if-match"),
            signed: access_key(request),
            query: request.uri.query().unwrap_or_default().into(),
            headers: request.headers.clone(),
            status: None,
            bytes_sent: 0,
        }
    }

    /// Returns a header's value, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// All calls, in the order they came.
#[derive(Debug, Default)]
pub(super) struct CallLog {
    calls: Mutex<Vec<Arc<Mutex<Call>>>>,
    gets: AtomicUsize,
    peak_gets: AtomicUsize,
}

impl CallLog {
    pub(super) fn calls(&self) -> Vec<Call> {
        let calls = self.calls.lock().expect("the log's lock");
        let copy = |call: &Arc<Mutex<Call>>| call.lock().expect("the call's lock").clone();
        calls.iter().map(copy).collect()
    }

    /// Forgets all calls so far, and the peak.
    pub(super) fn clear(&self) {
        self.calls.lock().expect("the log's lock").clear();
        self.peak_gets.store(self.active_gets(), Ordering::SeqCst);
    }

    pub(super) fn active_gets(&self) -> usize {
        self.gets.load(Ordering::SeqCst)
    }

    pub(super) fn peak_gets(&self) -> usize {
        self.peak_gets.load(Ordering::SeqCst)
    }

    /// Logs a call.
    pub(super) fn begin(self: &Arc<Self>, call: Call) -> Ticket {
        let is_get = call.operation == Operation::GetObject;
        let call = Arc::new(Mutex::new(call));
        self.calls.lock().expect("the log's lock").push(Arc::clone(&call));
        if is_get {
            let now = self.gets.fetch_add(1, Ordering::SeqCst) + 1;
            self.peak_gets.fetch_max(now, Ordering::SeqCst);
        }
        Ticket { log: Arc::clone(self), call, is_get }
    }
}

/// A call that is being served, until the last byte of its answer is sent or the client is gone.
pub(super) struct Ticket {
    log: Arc<CallLog>,
    call: Arc<Mutex<Call>>,
    is_get: bool,
}

impl Ticket {
    pub(super) fn answered(&self, status: u16) {
        self.call.lock().expect("the call's lock").status = Some(status);
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.call.lock().expect("the call's lock").bytes_sent += bytes as u64;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if self.is_get {
            self.log.gets.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// The decoded value of a query parameter.
pub(super) fn query_value(uri: &Uri, name: &str) -> Option<String> {
    query_pairs(uri).find(|(key, _)| *key == name).map(|(_, value)| decode(value))
}

fn query_pairs(uri: &Uri) -> impl Iterator<Item = (&str, &str)> {
    let pairs = uri.query().unwrap_or_default().split('&');
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn operation(method: &Method, key: &str, uri: &Uri) -> Operation {
    let asks = |name| query_pairs(uri).any(|(key, _)| key == name);
    let plain = !["uploads", "uploadId", "acl", "tagging"].into_iter().any(asks);
    let lists = query_pairs(uri).any(|pair| pair == ("list-type", "2"));
    match *method {
        Method::GET if key.is_empty() && lists => Operation::ListObjects,
        _ if key.is_empty() => Operation::Other,
        Method::GET if asks("attributes") => Operation::GetObjectAttributes,
        Method::GET if asks("torrent") => Operation::GetObjectTorrent,
        Method::HEAD => Operation::HeadObject,
        Method::GET if plain => Operation::GetObject,
        Method::PUT if plain => Operation::PutObject,
        _ => Operation::Other,
    }
}

fn parse_range(header: &str) -> Option<(u64, u64)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// Returns the access key, with the scope in version 4: `KEY/DATE/REGION/s3/aws4_request`.
pub(super) fn credential(request: &Parts) -> Option<String> {
    let header = text(&request.headers, "authorization");
    match &header {
        Some(header) => Some(header.split_once("Credential=")?.1.split(',').next()?.to_owned()),
        None => query_value(&request.uri, "X-Amz-Credential").or_else(|| query_value(&request.uri, "AWSAccessKeyId")),
    }
}

fn access_key(request: &Parts) -> Option<String> {
    Some(credential(request)?.split('/').next()?.to_owned())
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}
