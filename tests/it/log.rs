//! The log: one line a request, JSON, with the same fields always, and no secret at any level.

use std::{
    io,
    sync::{Arc, Mutex, Once},
};

use get_object_torrent::{logging, metrics::Metrics};
use serde_json::Value;
use test_s3::{FakeS3, Fault, Identity, Matcher};
use tracing_subscriber::filter::Targets;

use super::harness::{Function, function_url};

/// All fields of a request's line, beside those of every line.
const FIELDS: &str = "bucket bytes_read code duration_ms key name object_size_bytes objects origin piece_count \
                      presigned request_id s3_requests status version_id";

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
    let to = written.clone();
    let guard = tracing::subscriber::set_default(logging::subscriber(&filter, move || to.clone()));
    (written, guard)
}

const PATH: &str = "/data/a%0Ab";

async fn world() -> (FakeS3, Function) {
    let s3 = super::harness::serving("content").await;
    s3.put("data", "a\nb", "content");
    let function = Function::start(&s3, &[]).await;
    (s3, function)
}

/// The last line, which has all the fields of a request's line and no others.
#[track_caller]
fn last(written: &Written) -> Value {
    let line = written.lines().pop().expect("a line");
    assert_eq!(fields(&line), FIELDS);
    line
}

/// A line's own fields. Those of every line must be there, and `cause` in one of a fault.
#[track_caller]
pub(super) fn fields(line: &Value) -> String {
    let mut fields = line.as_object().expect("an object").clone();
    for name in ["level", "message", "target", "timestamp"] {
        assert!(fields.remove(name).is_some(), "{name} in {line}");
    }
    assert_eq!(fields.remove("cause").is_some(), line["level"] == "ERROR", "{line}");
    let mut names: Vec<_> = fields.into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.join(" ")
}

#[tokio::test]
async fn one_line_a_request_with_all_the_fields() {
    let (s3, function) = world().await;
    let (written, _guard) = capture("info");
    for (number, origin, bytes_read, s3_requests) in [(0, "object", 7, 4), (1, "sidecar", 0, 2)] {
        function.get(PATH).await.torrent();
        let line = last(&written);
        assert_eq!((written.lines().len(), &line["request_id"]), (number + 1, &format!("request-{number}").into()));
        for (field, value) in [
            ("bucket", Value::from("data")),
            ("key", "a\nb".into()),
            ("origin", origin.into()),
            ("status", 200.into()),
            ("code", "".into()),
            ("object_size_bytes", 7.into()),
            ("objects", 0.into()),
            ("piece_count", 1.into()),
            ("bytes_read", bytes_read.into()),
            ("s3_requests", s3_requests.into()),
            ("level", "INFO".into()),
        ] {
            assert_eq!(line[field], value, "{field}");
        }
    }
    for (method, path, status, code) in [
        ("PUT", "/data/a", 405, "MethodNotAllowed"),
        ("GET", "/data/%zz", 400, "InvalidURI"),
        ("OPTIONS", "/", 204, ""),
        ("GET", "/elsewhere/a", 403, "AccessDenied"),
    ] {
        function.send(&function_url(method, path, "torrent", &[])).await;
        let line = last(&written);
        assert_eq!((&line["status"], &line["code"]), (&status.into(), &code.into()), "{line}");
    }
    assert_eq!(written.lines().len(), 6);

    s3.fault(Matcher::any().key("a\nb"), Fault::error(409, "OddCode"));
    assert_eq!(function.get(PATH).await.status, 500);
    let line = last(&written);
    assert_eq!((&line["level"], &line["code"]), (&"ERROR".into(), &"InternalError".into()));
    assert!(line["cause"].as_str().is_some_and(|cause| cause.contains("OddCode")), "{line}");
    assert_eq!(written.text().lines().filter(|line| line.contains("OddCode")).count(), 1, "it is told once");
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level() {
    let (s3, function) = world().await;
    let (written, _guard) = capture("trace,aws_smithy_runtime=trace,aws_sigv4=trace,hyper=trace,lambda_runtime=trace");
    let headers = [("authorization", "AWS4-HMAC-SHA256 TOPSECRET"), ("x-amz-security-token", "TOKENSECRET")];
    let event = function_url("GET", PATH, "torrent&X-Amz-Signature=SIGNATURESECRET", &headers);
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
    let (s3, function) = world().await;
    s3.put("data", "a\nb.torrent", "the user's own");
    s3.fault(Matcher::get().key("a\nb").nth(1), Fault::CutBody(3));
    let (written, _guard) = capture("debug");
    function.get(PATH).await.torrent();
    let lines = written.lines();
    assert!(lines.iter().all(|line| line["request_id"] == "request-0"), "{lines:?}");
    let count = |level| lines.iter().filter(|line| line["level"] == level).count();
    assert_eq!((count("WARN"), count("INFO")), (1, 1), "{lines:?}");
    assert!(count("DEBUG") > 0);
}
