//! Who may ask: READ access is shown on every request, cached or not, and errors tell what S3 tells.

use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Rights, Who};

use super::{
    harness::{Function, serving, serving_in},
    setup::Setup,
};

type Variables = &'static [(&'static str, &'static str)];

const ROLE: [(&str, &str); 1] = [("ACCESS", "function-role")];

async fn error(s3: &FakeS3, variables: &[(&str, &str)]) -> (u16, String) {
    Function::start(s3, variables).await.error("/data/a").await
}

#[tokio::test]
async fn public_objects_are_read_unsigned_and_all_else_is_signed() {
    let s3 = serving("content").await;
    Function::start(&s3, &[]).await.get("/data/a").await.torrent();
    for call in s3.calls() {
        assert_eq!(call.signed.is_some(), call.key == "a.torrent", "{call:?}");
    }
    let s3 = serving_in(Bucket::private("data"), "content").await;
    Function::start(&s3, &ROLE).await.get("/data/a").await.torrent();
    assert!(s3.calls().iter().all(|call| call.signed == Some(Identity::role().access_key)));
    // The role's rights are lent to nobody.
    s3.clear_calls();
    assert_eq!(error(&s3, &[]).await, (403, "AccessDenied".into()));
}

#[tokio::test]
async fn nothing_is_cached_without_credentials_and_function_role_does_not_start() {
    let s3 = serving("content").await;
    let function = Setup::new(&s3).identity(None).function().await;
    for _ in 0..2 {
        assert_eq!(function.get("/data/a").await.origin(), "object");
    }
    assert_eq!(s3.keys("data"), ["a"]);
    let setup = Setup::new(&s3).identity(None).set_all(&ROLE).set("RANGE_SIZE", "1");
    let faults = setup.try_function().await.err().expect("faults");
    assert_eq!(faults.0.len(), 2, "{faults}");
    assert!(faults.to_string().contains("credentials"), "{faults}");
}

#[tokio::test]
async fn missing_is_told_where_s3_tells_it() {
    let s3 = FakeS3::start([Bucket::public("data").allow(Who::Anonymous, "*", Rights::LIST)]).await;
    assert_eq!(error(&s3, &[]).await, (404, "NoSuchKey".into()));
    let function = Function::start(&s3, &[("BUCKETS", "gone")]).await;
    assert_eq!(function.error("/gone/a").await, (404, "NoSuchBucket".into()));
}

#[tokio::test]
async fn another_owner_and_a_requester_who_does_not_pay_are_denied() {
    let s3 = serving_in(Bucket::public("data").owner("111122223333"), "content").await;
    let function = Function::start(&s3, &[]).await;
    let answer = function.get_with("/data/a", &[("x-amz-expected-bucket-owner", "444455556666")]).await;
    assert_eq!(answer.error(), (403, "AccessDenied".into()));

    s3.alter("data", Bucket::requester_pays);
    let payer = [("x-amz-request-payer", "requester")];
    assert_eq!(function.get_with("/data/a", &payer).await.error().0, 403, "anyone cannot pay");
    assert_eq!(Function::start(&s3, &ROLE).await.error("/data/a").await.0, 403);
}

#[tokio::test]
async fn an_invalid_argument_is_told_by_what_it_is_of() {
    let s3 = serving("content").await;
    // Bytes that only a signature would open.
    s3.fault(Matcher::get().key("a"), Fault::error(400, "InvalidArgument"));
    assert_eq!(error(&s3, &[]).await, (403, "AccessDenied".into()));
    // There is no version that could be malformed.
    s3.fault(Matcher::any().key("a"), Fault::error(400, "InvalidArgument"));
    assert_eq!(error(&s3, &[]).await, (400, "InvalidRequest".into()));
}

#[tokio::test]
async fn archived_objects_are_refused_until_restored_cached_or_not() {
    let s3 = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    let stored = |class| Object::new("content").storage_class(class);
    let tiered = |tier| stored("INTELLIGENT_TIERING").archive_status(tier);
    for archived in [stored("GLACIER"), stored("DEEP_ARCHIVE"), tiered("ARCHIVE_ACCESS"), tiered("DEEP_ARCHIVE_ACCESS")]
    {
        s3.put("data", "a", archived.clone());
        assert_eq!(function.error("/data/a").await, (403, "InvalidObjectState".into()), "{archived:?}");
    }
    let restored = |class| Object { restore: Some("ongoing-request=\"false\"".into()), ..stored(class) };
    for readable in [restored("GLACIER"), restored("DEEP_ARCHIVE"), stored("GLACIER_IR")] {
        s3.put("data", "a", readable);
        function.get("/data/a").await.torrent();
    }
}

#[tokio::test]
async fn objects_that_have_no_torrent_are_refused_with_the_reason() {
    let of = |length| Object::new(Content::random(length, 1));
    let cases: [(Object, Variables, &str); 4] = [
        (Object::new(""), &[], "empty objects"),
        (Object::new("content").sse_c(), &[], "SSE-C"),
        (of(7), &[("MAX_OBJECT_SIZE", "6")], "objects larger than 6"),
        (of(200_000 * 16_384 + 1), &[("PIECE_LENGTH", "16384")], "PIECE_LENGTH"),
    ];
    for (object, variables, reason) in cases {
        let s3 = serving(object).await;
        let answer = Function::start(&s3, variables).await.get("/data/a").await;
        assert_eq!(answer.error(), (400, "InvalidRequest".into()), "{reason}");
        assert!(answer.document().message.contains(reason), "{}", answer.text());
    }
    let s3 = serving("content").await;
    Function::start(&s3, &[("MAX_OBJECT_SIZE", "7")]).await.get("/data/a").await.torrent();
}

#[tokio::test]
async fn a_sidecar_has_no_torrent_but_a_torrent_of_the_users_has_one() {
    let s3 = serving("content").await;
    s3.put("data", "users.torrent", "a torrent of the user's own");
    let function = Function::start(&s3, &[]).await;
    function.get("/data/a").await.torrent();
    assert_eq!(function.error("/data/a.torrent").await, (400, "InvalidRequest".into()));
    function.get("/data/users.torrent").await.torrent();
}

#[tokio::test]
async fn trouble_with_the_roles_credentials_is_none_of_the_callers() {
    let s3 = serving_in(Bucket::private("data"), "content").await;
    let stranger = Identity::new("UNKNOWN", "secret");
    let function = Setup::new(&s3).identity(Some(stranger)).set_all(&ROLE).function().await;
    assert_eq!(function.error("/data/a").await, (500, "InternalError".into()));
}
