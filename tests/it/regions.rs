//! Buckets in other regions than the function's: S3 says where they are, and they are followed there.

use aws_sdk_s3::Client;
use serde_json::json;
use test_s3::{Bucket, Call, Content, FakeS3, Fault, Identity, Matcher, Object, Operation};

use super::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Answer, Function, model},
    jobs::runner::plan,
    presigned::{get, presign},
    setup::Setup,
};

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
const MODES: [&str; 2] = ["public-read", "function-role"];
const SPANS: [(&str, &str); 2] = [("SPAN_SIZE", "524288"), ("INLINE_MAX_SIZE", "1048576")];
const IRELAND: &str = "eu-west-1";

fn content() -> Content {
    Content::random(LENGTH, 3)
}

async fn serving(bucket: Bucket) -> FakeS3 {
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "dir/a", content());
    s3
}

/// `data`, in Ireland; the function is in Virginia.
async fn elsewhere() -> FakeS3 {
    serving(Bucket::public("data").in_region(IRELAND)).await
}

async fn at_aws(s3: &FakeS3, variables: &[(&str, &str)]) -> Function {
    Setup::new(s3).at_aws().set_all(variables).function().await
}

/// Of `dir/a` in `region`.
fn seeds_in(region: &str) -> [String; 2] {
    [
        format!("https://data.s3.{region}.amazonaws.com/dir/a"),
        format!("https://s3.dualstack.{region}.amazonaws.com/data/dir/a"),
    ]
}

fn refused(s3: &FakeS3) -> Vec<Call> {
    s3.calls().into_iter().filter(|call| matches!(call.status, Some(301 | 400))).collect()
}

/// The torrent, with web seeds in `region`.
#[track_caller]
fn assert_right(answer: &Answer, region: &str) {
    let torrent = answer.torrent();
    assert_eq!((torrent.info.length, torrent.info.pieces), (LENGTH, model(&content(), torrent.info.piece_length)));
    assert_eq!(torrent.web_seeds, seeds_in(region));
}

#[tokio::test]
async fn a_bucket_elsewhere_is_followed_once_and_its_web_seeds_are_there() {
    for mode in MODES {
        let s3 = elsewhere().await;
        let function = at_aws(&s3, &[("ACCESS", mode)]).await;
        let first = function.get("/data/dir/a").await;
        assert_right(&first, IRELAND);
        assert_eq!((first.origin(), s3.keys("data")), ("object", vec!["dir/a".into(), "dir/a.torrent".into()]));
        // HEAD and sidecar, side by side.
        assert_eq!(refused(&s3).len(), 2, "{mode}");
        for call in s3.calls() {
            let region = if call.status == Some(301) { "us-east-1" } else { IRELAND };
            assert_eq!(call.header("host"), Some(&*format!("data.s3.{region}.amazonaws.com")), "{mode}");
        }
        s3.clear_calls();
        let second = function.get("/data/dir/a").await;
        assert_eq!((second.origin(), &second.body), ("sidecar", &first.body));
        assert_eq!((refused(&s3).len(), s3.calls().len()), (0, 2));
    }
}

#[tokio::test]
async fn a_bucket_at_home_is_asked_at_once_and_one_elsewhere_followed_without_credentials_too() {
    let s3 = serving(Bucket::public("data").in_region("us-east-1")).await;
    assert_right(&at_aws(&s3, &[]).await.get("/data/dir/a").await, "us-east-1");
    assert!(refused(&s3).is_empty());
    let s3 = elsewhere().await;
    let function = Setup::new(&s3).at_aws().identity(None).function().await;
    assert_right(&function.get("/data/dir/a").await, IRELAND);
    assert_eq!(s3.keys("data"), ["dir/a"]);
    // A name with dots is followed in the path.
    let s3 = FakeS3::start([Bucket::public("my.data").in_region(IRELAND)]).await;
    s3.put("my.data", "a", "content");
    let torrent = at_aws(&s3, &[("BUCKETS", "my.data")]).await.get("/my.data/a").await.torrent();
    let hosts = ["s3.eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com"];
    assert_eq!(torrent.web_seeds, hosts.map(|host| format!("https://{host}/my.data/a")));
}

#[tokio::test]
async fn sidecars_may_be_in_a_third_region_and_part_checksums_are_asked_for_in_the_objects() {
    let s3 = elsewhere().await;
    s3.put("data", "dir/a", Object::new(content()).parts(512 * KIB));
    s3.add(Bucket::private("cache").in_region("ap-southeast-2"));
    let function = at_aws(&s3, &[("SIDECAR_BUCKET", "cache")]).await;
    for origin in ["part-checksums", "sidecar"] {
        let answer = function.get("/data/dir/a").await;
        assert_right(&answer, IRELAND);
        assert_eq!(answer.origin(), origin);
    }
    assert_eq!((s3.keys("data"), s3.keys("cache")), (vec!["dir/a".into()], vec!["data/dir/a.torrent".into()]));
}

#[tokio::test]
async fn one_endpoint_for_all_regions_is_told_the_right_one_in_the_signature() {
    for mode in MODES {
        let s3 = elsewhere().await;
        let function = Function::start(&s3, &[("ACCESS", mode)]).await;
        assert_right(&function.get("/data/dir/a").await, IRELAND);
        assert_eq!(s3.keys("data"), ["dir/a", "dir/a.torrent"], "{mode}");
        assert!(refused(&s3).iter().all(|call| call.status == Some(400)));
    }
}

#[tokio::test]
async fn a_bucket_that_moves_is_followed_again_and_only_the_web_seeds_are_others() {
    let s3 = elsewhere().await;
    let function = at_aws(&s3, &[]).await;
    function.get("/data/dir/a").await;
    for region in ["us-west-2", "us-east-1"] {
        s3.alter("data", |bucket| bucket.in_region(region));
        let answer = function.get("/data/dir/a").await;
        assert_right(&answer, region);
        assert_eq!(answer.origin(), "sidecar");
    }
}

#[tokio::test]
async fn redirects_without_end_or_to_nowhere_are_an_internal_error() {
    for region in [IRELAND, "us-east-1", "cn-north-1", "evil.example/x"] {
        let s3 = elsewhere().await;
        for fault in [
            Fault::Answer { status: 301, body: String::new() },
            Fault::Header { name: "x-amz-bucket-region", value: Some(region.to_owned()) },
        ] {
            s3.fault(Matcher::any(), fault);
        }
        let answer = Function::start(&s3, &[]).await.get("/data/dir/a").await;
        assert_eq!((answer.error(), answer.header("location")), ((500, "InternalError".into()), None), "{region}");
        assert!(s3.calls().len() <= 6, "{region}: {}", s3.calls().len());
    }
}

#[tokio::test]
async fn no_job_is_started_whose_work_step_functions_could_not_read() {
    let s3 = elsewhere().await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let function = Setup::new(&s3).at_aws().workflow(&workflow).set_all(&SPANS).function().await;
    let answer = function.get("/data/dir/a").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.document().message.contains("SIDECAR_BUCKET"), "{}", answer.text());
    assert!(workflow.executions().is_empty());
    let worker = Setup::new(&s3).at_aws().set_all(&SPANS).worker().await;
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
    presign(Client::from_conf(config.build()).get_object().bucket("data").key("dir/a")).await
}

async fn get_by(function: &Function, url: &str) -> Answer {
    get(function, "/data/dir/a", url).await
}

fn reads(s3: &FakeS3) -> Vec<Call> {
    s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.key == "dir/a").collect()
}

#[tokio::test]
async fn a_presigned_url_goes_by_its_own_host_and_the_torrent_by_the_buckets_region() {
    let (role, cache) = (Some(Identity::role()), [("SIDECAR_BUCKET", "cache")]);
    for (variables, identity) in [(&[][..], role.clone()), (&cache[..], role), (&[][..], None)] {
        let s3 = serving(Bucket::private("data").in_region(IRELAND)).await;
        s3.add(Bucket::private("cache").in_region("us-east-1"));
        let function = Setup::new(&s3).at_aws().identity(identity).set_all(variables).function().await;
        let url = presigned(&s3, IRELAND).await;
        for _ in 0..2 {
            assert_right(&get_by(&function, &url).await, IRELAND);
        }
        assert!(
            reads(&s3).iter().all(|call| call.header("host") == Some("s3.eu-west-1.amazonaws.com")),
            "{:#?}",
            reads(&s3)
        );
        // Once for the function, and nobody's rights are lent for it.
        let heads = s3.calls_of(Operation::HeadObject);
        assert_eq!(heads.iter().map(|call| call.status).collect::<Vec<_>>(), [Some(301), Some(403)]);
        assert!(heads.iter().all(|call| call.signed.is_none()));
    }
}

#[tokio::test]
async fn a_url_is_held_to_where_the_bucket_is_now() {
    let s3 = serving(Bucket::private("data").in_region(IRELAND)).await;
    let function = at_aws(&s3, &[]).await;
    for region in ["us-east-1", "us-west-2", "no-where-1"] {
        let answer = get_by(&function, &presigned(&s3, region).await).await;
        assert_eq!(answer.error(), (403, "AccessDenied".into()), "{region}");
        assert!(answer.document().message.contains("Region"), "{}", answer.text());
    }
    assert!(reads(&s3).is_empty());
    // The global endpoint redirects a path, and leads a bucket's own host to any region.
    let global = presigned_at(&s3, IRELAND, "https://s3.amazonaws.com", true).await;
    assert_eq!(get_by(&function, &global).await.error(), (403, "AccessDenied".into()));
    assert_eq!(reads(&s3).len(), 1);
    let global = presigned_at(&s3, IRELAND, "https://s3.amazonaws.com", false).await;
    assert!(global.starts_with("https://data.s3.amazonaws.com/dir/a?"), "{global}");
    assert_right(&get_by(&function, &global).await, IRELAND);
    // Without credentials nothing is cached.
    let function = Setup::new(&s3).at_aws().identity(None).function().await;
    for region in [IRELAND, "us-west-2", "us-east-1"] {
        s3.alter("data", |bucket| bucket.in_region(region));
        assert_right(&get_by(&function, &presigned(&s3, region).await).await, region);
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
    assert_right(&get_by(&function, &url).await, "us-east-1");
}
