//! Who may ask: READ access is shown on every request, cached or not, and errors tell what S3 tells.

use test_s3::{Bucket, FakeS3, Fault, Identity, Matcher, Object, Rights, Who};

use super::harness::{Answer, Function, function_url};

async fn error(s3: &FakeS3, variables: &[(&str, &str)], path: &str) -> (u16, String) {
    Function::start(s3, variables).await.get(path).await.error()
}

#[tokio::test]
async fn objects_are_read_unsigned_and_sidecars_signed_in_public_read_mode() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    for call in s3.calls() {
        assert_eq!(call.signed.is_some(), call.key == "a.torrent", "{call:?}");
    }
}

#[tokio::test]
async fn all_is_signed_in_function_role_mode() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", "content");
    Function::start(&s3, &[("ACCESS", "function-role")]).await.get("/data/a").await.torrent();
    assert!(s3.calls().iter().all(|call| call.signed == Some(Identity::role().access_key)));
}

#[tokio::test]
async fn a_private_object_is_denied_although_the_role_may_read_it() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", "content");
    assert_eq!(error(&s3, &[], "/data/a").await, (403, "AccessDenied".into()));
}

#[tokio::test]
async fn access_taken_away_is_seen_although_the_torrent_is_cached() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    assert_eq!(function.get("/data/a").await.origin(), "sidecar");
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "a", Rights::READ));
    assert_eq!(function.get("/data/a").await.error(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn nothing_is_cached_without_credentials() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    let function = Function::try_start(&s3, &[], None).await.expect("a function without credentials");
    for _ in 0..2 {
        assert_eq!(function.get("/data/a").await.origin(), "object");
    }
    assert_eq!(s3.keys("data"), ["a"]);
}

#[tokio::test]
async fn function_role_does_not_start_without_credentials() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    let variables = [("ACCESS", "function-role"), ("RANGE_SIZE", "1")];
    let faults = Function::try_start(&s3, &variables, None).await.err().expect("faults");
    assert_eq!(faults.0.len(), 2, "{faults}");
    assert!(faults.to_string().contains("credentials"), "{faults}");
}

#[tokio::test]
async fn missing_is_told_where_s3_tells_it() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    assert_eq!(error(&s3, &[], "/data/missing").await, (403, "AccessDenied".into()));
    s3.alter("data", |bucket| bucket.allow(Who::Anonymous, "*", Rights::LIST));
    assert_eq!(error(&s3, &[], "/data/missing").await, (404, "NoSuchKey".into()));
    assert_eq!(error(&s3, &[("BUCKETS", "gone")], "/gone/a").await, (404, "NoSuchBucket".into()));
}

async fn version(function: &Function, id: &str) -> Answer {
    function.send(&function_url("GET", "/data/a", &format!("torrent&versionId={id}"), &[])).await
}

#[tokio::test]
async fn versions_and_delete_markers_are_told_apart() {
    let s3 = FakeS3::start([Bucket::private("data").versioned()]).await;
    let first = s3.put("data", "a", "content").expect("a version");
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    version(&function, &first).await.torrent();
    let marker = s3.delete("data", "a").expect("a delete marker");

    let latest = function.get("/data/a").await;
    assert_eq!(latest.error(), (404, "NoSuchKey".into()));
    assert_eq!(latest.header("x-amz-delete-marker"), Some("true"));

    let deleted = version(&function, &marker).await;
    assert_eq!(deleted.error(), (405, "MethodNotAllowed".into()));
    assert_eq!(deleted.header("x-amz-delete-marker"), Some("true"));

    version(&function, &first).await.torrent();
    let unknown = version(&function, &"9".repeat(32)).await;
    assert_eq!(unknown.error(), (404, "NoSuchVersion".into()));
    assert_eq!(unknown.header("x-amz-delete-marker"), None);
    assert_eq!(version(&function, "malformed").await.error(), (400, "InvalidArgument".into()));
}

#[tokio::test]
async fn another_owner_is_denied() {
    let s3 = FakeS3::start([Bucket::public("data").owner("111122223333")]).await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    let answer = function.get_with("/data/a", &[("x-amz-expected-bucket-owner", "444455556666")]).await;
    assert_eq!(answer.error(), (403, "AccessDenied".into()));
}

#[tokio::test]
async fn a_requester_pays_bucket_needs_the_header_and_the_role() {
    let s3 = FakeS3::start([Bucket::public("data").requester_pays()]).await;
    s3.put("data", "a", "content");
    let payer = [("x-amz-request-payer", "requester")];
    let public = Function::start(&s3, &[]).await;
    assert_eq!(public.get_with("/data/a", &payer).await.error().0, 403);
    let role = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    assert_eq!(role.get("/data/a").await.error().0, 403);
    role.get_with("/data/a", &payer).await.torrent();
}

#[tokio::test]
async fn customer_keys_are_refused() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", Object::new("content").sse_c());
    assert_eq!(error(&s3, &[], "/data/a").await, (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn an_invalid_argument_without_a_version_is_none_of_the_version() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    s3.fault(Matcher::any().key("a"), Fault::error(400, "InvalidArgument"));
    assert_eq!(error(&s3, &[], "/data/a").await, (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn bytes_that_only_a_signature_would_open_are_denied() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    s3.fault(Matcher::get().key("a"), Fault::error(400, "InvalidArgument"));
    assert_eq!(error(&s3, &[], "/data/a").await, (403, "AccessDenied".into()));
}

#[tokio::test]
async fn archived_objects_are_refused_until_restored_cached_or_not() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    for class in ["GLACIER", "DEEP_ARCHIVE"] {
        s3.put("data", "a", Object::new("content").storage_class(class));
        assert_eq!(function.get("/data/a").await.error(), (403, "InvalidObjectState".into()), "{class}");
        let restored = Object::new("content").storage_class(class).restore("ongoing-request=\"false\"");
        s3.put("data", "a", restored);
        function.get("/data/a").await.torrent();
    }
    for tier in ["ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"] {
        let object = Object::new("content").storage_class("INTELLIGENT_TIERING").archive_status(tier);
        s3.put("data", "a", object);
        assert_eq!(function.get("/data/a").await.error(), (403, "InvalidObjectState".into()), "{tier}");
    }
    s3.put("data", "a", Object::new("content").storage_class("GLACIER_IR"));
    function.get("/data/a").await.torrent();
}

#[tokio::test]
async fn sizes_without_a_torrent_are_refused() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "empty", "");
    s3.put("data", "a", "content");
    assert_eq!(error(&s3, &[], "/data/empty").await, (400, "InvalidRequest".into()));
    let answer = Function::start(&s3, &[("MAX_OBJECT_SIZE", "6")]).await.get("/data/a").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    let message = "Torrent creation is not supported for objects larger than 6";
    assert_eq!(answer.document().message, message);
    Function::start(&s3, &[("MAX_OBJECT_SIZE", "7")]).await.get("/data/a").await.torrent();
}

#[tokio::test]
async fn a_piece_length_too_small_for_the_object_is_named() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", test_s3::Content::cheap(200_000 * 16_384 + 1, 1));
    let answer = Function::start(&s3, &[("PIECE_LENGTH", "16384")]).await.get("/data/a").await;
    assert_eq!(answer.error(), (400, "InvalidRequest".into()));
    assert!(answer.document().message.contains("PIECE_LENGTH"), "{}", answer.text());
}

#[tokio::test]
async fn a_sidecar_has_no_torrent() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", "content");
    s3.put("data", "users.torrent", "a torrent of the user's own");
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    assert_eq!(function.get("/data/a.torrent").await.error(), (400, "InvalidRequest".into()));
    function.get("/data/users.torrent").await.torrent();
}

#[tokio::test]
async fn trouble_with_the_roles_credentials_is_none_of_the_callers() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", "content");
    let stranger = Identity::new("UNKNOWN", "secret");
    let role = [("ACCESS", "function-role")];
    let function = Function::try_start(&s3, &role, Some(&stranger)).await.expect("a function");
    assert_eq!(function.get("/data/a").await.error(), (500, "InternalError".into()));
}
