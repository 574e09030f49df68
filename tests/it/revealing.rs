//! In `public-read` mode nobody gets, nor is told, what an unsigned request to S3 would not give or tell them: whatever
//! is cached, for HEAD too, and where jobs are set up. What S3 says is asked of it each time.

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use test_s3::{Bucket, FakeS3, Object, Rights, Who};

use super::{
    fake_workflow::{FakeWorkflow, Run},
    harness::{Answer, Function, function_url},
    setup::Setup,
};

/// Status, code and whether a delete marker is named; `None` where the object is given.
type Told = Option<(u16, String, bool)>;

/// What befalls the object, after its torrent was made or not; the version to ask for.
type Change = fn(&FakeS3, first: &str) -> Option<String>;

const CHANGES: [(&str, Change); 13] = [
    ("none", |_, _| None),
    ("it is private", |s3, _| deny(s3, Rights::READ | Rights::READ_VERSION)),
    ("it is deleted", |s3, _| s3.delete("data", "a").and(None)),
    ("it is deleted, and was private", |s3, _| s3.delete("data", "a").and(None).or_else(|| deny(s3, Rights::READ))),
    ("its delete marker is asked for", |s3, _| Some(s3.delete("data", "a").unwrap_or_else(|| "null".into()))),
    ("its first version is asked for", |_, first| Some(first.to_owned())),
    ("its first version is asked for without the right", |s3, first| {
        deny(s3, Rights::READ_VERSION);
        Some(first.to_owned())
    }),
    ("no version of it is asked for", |_, _| Some("9".repeat(32))),
    ("a malformed version is asked for", |_, _| Some("malformed".to_owned())),
    ("its first version is asked for and it is deleted", |s3, first| {
        s3.delete("data", "a").and(Some(first.to_owned()))
    }),
    ("it is archived", |s3, _| replace(s3, Object::new("content").storage_class("GLACIER"))),
    ("it is encrypted with a customer's key", |s3, _| replace(s3, Object::new("content").sse_c())),
    ("the requester pays", |s3, _| {
        s3.alter("data", Bucket::requester_pays);
        None
    }),
];

fn deny(s3: &FakeS3, rights: Rights) -> Option<String> {
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "a", rights));
    None
}

fn replace(s3: &FakeS3, object: Object) -> Option<String> {
    s3.put("data", "a", object);
    None
}

async fn told_by_s3(s3: &FakeS3, key: &str, version: Option<&str>) -> Told {
    let get = s3.anonymous_client().get_object().bucket("data").key(key);
    let error = get.set_version_id(version.map(str::to_owned)).send().await.err()?;
    let code = error.code().expect("a code").to_owned();
    let SdkError::ServiceError(answer) = error else { panic!("no answer: {error:?}") };
    let marker = answer.raw().headers().get("x-amz-delete-marker") == Some("true");
    Some((answer.raw().status().as_u16(), code, marker))
}

async fn ask(function: &Function, method: &str, key: &str, version: Option<&str>) -> Answer {
    let version = version.map(|version| format!("&versionId={version}")).unwrap_or_default();
    function.send(&function_url(method, &format!("/data/{key}"), &format!("torrent{version}"), &[])).await
}

fn told_by_us(answer: &Answer) -> Told {
    let marker = answer.header("x-amz-delete-marker") == Some("true");
    (answer.status != 200).then(|| (answer.status, answer.error().1, marker))
}

/// The object's bucket in one of its ways.
fn bucket(is_versioned: bool, lists: bool) -> Bucket {
    let bucket = Bucket::public("data").allow(Who::Anonymous, "*", Rights::READ_VERSION);
    let bucket = if lists { bucket.allow(Who::Anonymous, "*", Rights::LIST) } else { bucket };
    if is_versioned { bucket.versioned() } else { bucket }
}

struct World {
    s3: FakeS3,
    workflow: FakeWorkflow,
    /// One without jobs, and one that leaves every object to them.
    functions: [Function; 2],
}

async fn world() -> World {
    let s3 = FakeS3::start([bucket(true, false)]).await;
    let workflow = FakeWorkflow::start([Run::Hold]).await;
    let with_jobs = Setup::new(&s3).workflow(&workflow).set("INLINE_MAX_SIZE", "0").set("TIME_BUDGET_MS", "1000");
    let functions = [Function::start(&s3, &[]).await, with_jobs.function().await];
    World { s3, workflow, functions }
}

impl World {
    async fn compare(&self, bucket: Bucket, change: Change, is_cached: bool) {
        let Self { s3, workflow, functions } = self;
        s3.add(bucket);
        let first = s3.put("data", "a", "content").unwrap_or_else(|| "null".to_owned());
        if is_cached {
            for version in [None, Some(first.as_str())] {
                ask(&functions[0], "GET", "a", version).await.torrent();
            }
        }
        let version = change(s3, &first);
        let expected = told_by_s3(s3, "a", version.as_deref()).await;
        let calls = workflow.calls().len();
        for (function, has_jobs) in functions.iter().zip([false, true]) {
            let head = ask(function, "HEAD", "a", version.as_deref()).await;
            assert!(head.body.is_empty());
            let get = ask(function, "GET", "a", version.as_deref()).await;
            if expected.is_none() {
                // A job that is still running may be all that the caller hears of.
                assert!(get.status == 200 || has_jobs && get.status == 503, "{}", get.text());
                continue;
            }
            assert_eq!(told_by_us(&get), expected);
            assert_eq!(Some(head.status), expected.as_ref().map(|told| told.0));
            assert_same_headers(&head, &get);
            assert_reveals_nothing(&get);
        }
        assert!(expected.is_none() || workflow.calls().len() == calls, "{:?}", workflow.calls());
    }
}

#[track_caller]
fn assert_same_headers(one: &Answer, other: &Answer) {
    for (name, value) in &one.headers {
        assert!(name == "x-amz-request-id" || other.header(name) == Some(value), "{name}: {value}");
    }
    assert_eq!(one.headers.len(), other.headers.len());
}

/// The two say the same, word for word.
#[track_caller]
fn assert_same_error(one: &Answer, other: &Answer) {
    assert_eq!((one.error(), one.document().message), (other.error(), other.document().message));
    assert_same_headers(one, other);
}

/// Neither of the object nor of its torrent.
#[track_caller]
fn assert_reveals_nothing(answer: &Answer) {
    for name in ["etag", "x-torrent-info-hash", "x-torrent-origin", "content-disposition", "last-modified"] {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

#[tokio::test]
async fn nobody_is_told_more_than_s3_tells_them_cached_or_not() {
    let world = world().await;
    for (name, change) in CHANGES {
        for (is_versioned, lists) in [(false, false), (false, true), (true, false), (true, true)] {
            for is_cached in [false, true] {
                println!("{name}, versioned: {is_versioned}, lists: {lists}, cached: {is_cached}");
                world.compare(bucket(is_versioned, lists), change, is_cached).await;
            }
        }
    }
}

#[tokio::test]
async fn a_private_key_a_missing_one_and_a_deleted_one_look_the_same() {
    let World { s3, workflow, functions } = world().await;
    for key in ["cached", "fresh", "deleted"] {
        s3.put("data", key, "content");
    }
    functions[0].get("/data/cached").await.torrent();
    functions[0].get("/data/deleted").await.torrent();
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "*", Rights::READ));
    s3.delete("data", "deleted");
    for function in &functions {
        let missing = function.get("/data/missing").await;
        for key in ["cached", "fresh", "deleted"] {
            assert_same_error(&function.get(&format!("/data/{key}")).await, &missing);
        }
    }
    assert!(workflow.calls().is_empty());
}
