//! The log: one line a request, JSON, with the same fields always, and no secret at any level.

use std::{
    io,
    sync::{Arc, Mutex, Once},
};

use get_object_torrent::{logging, metrics::Metrics};
use serde_json::Value;
use test_s3::{Bucket, FakeS3, Fault, Identity, Matcher};
use tracing_subscriber::{filter::Targets, fmt::MakeWriter};

use super::harness::{Function, function_url};

const FIELDS: [&str; 12] = [
    "bucket",
    "key",
    "version_id",
    "presigned",
    "origin",
    "object_size_bytes",
    "piece_count",
    "bytes_read",
    "s3_requests",
    "duration_ms",
    "status",
    "code",
];

#[derive(Clone, Default)]
pub(super) struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log's lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'writer> MakeWriter<'writer> for Written {
    type Writer = Self;

    fn make_writer(&'writer self) -> Self {
        self.clone()
    }
}

impl Written {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("the log's lock").clone()).expect("UTF-8")
    }

    /// Metrics that are written here.
    pub(super) fn metrics(&self) -> Metrics {
        let written = self.clone();
        Metrics::to(move |line| {
            written.0.lock().expect("the log's lock").extend_from_slice(line.as_bytes());
        })
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        self.text().lines().map(|line| serde_json::from_str(line).expect("a JSON object a line")).collect()
    }
}

/// Lets somebody always listen. A line that is met for the first time where nobody does may stay silent for those who
/// begin to listen at that moment.
pub(super) fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let all = "trace".parse().expect("a filter");
        // Fails where another test listens for all.
        let _ = tracing::subscriber::set_global_default(logging::subscriber(&all, io::sink));
    });
}

/// What is logged from now on, on this thread.
pub(super) fn capture(filter: &str) -> (Written, tracing::subscriber::DefaultGuard) {
    let written = Written::default();
    let filter: Targets = filter.parse().expect("a filter");
    let guard = tracing::subscriber::set_default(logging::subscriber(&filter, written.clone()));
    (written, guard)
}

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a\nb", "content");
    s3
}

#[tokio::test]
async fn one_line_a_request_with_all_the_fields() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("info");
    function.get("/data/a%0Ab").await.torrent();
    let lines = written.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let line = &lines[0];
    for field in FIELDS {
        assert!(line.get(field).is_some(), "{field} is missing in {line}");
    }
    assert_eq!((&line["bucket"], &line["key"]), (&"data".into(), &"a\nb".into()));
    assert_eq!((&line["origin"], &line["status"], &line["code"]), (&"object".into(), &200.into(), &"".into()));
    assert_eq!((&line["object_size_bytes"], &line["bytes_read"]), (&7.into(), &7.into()));
    assert_eq!((&line["piece_count"], &line["s3_requests"]), (&1.into(), &4.into()));
    assert_eq!((&line["request_id"], &line["level"]), (&"request-0".into(), &"INFO".into()));
    function.get("/data/a%0Ab").await.torrent();
    let line = written.lines().pop().expect("a line");
    assert_eq!((&line["origin"], &line["bytes_read"], &line["s3_requests"]), (&"sidecar".into(), &0.into(), &2.into()));
}

#[tokio::test]
async fn refusals_have_their_line_too() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("info");
    for (method, path, status, code) in [
        ("PUT", "/data/a", 405, "MethodNotAllowed"),
        ("GET", "/data/%zz", 400, "InvalidURI"),
        ("OPTIONS", "/", 204, ""),
        ("GET", "/elsewhere/a", 403, "AccessDenied"),
    ] {
        function.send(&function_url(method, path, "torrent", &[])).await;
        let line = written.lines().pop().expect("a line");
        assert_eq!((&line["status"], &line["code"]), (&status.into(), &code.into()), "{line}");
        assert!(FIELDS.iter().all(|field| line.get(field).is_some()), "{line}");
    }
    assert_eq!(written.lines().len(), 4);
}

#[tokio::test]
async fn the_cause_of_a_5xx_is_told_once() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    s3.fault(Matcher::any().key("a\nb"), Fault::error(409, "OddCode"));
    let (written, _guard) = capture("info");
    assert_eq!(function.get("/data/a%0Ab").await.status, 500);
    let text = written.text();
    assert_eq!(text.lines().filter(|line| line.contains("OddCode")).count(), 1, "{text}");
    let line = written.lines().pop().expect("a line");
    assert_eq!((&line["level"], &line["code"]), (&"ERROR".into(), &"InternalError".into()));
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("OddCode")), "{line}");
}

#[tokio::test]
async fn an_object_of_the_users_in_the_sidecars_place_is_one_warning() {
    let s3 = server().await;
    s3.put("data", "a\nb.torrent", "the user's own");
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("info");
    function.get("/data/a%0Ab").await.torrent();
    let lines = written.lines();
    let warnings: Vec<_> = lines.iter().filter(|line| line["level"] == "WARN").collect();
    assert_eq!((warnings.len(), lines.len()), (1, 2), "{lines:?}");
    assert!(lines.iter().all(|line| line["request_id"] == "request-0"), "{lines:?}");
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("trace,aws_smithy_runtime=trace,aws_sigv4=trace,hyper=trace,lambda_runtime=trace");
    let headers = [("authorization", "AWS4-HMAC-SHA256 TOPSECRET"), ("x-amz-security-token", "TOKENSECRET")];
    let event = function_url("GET", "/data/a%0Ab", "torrent&X-Amz-Signature=SIGNATURESECRET", &headers);
    function.send(&event).await.torrent();
    s3.fault(Matcher::any(), Fault::internal_error());
    assert_eq!(function.send(&event).await.status, 503);
    let text = written.text();
    let Identity { access_key, secret_key, session_token } = Identity::role();
    let own = [access_key, secret_key, session_token.unwrap_or_default()];
    let theirs = ["TOPSECRET", "TOKENSECRET", "SIGNATURESECRET", "AWS4-HMAC", "Signature="].map(str::to_owned);
    for secret in own.iter().chain(&theirs).filter(|secret| !secret.is_empty()) {
        assert!(!text.contains(secret.as_str()), "{secret} in {text}");
    }
    assert!(written.lines().len() >= 2);
}

#[tokio::test]
async fn every_line_of_a_request_has_its_id_even_from_the_reads() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    s3.fault(Matcher::get().key("a\nb").nth(1), Fault::CutBody(3));
    let (written, _guard) = capture("debug");
    function.get("/data/a%0Ab").await.torrent();
    let lines = written.lines();
    assert!(lines.len() >= 2, "{lines:?}");
    assert!(lines.iter().all(|line| line["request_id"] == "request-0"), "{lines:?}");
}
