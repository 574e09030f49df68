//! Buckets in other regions than the function's: S3 says where they are, and they are followed there.

use aws_sdk_s3::Client;
use serde_json::json;
use test_s3::{Bucket, Call, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Answer, Function, model, worker_at_aws},
    jobs::runner::{end, hash, items, plan},
    presigned::{get, presign},
};

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
const MODES: [&str; 2] = ["public-read", "function-role"];
const SPANS: [(&str, &str); 2] = [("SPAN_SIZE", "524288"), ("INLINE_MAX_SIZE", "1048576")];

fn content() -> Content {
    Content::cheap(LENGTH, 3)
}

async fn serving(bucket: Bucket) -> FakeS3 {
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "dir/a", content());
    s3
}

/// `data`, in Ireland; the function is in Virginia.
async fn elsewhere() -> FakeS3 {
    serving(Bucket::public("data").in_region("eu-west-1")).await
}

async fn at_aws(s3: &FakeS3, variables: &[(&str, &str)]) -> Function {
    Function::at_aws(s3, variables, Some(&Identity::role())).await
}

fn web_seeds(answer: &Answer) -> Vec<String> {
    answer.torrent().web_seeds
}

fn in_ireland() -> [&'static str; 3] {
    [
        "https://data.s3.eu-west-1.amazonaws.com/dir/a",
        "https://s3.eu-west-1.amazonaws.com/data/dir/a",
        "https://s3.dualstack.eu-west-1.amazonaws.com/data/dir/a",
    ]
}

fn refused(s3: &FakeS3) -> Vec<Call> {
    s3.calls().into_iter().filter(|call| matches!(call.status, Some(301 | 400))).collect()
}

#[track_caller]
fn assert_right(answer: &Answer) {
    let info = answer.torrent().info;
    assert_eq!((info.length, info.pieces), (LENGTH, model(&content(), info.piece_length)));
}

#[tokio::test]
async fn a_bucket_elsewhere_is_followed_and_its_web_seeds_are_there() {
    for mode in MODES {
        let s3 = elsewhere().await;
        let function = at_aws(&s3, &[("ACCESS", mode)]).await;
        let answer = function.get("/data/dir/a").await;
        assert_right(&answer);
        assert_eq!((answer.origin(), web_seeds(&answer)), ("object", in_ireland().map(str::to_owned).to_vec()));
        assert_eq!(s3.keys("data"), ["dir/a", "dir/a.torrent"], "{mode}");
        // HEAD and sidecar, side by side.
        assert_eq!(refused(&s3).len(), 2, "{mode}");
        for call in s3.calls() {
            let region = if call.status == Some(301) { "us-east-1" } else { "eu-west-1" };
            assert_eq!(call.host, format!("data.s3.{region}.amazonaws.com"), "{mode}");
        }
    }
}

#[tokio::test]
async fn the_region_is_kept_in_mind() {
    let s3 = elsewhere().await;
    let function = at_aws(&s3, &[]).await;
    let first = function.get("/data/dir/a").await;
    s3.clear_calls();
    let second = function.get("/data/dir/a").await;
    assert_eq!((second.origin(), &second.body), ("sidecar", &first.body));
    assert_eq!((refused(&s3).len(), s3.calls().len()), (0, 2));
}

#[tokio::test]
async fn a_bucket_at_home_is_asked_at_once() {
    let s3 = serving(Bucket::public("data").in_region("us-east-1")).await;
    let answer = at_aws(&s3, &[]).await.get("/data/dir/a").await;
    assert_right(&answer);
    assert_eq!(web_seeds(&answer)[0], "https://data.s3.us-east-1.amazonaws.com/dir/a");
    assert!(refused(&s3).is_empty());
}

#[tokio::test]
async fn without_credentials_it_is_followed_too() {
    let s3 = elsewhere().await;
    let answer = Function::at_aws(&s3, &[], None).await.get("/data/dir/a").await;
    assert_right(&answer);
    assert_eq!((web_seeds(&answer)[0].as_str(), s3.keys("data")), (in_ireland()[0], vec!["dir/a".to_owned()]));
}

#[tokio::test]
async fn a_name_with_dots_is_followed_in_the_path() {
    let s3 = FakeS3::start([Bucket::public("my.data").in_region("eu-west-1")]).await;
    s3.put("my.data", "a", content());
    let answer = at_aws(&s3, &[("BUCKETS", "my.data")]).await.get("/my.data/a").await;
    assert_right(&answer);
    assert_eq!(web_seeds(&answer)[0], "https://s3.eu-west-1.amazonaws.com/my.data/a");
}

#[tokio::test]
async fn sidecars_may_lie_in_a_third_region() {
    let s3 = elsewhere().await;
    s3.add(Bucket::private("cache").in_region("ap-southeast-2"));
    let function = at_aws(&s3, &[("SIDECAR_BUCKET", "cache")]).await;
    let answer = function.get("/data/dir/a").await;
    assert_eq!(web_seeds(&answer)[0], in_ireland()[0]);
    assert_eq!((s3.keys("data"), s3.keys("cache")), (vec!["dir/a".into()], vec!["data/dir/a.torrent".into()]));
    assert_eq!(function.get("/data/dir/a").await.origin(), "sidecar");
}

#[tokio::test]
async fn part_checksums_are_asked_for_there() {
    let s3 = elsewhere().await;
    s3.put("data", "dir/a", Object::new(content()).parts(512 * KIB));
    let answer = at_aws(&s3, &[]).await.get("/data/dir/a").await;
    assert_right(&answer);
    assert_eq!(answer.origin(), "part-checksums");
}

#[tokio::test]
async fn one_endpoint_for_all_regions_is_told_the_right_one_in_the_signature() {
    for mode in MODES {
        let s3 = elsewhere().await;
        let function = Function::start(&s3, &[("ACCESS", mode)]).await;
        let answer = function.get("/data/dir/a").await;
        assert_right(&answer);
        assert_eq!(web_seeds(&answer), in_ireland(), "{mode}");
        assert_eq!(s3.keys("data"), ["dir/a", "dir/a.torrent"], "{mode}");
        assert!(refused(&s3).iter().all(|call| call.status == Some(400)));
    }
}

#[tokio::test]
async fn a_bucket_that_moves_is_followed_again() {
    let s3 = elsewhere().await;
    let function = at_aws(&s3, &[]).await;
    function.get("/data/dir/a").await;
    s3.alter("data", |bucket| bucket.in_region("us-west-2"));
    let answer = function.get("/data/dir/a").await;
    assert_right(&answer);
    // Only the web seeds are others.
    assert_eq!(
        (answer.origin(), web_seeds(&answer)[0].as_str()),
        ("sidecar", "https://data.s3.us-west-2.amazonaws.com/dir/a")
    );
    s3.alter("data", |bucket| bucket.in_region("us-east-1"));
    assert_eq!(web_seeds(&function.get("/data/dir/a").await)[0], "https://data.s3.us-east-1.amazonaws.com/dir/a");
}

#[tokio::test]
async fn what_is_refused_there_is_refused_here() {
    let s3 = elsewhere().await;
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "secret", Rights::READ));
    s3.put("data", "secret", content());
    let function = at_aws(&s3, &[]).await;
    assert_eq!(function.get("/data/secret").await.error(), (403, "AccessDenied".into()));
    assert_eq!(function.get("/data/missing").await.error(), (403, "AccessDenied".into()));
    let role = at_aws(&s3, &[("ACCESS", "function-role")]).await;
    assert_eq!(role.get("/data/missing").await.error(), (404, "NoSuchKey".into()));
    assert_eq!(s3.keys("data"), ["dir/a", "secret"]);
}

#[tokio::test]
async fn it_goes_on_over_faults() {
    let s3 = elsewhere().await;
    s3.fault(Matcher::get().key("dir/a").nth(1), Fault::CutBody(40_000));
    s3.fault(Matcher::head().nth(2), Fault::slow_down());
    assert_right(&at_aws(&s3, &[]).await.get("/data/dir/a").await);
}

#[tokio::test]
async fn redirects_without_end_or_to_nowhere_are_an_internal_error() {
    for region in ["eu-west-1", "us-east-1", "cn-north-1", "evil.example/x"] {
        let s3 = elsewhere().await;
        for fault in [
            Fault::Answer { status: 301, body: String::new() },
            Fault::Header { name: "x-amz-bucket-region", value: Some(region.to_owned()) },
        ] {
            s3.fault(Matcher::any(), fault);
        }
        let function = Function::start(&s3, &[]).await;
        let answer = function.get("/data/dir/a").await;
        assert_eq!(answer.error(), (500, "InternalError".into()), "{region}");
        assert_eq!(answer.header("location"), None);
        assert!(s3.calls().len() <= 6, "{region}: {}", s3.calls().len());
    }
}

#[tokio::test]
async fn a_job_reads_it_where_it_is_and_keeps_its_work_at_home() {
    let s3 = elsewhere().await;
    s3.add(Bucket::private("cache").in_region("us-east-1"));
    let variables = [SPANS[0], SPANS[1], ("SIDECAR_BUCKET", "cache")];
    let worker = worker_at_aws(&s3, &variables).await;
    let plan = plan(&worker, json!({"bucket": "data", "key": "dir/a"})).await;
    let items = items(&s3.client(), &plan).await;
    assert_eq!(items.len(), 6);
    for span in items {
        // Each in a process of its own.
        hash(&worker_at_aws(&s3, &variables).await, &plan, &span).await.expect("a fragment");
    }
    end(&worker, "assemble", &plan).await.expect("a sidecar");
    end(&worker, "clean", &plan).await.expect("nothing left");
    assert_eq!((s3.keys("data"), s3.keys("cache")), (vec!["dir/a".into()], vec!["data/dir/a.torrent".into()]));
    let answer = at_aws(&s3, &[("SIDECAR_BUCKET", "cache")]).await.get("/data/dir/a").await;
    assert_right(&answer);
    assert_eq!((answer.origin(), web_seeds(&answer)), ("sidecar", in_ireland().map(str::to_owned).to_vec()));
}

#[tokio::test]
async fn no_job_is_started_whose_work_step_functions_could_not_read() {
    let s3 = elsewhere().await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Function::at_aws_with_jobs(&s3, &workflow, &SPANS).await;
    let answer = function.get("/data/dir/a").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.document().message.contains("SIDECAR_BUCKET"), "{}", answer.text());
    assert!(workflow.executions().is_empty());
    let worker = worker_at_aws(&s3, &SPANS).await;
    let input = json!({"bucket": "data", "key": "dir/a", "quiet": true});
    assert_eq!(plan(&worker, input).await["status"], "done");
    assert_eq!(s3.keys("data"), ["dir/a"]);
}

/// Signed for `region`, at its own host.
async fn presigned(s3: &FakeS3, region: &'static str) -> String {
    presigned_at(s3, region, &format!("https://s3.{region}.amazonaws.com"), true).await
}

async fn presigned_at(s3: &FakeS3, region: &'static str, endpoint: &str, path_style: bool) -> String {
    let config = s3.client().config().to_builder().region(aws_config::Region::new(region));
    let config = config.endpoint_url(endpoint).force_path_style(path_style);
    let request = Client::from_conf(config.build()).get_object().bucket("data").key("dir/a");
    presign(request).await
}

async fn get_by(function: &Function, url: &str) -> Answer {
    get(function, "/data/dir/a", url).await
}

fn reads(s3: &FakeS3) -> Vec<Call> {
    let calls = s3.calls_of(Operation::GetObject);
    calls.into_iter().filter(|call| call.key == "dir/a").collect()
}

#[tokio::test]
async fn a_presigned_url_goes_by_its_own_host_and_the_torrent_by_the_buckets_region() {
    let role = Identity::role();
    let elsewhere = [("SIDECAR_BUCKET", "cache")];
    for (variables, identity) in [(&[][..], Some(&role)), (&elsewhere[..], Some(&role)), (&[][..], None)] {
        let s3 = serving(Bucket::private("data").in_region("eu-west-1")).await;
        s3.add(Bucket::private("cache").in_region("us-east-1"));
        let function = Function::at_aws(&s3, variables, identity).await;
        let url = presigned(&s3, "eu-west-1").await;
        for _ in 0..2 {
            let answer = get_by(&function, &url).await;
            assert_right(&answer);
            assert_eq!(web_seeds(&answer), in_ireland(), "{variables:?}");
        }
        assert!(reads(&s3).iter().all(|call| call.host == "s3.eu-west-1.amazonaws.com"), "{:#?}", reads(&s3));
        // Once for the function, and nobody's rights are lent for it.
        let heads = s3.calls_of(Operation::HeadObject);
        assert_eq!(heads.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(301), Some(403)]);
        assert!(heads.iter().all(|call| call.signed.is_none()));
    }
}

#[tokio::test]
async fn no_host_is_asked_by_a_url_but_those_of_the_buckets_region() {
    let s3 = serving(Bucket::private("data").in_region("eu-west-1")).await;
    let function = at_aws(&s3, &[]).await;
    for region in ["us-east-1", "us-west-2", "no-where-1"] {
        let answer = get_by(&function, &presigned(&s3, region).await).await;
        assert_eq!(answer.error(), (403, "AccessDenied".into()), "{region}");
        assert!(answer.document().message.contains("Region"), "{}", answer.text());
    }
    assert!(reads(&s3).is_empty());
    // Which redirects.
    let global = presigned_at(&s3, "eu-west-1", "https://s3.amazonaws.com", true).await;
    assert_eq!(get_by(&function, &global).await.error(), (403, "AccessDenied".into()));
    assert_eq!(reads(&s3).len(), 1);
}

#[tokio::test]
async fn the_global_endpoint_leads_a_buckets_own_host_to_any_region() {
    let s3 = serving(Bucket::private("data").in_region("eu-west-1")).await;
    let url = presigned_at(&s3, "eu-west-1", "https://s3.amazonaws.com", false).await;
    assert!(url.starts_with("https://data.s3.amazonaws.com/dir/a?"), "{url}");
    let answer = get_by(&at_aws(&s3, &[]).await, &url).await;
    assert_right(&answer);
    assert_eq!(web_seeds(&answer), in_ireland());
}

#[tokio::test]
async fn a_url_is_held_to_where_the_bucket_is_now() {
    let s3 = serving(Bucket::private("data").in_region("eu-west-1")).await;
    let function = Function::at_aws(&s3, &[], None).await;
    for region in ["eu-west-1", "us-west-2", "us-east-1"] {
        s3.alter("data", |bucket| bucket.in_region(region));
        let answer = get_by(&function, &presigned(&s3, region).await).await;
        assert_right(&answer);
        assert_eq!(web_seeds(&answer)[1], format!("https://s3.{region}.amazonaws.com/data/dir/a"));
    }
}

#[tokio::test]
async fn while_s3_does_not_tell_the_region_no_url_is_tried() {
    let s3 = serving(Bucket::private("data").in_region("us-east-1")).await;
    let function = at_aws(&s3, &[]).await;
    let url = presigned(&s3, "us-east-1").await;
    s3.fault(Matcher::head(), Fault::slow_down());
    assert_eq!(get_by(&function, &url).await.error(), (503, "SlowDown".into()));
    s3.clear_faults();
    assert_right(&get_by(&function, &url).await);
}
