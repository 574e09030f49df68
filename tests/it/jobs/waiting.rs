//! Objects that no request can read: the caller of one waits for the job that does, of which there is one.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation};
use tokio::time::sleep;

use super::runner::run_job;
use crate::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Function, function_url, worker},
};

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
/// Two pieces a span: six spans.
const VARIABLES: [(&str, &str); 2] = [("SPAN_SIZE", "524288"), ("INLINE_MAX_SIZE", "1048576")];
/// Waits for a second.
const IMPATIENT: [(&str, &str); 3] = [VARIABLES[0], VARIABLES[1], ("TIME_BUDGET_MS", "3000")];
const FAILED: Run = Run::Fail { error: "Failed", cause: "S3 denies access" };

fn content() -> Content {
    Content::cheap(LENGTH, 9)
}

async fn serving(object: impl Into<Object>) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", object);
    s3
}

async fn job(s3: &FakeS3) -> Run {
    Run::job(worker(s3, &VARIABLES).await, s3.client())
}

fn with<'a>(name: &'a str, value: &'a str) -> Vec<(&'a str, &'a str)> {
    let others = VARIABLES.into_iter().filter(|(variable, _)| *variable != name);
    others.chain([(name, value)]).collect()
}

fn reads(s3: &FakeS3) -> usize {
    s3.calls_of(Operation::GetObject).iter().filter(|call| call.key == "a").count()
}

fn attempts(workflow: &FakeWorkflow) -> Vec<String> {
    let names = workflow.executions();
    assert!(names.iter().all(|name| name.len() > 41 && name[..40] == names[0][..40]), "{names:?}");
    names.iter().map(|name| name[41..].to_owned()).collect()
}

#[tokio::test]
async fn a_caller_who_waits_gets_the_torrent_of_the_job() {
    let s3 = serving(Object::new(content())).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let answer = function.get("/data/a").await;
    assert_eq!((answer.status, answer.origin()), (200, "job"), "{}", answer.text());
    let inline = Function::start(&s3, &[("SIDECAR_PREFIX", "inline/")]).await.get("/data/a").await;
    assert_eq!((inline.origin(), &inline.body), ("object", &answer.body));
    assert_eq!(inline.header("x-torrent-info-hash"), answer.header("x-torrent-info-hash"));
    assert_eq!(function.get("/data/a").await.origin(), "sidecar");
    assert_eq!(attempts(&workflow), ["1"]);
    assert_eq!(workflow.inputs(), [json!({"bucket": "data", "key": "a", "etag": content().etag()})]);
    assert_eq!(s3.keys("data"), ["a", "a.torrent", "inline/a.torrent"]);
}

#[tokio::test]
async fn all_who_ask_at_once_start_one_job() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let functions =
        [Function::with_jobs(&s3, &workflow, &VARIABLES).await, Function::with_jobs(&s3, &workflow, &VARIABLES).await];
    let answers = join_all((0..40).map(|number| functions[number % 2].get("/data/a"))).await;
    for answer in answers {
        assert_eq!((answer.status, answer.origin()), (200, "job"), "{}", answer.text());
    }
    assert_eq!(attempts(&workflow), ["1"]);
    assert_eq!(reads(&s3), 6, "each span is read once");
}

#[tokio::test]
async fn a_caller_whose_time_is_over_is_told_how_much_is_done() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    let answer = function.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(answer.header("x-amz-retry-after"), Some("5000"));
    let message = answer.document().message;
    assert!(message.contains("0 of 6 spans are hashed"), "{message}");
    let id = workflow.executions()[0][..40].to_owned();
    for number in 0..4_u64 {
        let (start, end) = (number * 524_288, (number + 1) * 524_288);
        s3.put("data", &format!("torrent-jobs/{id}/spans/{start:020}-{end:020}"), "x");
    }
    let message = function.get("/data/a").await.document().message;
    assert!(message.contains("4 of 6 spans are hashed"), "{message}");
    assert_eq!(attempts(&workflow), ["1"]);
    assert_eq!(reads(&s3), 0);
}

#[tokio::test]
async fn progress_that_cannot_be_counted_is_left_out() {
    let s3 = serving(content()).await;
    s3.fault(Matcher::any().when(|call| call.key.is_empty()), Fault::access_denied());
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    assert!(answer.document().message.contains("6 spans to hash"), "{}", answer.text());
}

#[tokio::test]
async fn a_job_that_failed_is_tried_again_and_the_reason_told() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([FAILED, job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    let first = function.get("/data/a").await;
    assert_eq!(first.error(), (503, "SlowDown".to_owned()));
    assert!(first.document().message.contains("failed (Failed: S3 denies access)"), "{}", first.text());
    let patient = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    assert_eq!(patient.get("/data/a").await.origin(), "job");
    assert_eq!(attempts(&workflow), ["1", "2"]);
}

#[tokio::test]
async fn the_reason_of_an_earlier_failure_is_told_while_the_next_attempt_runs() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([FAILED, Run::Hold]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    function.get("/data/a").await;
    let message = function.get("/data/a").await.document().message;
    assert!(message.contains("0 of 6 spans are hashed. The previous attempt failed (Failed: S3"), "{message}");
}

#[tokio::test]
async fn a_job_that_keeps_failing_is_given_up_for_an_hour() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([FAILED]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    for _ in 0..5 {
        let answer = function.get("/data/a").await;
        assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
        assert!(answer.document().message.contains("(Failed: S3 denies access)"), "{}", answer.text());
    }
    assert_eq!(attempts(&workflow), ["1", "2", "3"]);
    assert!(function.get("/data/a").await.document().message.contains("several times within the hour"));
    workflow.age(3600.0);
    for _ in 0..5 {
        function.get("/data/a").await;
    }
    assert_eq!(attempts(&workflow), ["1", "2", "3", "4", "5", "6"]);
}

#[tokio::test]
async fn the_latest_of_many_attempts_is_found() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([FAILED]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    for number in 1..=12 {
        workflow.age(3600.0);
        function.get("/data/a").await;
        assert_eq!(workflow.executions().len(), number);
    }
}

#[tokio::test]
async fn a_job_that_leaves_no_torrent_is_no_torrent() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Succeed]).await;
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    assert!(answer.document().message.contains("ended without storing the torrent"), "{}", answer.text());
}

#[tokio::test]
async fn a_purged_sidecar_is_made_anew() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let first = function.get("/data/a").await;
    s3.delete("data", "a.torrent");
    let second = function.get("/data/a").await;
    assert_eq!((second.origin(), &second.body), ("job", &first.body), "{}", second.text());
    assert_eq!(attempts(&workflow), ["1", "2"]);
}

#[tokio::test]
async fn a_new_object_has_a_job_of_its_own() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    let first = function.get("/data/a").await;
    s3.put("data", "a", Content::cheap(LENGTH, 10));
    let second = function.get("/data/a").await;
    assert_eq!(second.origin(), "job", "{}", second.text());
    assert_ne!(first.body, second.body);
    assert_eq!(workflow.executions().len(), 2);
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
async fn smaller_objects_are_read_in_the_request() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let limit = LENGTH.to_string();
    let answer = Function::with_jobs(&s3, &workflow, &with("INLINE_MAX_SIZE", &limit)).await.get("/data/a").await;
    assert_eq!(answer.origin(), "object");
    assert!(workflow.calls().is_empty());
}

#[tokio::test]
async fn part_checksums_need_no_job() {
    let s3 = serving(Object::new(content()).parts(1024 * KIB)).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.origin(), "part-checksums");
    assert!(workflow.calls().is_empty());
}

#[tokio::test]
async fn without_a_state_machine_the_message_names_the_parameter() {
    let s3 = serving(content()).await;
    let answer = Function::start(&s3, &VARIABLES).await.get("/data/a").await;
    assert_eq!(answer.origin(), "object", "as far as the budget goes");
    s3.delete("data", "a.torrent");
    s3.fault(Matcher::get().key("a"), Fault::StallBody { after: 0, pause: None });
    let variables = with("TIME_BUDGET_MS", "1000");
    let answer = Function::start(&s3, &variables).await.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    assert!(answer.document().message.contains("JOB_STATE_MACHINE_ARN"), "{}", answer.text());
}

#[tokio::test]
async fn a_torrent_without_a_place_is_not_begun() {
    let s3 = serving(content()).await;
    s3.put("data", "a.torrent", "the user's own");
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
    assert!(workflow.calls().is_empty());
}

#[tokio::test]
async fn nobody_starts_a_job_for_what_they_may_not_read() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", content());
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.error(), (403, "AccessDenied".to_owned()));
    assert!(workflow.calls().is_empty());
}

#[tokio::test]
async fn private_objects_are_read_with_the_jobs_role() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", content());
    let variables = [VARIABLES.as_slice(), &[("ACCESS", "function-role")]].concat();
    let run = Run::job(worker(&s3, &variables).await, s3.client_of(&Identity::role()));
    let workflow = FakeWorkflow::start([run]).await;
    let answer = Function::with_jobs(&s3, &workflow, &variables).await.get("/data/a").await;
    assert_eq!(answer.origin(), "job", "{}", answer.text());
}

#[tokio::test]
async fn a_version_and_who_pays_are_passed_on() {
    let buckets = [Bucket::private("data").versioned().requester_pays(), Bucket::private("kept")];
    let s3 = FakeS3::start(buckets).await;
    let version = s3.put("data", "a", content()).expect("a version");
    let variables = [VARIABLES.as_slice(), &[("ACCESS", "function-role"), ("SIDECAR_BUCKET", "kept")]].concat();
    let run = Run::job(worker(&s3, &variables).await, s3.client());
    let workflow = FakeWorkflow::start([run]).await;
    let function = Function::with_jobs(&s3, &workflow, &variables).await;
    let query = format!("torrent=&versionId={version}");
    let event = function_url("GET", "/data/a", &query, &[("x-amz-request-payer", "requester")]);
    let answer = function.send(&event).await;
    assert_eq!(answer.origin(), "job", "{}", answer.text());
    let input: &Value = &workflow.inputs()[0];
    assert_eq!((&input["versionId"], &input["requesterPays"]), (&json!(version), &json!(true)));
    assert_eq!(s3.keys("kept"), [format!("data/a.{version}.torrent")]);
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
        let answer = Function::with_jobs(&s3, &workflow, &with("TIME_BUDGET_MS", "8000")).await.get("/data/a").await;
        assert_eq!(answer.error(), (error.0, error.1.to_owned()), "{code}");
    }
}

#[tokio::test]
async fn two_who_pay_differently_wait_for_one_job() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Function::with_jobs(&s3, &workflow, &IMPATIENT).await;
    let payer = function.get_with("/data/a", &[("x-amz-request-payer", "requester")]).await;
    let other = function.get("/data/a").await;
    for answer in [payer, other] {
        assert!(answer.document().message.contains("0 of 6 spans"), "{}", answer.text());
    }
    assert_eq!(attempts(&workflow), ["1"]);
}

#[tokio::test]
async fn the_same_bytes_put_again_are_another_version_with_a_job_of_its_own() {
    let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
    let workflow = FakeWorkflow::start([job(&s3).await]).await;
    let function = Function::with_jobs(&s3, &workflow, &VARIABLES).await;
    for number in 1..=5 {
        s3.put("data", "a", content());
        let answer = function.get("/data/a").await;
        assert_eq!(answer.origin(), "job", "{}", answer.text());
        assert_eq!(workflow.executions().len(), number);
    }
}

#[tokio::test]
async fn an_execution_that_cannot_be_seen_does_not_keep_the_torrent_from_its_caller() {
    let s3 = serving(content()).await;
    let worker = worker(&s3, &VARIABLES).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    workflow.stall("DescribeExecution");
    let function = Function::with_jobs(&s3, &workflow, &with("TIME_BUDGET_MS", "15000")).await;
    let client = s3.client();
    let job = async {
        // After the first look at the execution.
        sleep(Duration::from_secs(5)).await;
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
        sleep(Duration::from_secs(4)).await;
        workflow.recover();
    };
    let (answer, ()) = tokio::join!(function.get("/data/a"), recovery);
    assert_eq!(answer.origin(), "job", "{}", answer.text());
}

#[tokio::test]
async fn a_workflow_that_stalls_is_not_taken_for_an_object_that_is_read() {
    let s3 = serving(content()).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    workflow.stall("StartExecution");
    let answer = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await;
    assert_eq!(answer.error(), (503, "SlowDown".to_owned()));
    assert!(answer.document().message.contains("could not be checked in time"), "{}", answer.text());
}

#[tokio::test]
async fn a_functions_whole_answer_is_told_in_its_own_words() {
    let s3 = serving(content()).await;
    let cause = r#"{"errorType":"Failed","errorMessage":"S3 denies access","stackTrace":[]}"#;
    let workflow = FakeWorkflow::start([Run::Fail { error: "Failed", cause }]).await;
    let message = Function::with_jobs(&s3, &workflow, &IMPATIENT).await.get("/data/a").await.document().message;
    assert!(message.contains("failed (Failed: S3 denies access). Try again"), "{message}");
}
