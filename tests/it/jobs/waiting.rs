//! Objects that no request can read: callers wait for the job that does, and there is one job for all of them.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object};
use tokio::time::sleep;

use super::{
    KIB, LENGTH, SPANS, content, reads,
    runner::{cleaned, run_job},
    serving,
};
use crate::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Answer, Function, function_url, worker},
};

const VARIABLES: [(&str, &str); 2] = [SPANS, ("INLINE_MAX_SIZE", "1048576")];
/// Callers are answered at once if the job does not end.
const IMPATIENT: [(&str, &str); 3] = [SPANS, VARIABLES[1], ("TIME_BUDGET_MS", "3000")];
const FAILED: Run = Run::Fail { error: "Failed", cause: "S3 denies access" };

async fn job(s3: &FakeS3) -> Run {
    Run::job(worker(s3, &VARIABLES).await, s3.client())
}

fn attempts(workflow: &FakeWorkflow) -> Vec<String> {
    let names = workflow.executions();
    assert!(names.iter().all(|name| name.len() > 41 && name[..40] == names[0][..40]), "{names:?}");
    names.iter().map(|name| name[41..].to_owned()).collect()
}

/// The message of an answer that asks to come again.
#[track_caller]
fn message(answer: &Answer) -> String {
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    answer.document().message
}

fn operations(workflow: &FakeWorkflow) -> Vec<String> {
    workflow.calls().into_iter().map(|(operation, _)| operation).collect()
}

/// Waits until Step Functions was called `count` times.
async fn called(workflow: &FakeWorkflow, operation: &str, count: usize) {
    while operations(workflow).iter().filter(|call| *call == operation).count() < count {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn all_who_ask_at_once_wait_for_one_job_and_get_the_torrent_of_a_request() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let functions =
        [Function::with_jobs(&s3, &workflow, &VARIABLES).await, Function::with_jobs(&s3, &workflow, &VARIABLES).await];
    let answers = join_all((0..20).map(|number| functions[number % 2].get("/data/a"))).await;
    assert_eq!(reads(&s3), 6, "each span is read once");
    let inline = Function::start(&s3, &[("SIDECAR_PREFIX", "inline/")]).await.get("/data/a").await;
    assert_eq!(inline.origin(), "object");
    for answer in answers {
        assert_eq!((answer.status, answer.origin()), (200, "job"), "{}", answer.text());
        assert_eq!(answer.body, inline.body);
    }
    assert_eq!(functions[0].get("/data/a").await.origin(), "sidecar");
    assert_eq!(attempts(&workflow), ["1"]);
    assert_eq!(workflow.inputs(), [json!({"bucket": "data", "key": "a", "etag": content().etag()})]);
    assert_eq!(cleaned(&s3, "data").await, ["a", "a.torrent", "inline/a.torrent"]);
}

#[tokio::test]
async fn callers_who_pay_differently_wait_for_one_job_and_are_told_how_much_is_done() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    let answer = function.get_with("/data/a", &[("x-amz-request-payer", "requester")]).await;
    assert!(message(&answer).contains("0 of 6 spans are hashed"), "{}", answer.text());
    assert_eq!((answer.header("retry-after"), answer.header("x-amz-retry-after")), (Some("5"), Some("5000")));
    assert_eq!(
        operations(&workflow),
        ["StartExecution", "DescribeExecution"],
        "the execution is looked at in intervals"
    );
    let id = workflow.executions()[0][..40].to_owned();
    for (spans, said) in [(0..4_u64, "4 of 6 spans are hashed. Try again."), (4..6, "all 6 spans are hashed")] {
        for number in spans {
            let (start, end) = (number * 524_288, (number + 1) * 524_288);
            s3.put("data", &format!("torrent-jobs/{id}/spans/{start:020}-{end:020}"), "x");
        }
        let text = message(&function.get("/data/a").await);
        assert!(text.contains(said), "{text}");
    }
    s3.fault(Matcher::any().when(|call| call.key.is_empty()), Fault::Delay(Duration::from_secs(10)));
    let hasty = [SPANS, VARIABLES[1], ("TIME_BUDGET_MS", "2000")];
    let text = message(&Function::with_jobs(&s3, &workflow, &hasty).await.get("/data/a").await);
    assert!(text.contains("there are 6 spans to hash"), "{text}");
    assert_eq!(attempts(&workflow), ["1"]);
    assert_eq!(reads(&s3), 0);
}

#[tokio::test]
async fn an_execution_is_looked_at_less_often_than_the_sidecar() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Function::with_jobs(&s3, &workflow, &[SPANS, VARIABLES[1], ("TIME_BUDGET_MS", "4000")]).await;
    let start = Instant::now();
    message(&function.get("/data/a").await);
    // Each 100 ms, and once at the end.
    let most = start.elapsed().as_millis() / 100 + 1;
    let looks = operations(&workflow).iter().filter(|call| *call == "DescribeExecution").count();
    assert!(looks as u128 <= most, "{looks} times");
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_three_times_an_hour() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([FAILED]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    for number in [1, 2, 3, 3, 3] {
        let text = message(&function.get("/data/a").await);
        assert!(text.contains("(Failed: S3 denies access)"), "{text}");
        assert_eq!(workflow.executions().len(), number);
    }
    assert!(message(&function.get("/data/a").await).contains("several times within the hour"));
    workflow.age(3_590.0);
    function.get("/data/a").await;
    assert_eq!(workflow.executions().len(), 3);
    // However many there were, the latest is found.
    for number in 4..=12 {
        workflow.age(3_600.0);
        function.get("/data/a").await;
        assert_eq!(workflow.executions().len(), number);
    }
}

#[tokio::test]
async fn a_caller_is_told_how_the_job_ended() {
    let whole = r#"{"errorType":"Failed","errorMessage":"S3 denies access","stackTrace":[]}"#;
    for (runs, text) in [
        (vec![Run::Succeed], "ended without storing the torrent. Try again."),
        (
            vec![Run::Fail { error: "Failed", cause: whole }],
            "failed (Failed: S3 denies access). Try again: the job then",
        ),
        (vec![Run::Fail { error: "ObjectChanged", cause: "it changed." }], "(ObjectChanged: it changed). Try again."),
        (vec![Run::Fail { error: "States.Runtime", cause: "arn:aws:states:x" }], "failed (States.Runtime). Try again"),
        (vec![FAILED, Run::Hold], "0 of 6 spans are hashed. The previous attempt failed (Failed: S3 denies access)."),
    ] {
        let s3 = serving(content()).await;
        let number = runs.len();
        let workflow = FakeWorkflow::start(runs).await;
        let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
        let mut said = String::new();
        for _ in 0..number {
            said = message(&function.get("/data/a").await);
        }
        assert!(said.contains(text), "{said}");
    }
}

#[tokio::test]
async fn a_job_whose_sidecar_is_gone_has_another_attempt_and_each_version_a_job_of_its_own() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    let workflow = FakeWorkflow::start([Run::Succeed, job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    s3.put("data", "a", content());
    message(&function.get("/data/a").await);
    assert_eq!(function.get("/data/a").await.origin(), "job");
    assert_eq!(attempts(&workflow), ["1", "2"]);
    for (number, content) in (3..).zip([content(), Content::random(LENGTH, 10)]) {
        s3.put("data", "a", content);
        assert_eq!(function.get("/data/a").await.origin(), "job");
        assert_eq!(workflow.executions().len(), number);
    }
}

#[tokio::test]
async fn head_starts_nothing_and_tells_whether_the_torrent_is_ready() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let head = function_url("HEAD", "/data/a", "torrent=", &[]);
    let answer = function.send(&head).await;
    assert_eq!((answer.status, answer.body.len()), (503, 0));
    assert_eq!(answer.header("x-amz-retry-after"), Some("5000"));
    assert!(workflow.calls().is_empty());
    let got = function.get("/data/a").await;
    let answer = function.send(&head).await;
    assert_eq!((answer.status, answer.origin(), answer.body.len()), (200, "sidecar", 0));
    assert_eq!(answer.header("etag"), got.header("etag"));
}

#[tokio::test]
async fn no_job_is_started_for_what_needs_none_or_may_have_none() {
    let taken = serving(content()).await;
    taken.put("data", "a.torrent", "the user's own");
    let limit = LENGTH.to_string();
    for (s3, limit, status, said) in [
        (serving(content()).await, &*limit, 200, "object"),
        (serving(Object::new(content()).parts(1024 * KIB)).await, "0", 200, "part-checksums"),
        (taken, "0", 400, "InvalidRequest"),
    ] {
        let workflow = FakeWorkflow::start([]).await;
        let function = Function::with_jobs(&s3, &workflow, &[SPANS, ("INLINE_MAX_SIZE", limit)]).await;
        let answer = function.get("/data/a").await;
        let code = if status == 200 { answer.origin().to_owned() } else { answer.error().1 };
        assert_eq!((answer.status, &*code), (status, said));
        assert!(workflow.calls().is_empty());
    }
}

#[tokio::test]
async fn the_role_the_version_and_who_pays_are_passed_on() {
    let buckets = [Bucket::private("data").versioned().requester_pays(), Bucket::private("kept")];
    let s3 = FakeS3::start(buckets).await;
    let version = s3.put("data", "a", content()).expect("a version");
    let variables = [VARIABLES.as_slice(), &[("ACCESS", "function-role"), ("SIDECAR_BUCKET", "kept")]].concat();
    let workflow = FakeWorkflow::start([Run::job(worker(&s3, &variables).await, s3.client())]).await;
    let function = Function::with_jobs(&s3, &workflow, &variables).await;
    let query = format!("torrent=&versionId={version}");
    let answer = function.send(&function_url("GET", "/data/a", &query, &[("x-amz-request-payer", "requester")])).await;
    assert_eq!(answer.origin(), "job", "{}", answer.text());
    let input = &workflow.inputs()[0];
    assert_eq!((&input["versionId"], &input["requesterPays"]), (&json!(version), &json!(true)));
    assert_eq!(cleaned(&s3, "kept").await, [format!("data/a.{version}.torrent")]);
}

#[tokio::test]
async fn a_workflow_that_is_busy_or_refuses_is_an_error_in_time() {
    for (status, code, error) in [
        (400, "ThrottlingException", (503, "SlowDown")),
        (503, "ServiceUnavailable", (503, "SlowDown")),
        (400, "StateMachineDoesNotExist", (500, "InternalError")),
        (400, "AccessDeniedException", (500, "InternalError")),
    ] {
        let s3 = serving(content()).await;
        let workflow = FakeWorkflow::start([Run::Hold]).await;
        workflow.refuse(status, code);
        let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
        assert_eq!(answer.error(), (error.0, error.1.to_owned()), "{code}");
    }
}

#[tokio::test]
async fn an_execution_that_cannot_be_seen_does_not_keep_the_torrent_from_its_caller() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &VARIABLES).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    workflow.stall("DescribeExecution");
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let client = s3.client();
    let job = async {
        called(&workflow, "DescribeExecution", 1).await;
        run_job(&worker, &client, json!({"bucket": "data", "key": "a"})).await.expect("a torrent");
    };
    let (answer, ()) = tokio::join!(function.get("/data/a"), job);
    assert_eq!((answer.status, answer.origin()), (200, "job"), "{}", answer.text());
}

#[tokio::test]
async fn a_workflow_that_is_busy_at_first_is_asked_again() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    workflow.refuse(400, "ThrottlingException");
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let recovery = async {
        // After the SDK's own retries.
        called(&workflow, "StartExecution", 4).await;
        workflow.recover();
    };
    let (answer, ()) = tokio::join!(function.get("/data/a"), recovery);
    assert_eq!(answer.origin(), "job", "{}", answer.text());
}

#[tokio::test]
async fn without_a_state_machine_or_an_answer_of_it_the_message_says_so() {
    let s3 = serving(content()).await;
    s3.fault(Matcher::get().key("a"), Fault::StallBody { after: 0, pause: None });
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    workflow.stall("StartExecution");
    let variables = [VARIABLES[1], ("TIME_BUDGET_MS", "1000")];
    for (function, said) in [
        (Function::start(&s3, &variables).await, "JOB_STATE_MACHINE_ARN"),
        (Function::with_jobs(&s3, &workflow, &variables).await, "could not be checked in time"),
    ] {
        let text = message(&function.get("/data/a").await);
        assert!(text.contains(said), "{text}");
    }
}
