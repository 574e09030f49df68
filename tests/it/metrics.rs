//! The metrics: a line of CloudWatch's embedded metric format at the end of each request and task, whatever the log's
//! filter says, and nothing in it but a few words and numbers.

use get_object_torrent::metrics::{Directive, NAMESPACE, REQUEST};
use serde_json::{Value, json};
use test_s3::{FakeS3, Fault, Matcher};

use super::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{function_url, serving},
    log::{Written, capture},
    setup::Setup,
};

async fn server() -> FakeS3 {
    serving(vec![7; 600_000]).await
}

/// The lines of metrics, each checked to be what CloudWatch takes.
#[track_caller]
pub(super) fn lines(written: &Written, directives: &[Directive]) -> Vec<Value> {
    let lines: Vec<_> = written.lines().into_iter().filter(|line| line.get("_aws").is_some()).collect();
    for line in &lines {
        check(line, directives);
    }
    lines
}

/// The rules of the specification, and that all there is in a line is in the tables.
#[track_caller]
fn check(line: &Value, directives: &[Directive]) {
    assert!(line["_aws"]["Timestamp"].as_u64().is_some_and(|now| now > 1_700_000_000_000), "{line}");
    let defined = line["_aws"]["CloudWatchMetrics"].as_array().expect("directives");
    assert_eq!(defined.len(), directives.len(), "{line}");
    let mut members = vec!["_aws", "message", "request_id"];
    for (defined, directive) in defined.iter().zip(directives) {
        assert_eq!(defined["Namespace"], NAMESPACE);
        assert_eq!(defined["Dimensions"], json!([directive.dimensions]));
        for name in directive.dimensions {
            assert!(line[name].as_str().is_some_and(|value| !value.is_empty()), "{name} in {line}");
            members.push(name);
        }
        let metrics = defined["Metrics"].as_array().expect("metrics");
        assert!(!metrics.is_empty(), "{line}");
        for metric in metrics {
            let name = metric["Name"].as_str().expect("a name");
            let unit = metric["Unit"].as_str().expect("a unit");
            let (known, ..) =
                directive.metrics.iter().find(|known| (known.0, known.1) == (name, unit)).expect("a metric");
            assert!(line[name].is_u64(), "{name} in {line}");
            members.push(known);
        }
    }
    let object = line.as_object().expect("an object");
    assert!(object.keys().all(|key| members.contains(&key.as_str())), "{line}");
}

/// The last line's dimensions and counts, as far as `names` goes.
#[track_caller]
fn last(written: &Written, names: &[&str]) -> Value {
    let line = lines(written, &REQUEST).pop().expect("a line of metrics");
    names.iter().map(|name| ((*name).to_owned(), line[*name].clone())).collect()
}

#[tokio::test]
async fn one_line_a_request_by_origin_and_class_of_status() {
    let s3 = server().await;
    let (written, _guard) = capture("info");
    let function = Setup::new(&s3).on_lambda(written.metrics()).function().await;
    function.get("/data/a").await.torrent();
    let names = ["FunctionName", "Origin", "Status", "Requests", "BytesRead", "Errors", "SidecarFailures"];
    let read = json!({
        "FunctionName": "torrents", "Origin": "object", "Status": "2xx",
        "Requests": 1, "BytesRead": 600_000, "Errors": 0, "SidecarFailures": 0,
    });
    assert_eq!(last(&written, &names), read);
    function.get("/data/a").await.torrent();
    let names = ["Origin", "Status", "BytesRead", "TimeUsed"];
    let cached = json!({"Origin": "sidecar", "Status": "2xx", "BytesRead": 0, "TimeUsed": null});
    assert_eq!(last(&written, &names), cached);
    function.get_with("/data/a", &[("if-none-match", "*")]).await;
    assert_eq!(last(&written, &["Origin", "Status"]), json!({"Origin": "sidecar", "Status": "3xx"}));
    function.get("/data/missing").await;
    assert_eq!(last(&written, &["Origin", "Status"]), json!({"Origin": "none", "Status": "4xx"}));
    assert_eq!(lines(&written, &REQUEST).len(), 4);
    assert_eq!(written.lines().len(), 8, "each has its line in the log beside");
}

#[tokio::test]
async fn no_filter_of_the_log_hides_them_and_neither_bucket_nor_key_is_in_them() {
    let s3 = server().await;
    s3.put("data", "SECRETKEY", "content");
    for filter in ["off", "error", "get_object_torrent=off"] {
        let (written, _guard) = capture(filter);
        let function = Setup::new(&s3).on_lambda(written.metrics()).function().await;
        function.get("/data/SECRETKEY").await.torrent();
        let [line] = &lines(&written, &REQUEST)[..] else { panic!("one line") };
        assert_eq!((written.lines().len(), &line["request_id"]), (1, &"request-0".into()), "{filter}");
        let text = line.to_string();
        assert!(!text.contains("SECRETKEY") && !text.contains("\"data\""), "{text}");
    }
    // Outside of Lambda there are none.
    let (written, _guard) = capture("info");
    Setup::new(&s3).function().await.get("/data/a").await.torrent();
    assert_eq!((lines(&written, &REQUEST).len(), written.lines().len()), (0, 1));
}

#[tokio::test]
async fn a_failure_behind_a_5xx_is_an_error_and_what_anyone_may_ask_in_vain_is_none() {
    let s3 = server().await;
    let (written, _guard) = capture("info");
    let function = Setup::new(&s3).on_lambda(written.metrics()).function().await;
    for (method, path, query, status) in [
        ("GET", "/", "", 501),
        ("PUT", "/data/a", "torrent", 405),
        ("GET", "/data/%zz", "torrent", 400),
        ("OPTIONS", "/", "", 204),
    ] {
        assert_eq!(function.send(&function_url(method, path, query, &[])).await.status, status);
        assert_eq!(last(&written, &["Errors", "Origin"]), json!({"Errors": 0, "Origin": "none"}), "{path}");
    }
    assert!(written.lines().iter().all(|line| line["level"] != "ERROR"));
    s3.fault(Matcher::any().key("a"), Fault::error(409, "OddCode"));
    assert_eq!(function.get("/data/a").await.status, 500);
    assert_eq!(last(&written, &["Status", "Errors"]), json!({"Status": "5xx", "Errors": 1}));
}

#[tokio::test]
async fn to_wait_for_a_job_is_neither_an_error_nor_slow_and_to_read_for_too_long_is_both() {
    let s3 = server().await;
    let (written, _guard) = capture("info");
    let setup = || Setup::new(&s3).on_lambda(written.metrics()).set("TIME_BUDGET_MS", "1000");
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = setup().workflow(&workflow).set("INLINE_MAX_SIZE", "1000").function().await;
    assert_eq!(function.get("/data/a").await.status, 503);
    let waited = json!({"Status": "5xx", "Errors": 0, "TimeUsed": null});
    assert_eq!(last(&written, &["Status", "Errors", "TimeUsed"]), waited);
    assert!(written.lines().iter().all(|line| line["level"] != "ERROR"), "{}", written.text());

    let function = setup().set("RANGE_SIZE", "262144").set("FETCH_CONCURRENCY", "1").function().await;
    s3.fault(Matcher::get().key("a"), Fault::StallBody { after: 100_000, pause: None });
    assert_eq!(function.get("/data/a").await.status, 503);
    let line = last(&written, &["Errors", "TimeUsed"]);
    assert_eq!(line["Errors"], 1);
    assert!(line["TimeUsed"].as_u64().is_some_and(|percent| percent >= 100), "{line}");
}

/// As METRICS says: 1 where there was a warning about the sidecar, and never for what is not there.
#[tokio::test]
async fn a_sidecar_that_fails_fails_no_request_and_counts_as_one_failure() {
    let s3 = server().await;
    let long = "k".repeat(1020);
    let keys = ["read", "write", "foreign", &long];
    for key in keys {
        s3.put("data", key, "content");
    }
    for key in ["foreign.torrent", "missing.torrent"] {
        s3.put("data", key, "the user's own");
    }
    s3.fault(Matcher::get().key("read.torrent"), Fault::error(400, "OddCode"));
    s3.fault(Matcher::put().key("write.torrent"), Fault::access_denied());
    let (written, _guard) = capture("info");
    let function = Setup::new(&s3).on_lambda(written.metrics()).function().await;
    let failing = keys.map(|key| (key, 200, 1));
    let others = [("a", 200, 0), ("missing", 403, 0), (&format!("m{long}"), 403, 0)];
    for (key, status, failures) in failing.into_iter().chain(others) {
        assert_eq!(function.get(&format!("/data/{key}")).await.status, status, "{key}");
        assert_eq!(last(&written, &["SidecarFailures"]), json!({"SidecarFailures": failures}), "{key}");
    }
}
