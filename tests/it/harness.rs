//! A function that answers events, and its answers.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use get_object_torrent::{
    api::{self, Api},
    jobs::Worker,
    torrent::{Metainfo, PieceHash, Pieces},
};
use lambda_http::{Context, LambdaEvent, Service, request::LambdaRequest};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use test_s3::{Bucket, Content, FakeS3, Object};

pub(crate) use super::setup::{on_lambda, sdk};
use super::{fake_workflow::FakeWorkflow, setup::Setup};

/// The function, as it has started.
pub(crate) struct Function {
    api: Api,
    requests: AtomicU64,
    lambda: Arc<lambda_runtime::Config>,
}

/// An HTTP response, as API Gateway would send it on.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) is_base64: bool,
}

impl Function {
    pub(super) fn new(api: Api, lambda: Arc<lambda_runtime::Config>) -> Self {
        Self { api, requests: AtomicU64::new(0), lambda }
    }

    /// With these variables alone.
    pub(crate) async fn start(s3: &FakeS3, variables: &[(&str, &str)]) -> Self {
        Setup::new(s3).set_all(variables).function().await
    }

    /// The same, and large objects are left to the jobs of `workflow`.
    pub(crate) async fn with_jobs(s3: &FakeS3, workflow: &FakeWorkflow, variables: &[(&str, &str)]) -> Self {
        Setup::new(s3).set_all(variables).workflow(workflow).function().await
    }

    /// GET of `path` as it stands in a Function URL event, `?torrent` added.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(&function_url("GET", path, "torrent=", &[])).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(&function_url("GET", path, "torrent=", headers)).await
    }

    pub(crate) async fn head(&self, path: &str) -> Answer {
        self.send(&function_url("HEAD", path, "torrent", &[])).await
    }

    /// GET of a version.
    pub(crate) async fn get_version(&self, path: &str, id: &str) -> Answer {
        self.send(&function_url("GET", path, &format!("torrent&versionId={id}"), &[])).await
    }

    /// Status and code of the error that GET of `path` ends in.
    pub(crate) async fn error(&self, path: &str) -> (u16, String) {
        self.get(path).await.error()
    }

    /// Sends an event through all of the function: JSON in, JSON out.
    pub(crate) async fn send(&self, event: &Value) -> Answer {
        self.send_with_deadline(event, UNIX_EPOCH).await
    }

    /// As Lambda does, with the time by which the invocation is ended.
    pub(crate) async fn send_with_deadline(&self, event: &Value, deadline: SystemTime) -> Answer {
        Answer::from(self.invoke(event, deadline).await)
    }

    /// The response as Lambda gets it.
    pub(crate) async fn invoke(&self, event: &Value, deadline: SystemTime) -> Value {
        let payload: LambdaRequest = serde_json::from_str(&event.to_string()).expect("an event");
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut context = Context::default();
        context.request_id = format!("request-{number}");
        context.env_config = Arc::clone(&self.lambda);
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
        context.deadline = u64::try_from(deadline).expect("a time");
        let answer = api::service(self.api.clone()).call(LambdaEvent::new(payload, context)).await;
        let answer = answer.expect("a response, whatever happens");
        serde_json::to_value(&answer).expect("JSON")
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The torrent of a 200.
    #[track_caller]
    pub(crate) fn torrent(&self) -> Metainfo {
        assert_eq!(self.status, 200, "{}", self.text());
        Metainfo::from_bytes(&self.body).expect("a torrent")
    }

    pub(crate) fn origin(&self) -> &str {
        self.header("x-torrent-origin").unwrap_or_default()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Status and code of an error; its document is checked on the way.
    #[track_caller]
    pub(crate) fn error(&self) -> (u16, String) {
        let document = self.document();
        assert_eq!(document.request_id, self.header("x-amz-request-id").unwrap_or_default());
        assert!(!document.message.is_empty());
        assert_eq!(self.header("access-control-allow-origin"), Some("*"));
        (self.status, document.code)
    }

    /// S3's error document.
    #[track_caller]
    pub(crate) fn document(&self) -> ErrorDocument {
        assert_eq!(self.header("content-type"), Some("application/xml"), "{}", self.text());
        let text = self.text();
        assert!(text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>"), "{text}");
        quick_xml::de::from_str(&text).expect("well-formed XML")
    }
}

#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ErrorDocument {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) resource: String,
    pub(crate) request_id: String,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        let header = |(name, value): (&String, &Value)| {
            let value = value.as_array().map_or(value, |values| &values[0]);
            (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned())
        };
        let headers = ["headers", "multiValueHeaders"].into_iter().filter_map(|name| value[name].as_object());
        let body = value["body"].as_str().unwrap_or_default();
        let is_base64 = value["isBase64Encoded"].as_bool().unwrap_or_default();
        let body = if is_base64 { BASE64_STANDARD.decode(body).expect("base64") } else { body.as_bytes().to_vec() };
        let status = value["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok());
        Self { status: status.expect("a status"), headers: headers.flatten().map(header).collect(), body, is_base64 }
    }
}

/// The pieces as anyone would compute them.
pub(crate) fn model(content: &Content, piece_length: u64) -> Pieces {
    let starts = (0..content.length()).step_by(usize::try_from(piece_length).expect("a length"));
    let hash = |start: u64| -> PieceHash {
        let end = content.length().min(start + piece_length);
        Sha1::digest(content.slice(start..end)).into()
    };
    Pieces::from(starts.map(hash).collect::<Vec<_>>())
}

/// Whether `holds` comes true; the end of waiting is generous.
pub(crate) async fn eventually(holds: impl Fn() -> bool) -> bool {
    for _ in 0..500 {
        if holds() {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    false
}

/// A server that has `object` at `a` in the public bucket `data`.
pub(crate) async fn serving(object: impl Into<Object>) -> FakeS3 {
    serving_in(Bucket::public("data"), object).await
}

/// A server that has `object` at `a` in `bucket`, whose name is `data`.
pub(crate) async fn serving_in(bucket: Bucket, object: impl Into<Object>) -> FakeS3 {
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "a", object);
    s3
}

/// The job's function, with these variables alone.
pub(crate) async fn worker(s3: &FakeS3, variables: &[(&str, &str)]) -> Worker {
    Setup::new(s3).set_all(variables).worker().await
}

/// A Function URL event; `path` and `query` are as they came over the wire.
pub(crate) fn function_url(method: &str, path: &str, query: &str, headers: &[(&str, &str)]) -> Value {
    let domain = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws";
    version_2(domain, "$default", method, path, query, headers)
}

/// A version 2 event of any domain.
pub(crate) fn version_2(
    domain: &str,
    stage: &str,
    method: &str,
    path: &str,
    query: &str,
    headers: &[(&str, &str)],
) -> Value {
    let mut all = BTreeMap::from([("host", domain), ("x-forwarded-proto", "https")]);
    all.extend(headers.iter().copied());
    json!({
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": query,
        "headers": all,
        "requestContext": {
            "domainName": domain,
            "stage": stage,
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
            "timeEpoch": 0,
        },
        "isBase64Encoded": false,
    })
}
