//! Part checksums: nothing is read where S3 knows the hashes, and nothing is believed that does not add up.

use std::time::Duration;

use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{
    harness::{Answer, Function, function_url, model},
    log::capture,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// Twice the piece length that an object of this size has otherwise.
const PART: u64 = 512 * KIB;
const LENGTH: u64 = 3 * PART + 7;

fn content() -> Content {
    Content::cheap(LENGTH, 5)
}

/// As uploaded with `--checksum-algorithm SHA1`.
fn uploaded() -> Object {
    Object::new(content()).parts(PART)
}

async fn serving(object: Object) -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    s3.put("data", "a", object);
    s3
}

async fn get(s3: &FakeS3) -> Answer {
    Function::start(s3, &[]).await.get("/data/a").await
}

fn bytes_asked_for(s3: &FakeS3) -> u64 {
    let gets = s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.key == "a");
    gets.map(|call| call.range.map_or(u64::MAX, |(first, last)| last + 1 - first)).sum()
}

/// The torrent of an object that had to be read, and the reason that the log gives.
async fn reason_for_reading(s3: &FakeS3, variables: &[(&str, &str)]) -> String {
    let function = Function::start(s3, variables).await;
    let (written, guard) = capture("info");
    let answer = function.get("/data/a").await;
    drop(guard);
    let torrent = answer.torrent();
    assert_eq!(answer.origin(), "object");
    let piece_length = variables.first().map_or(256 * KIB, |(_, bytes)| bytes.parse().expect("a number"));
    let object = s3.object("data", "a").expect("the object");
    assert_eq!(torrent.info.pieces, model(&object.content, piece_length));
    let lines = written.lines();
    let mut reasons = lines.iter().filter_map(|line| line["reason"].as_str());
    let reason = reasons.next().expect("a line that says why").to_owned();
    assert_eq!(reasons.next(), None, "one line");
    reason
}

#[track_caller]
fn assert_from_parts(answer: &Answer, content: &Content) {
    let torrent = answer.torrent();
    assert_eq!(answer.origin(), "part-checksums");
    assert_eq!((torrent.info.length, torrent.info.piece_length), (content.length(), PART));
    assert_eq!(torrent.info.pieces, model(content, PART));
}

#[tokio::test]
async fn the_parts_sha1s_are_the_piece_hashes_and_no_byte_is_read() {
    let s3 = serving(uploaded()).await;
    assert_from_parts(&get(&s3).await, &content());
    assert_eq!(bytes_asked_for(&s3), 0);
    // HEAD, the sidecar's GET, one page, the sidecar's PUT.
    assert_eq!(s3.calls().len(), 4);
}

#[tokio::test]
async fn a_last_part_as_large_as_the_others_is_a_whole_piece() {
    let content = Content::cheap(2 * PART, 6);
    let s3 = serving(Object::new(content.clone()).parts(PART)).await;
    assert_from_parts(&get(&s3).await, &content);
}

#[tokio::test]
async fn the_sidecar_keeps_them() {
    let s3 = serving(uploaded()).await;
    let first = get(&s3).await;
    s3.clear_calls();
    let second = get(&s3).await;
    assert_eq!((second.origin(), &second.body), ("sidecar", &first.body));
    assert!(s3.calls_of(Operation::GetObjectAttributes).is_empty());
}

#[tokio::test]
async fn ten_thousand_parts_take_13_requests() {
    let content = Content::repeated(10_000 * 8 * MIB, vec![7; 1024 * 1024]);
    let s3 = serving(Object::new(content).parts(8 * MIB)).await;
    s3.set_latency(Duration::from_millis(20));
    let answer = get(&s3).await;
    assert_eq!((answer.origin(), answer.torrent().info.pieces.count()), ("part-checksums", 10_000));
    assert_eq!((s3.calls().len(), bytes_asked_for(&s3)), (13, 0));
    let pages = s3.calls_of(Operation::GetObjectAttributes);
    let markers = pages.iter().map(|call| call.part_number_marker.unwrap_or_default());
    assert_eq!(markers.collect::<Vec<_>>(), (0..10).map(|page| page * 1_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn read_access_is_shown_unsigned_before_the_role_asks_for_parts() {
    let s3 = serving(uploaded()).await;
    get(&s3).await.torrent();
    let calls = s3.calls();
    let head = calls.iter().position(|call| call.operation == Operation::HeadObject).expect("a HEAD");
    let page = calls.iter().position(|call| call.operation == Operation::GetObjectAttributes).expect("a page");
    assert!(head < page);
    assert_eq!(calls[head].signed, None);
    assert_eq!(calls[page].signed, Some(Identity::role().access_key));
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "a", Rights::READ));
    s3.clear_calls();
    assert_eq!(get(&s3).await.error(), (403, "AccessDenied".into()));
    assert!(s3.calls_of(Operation::GetObjectAttributes).is_empty());
}

#[tokio::test]
async fn in_function_role_mode_they_serve_as_well() {
    let s3 = FakeS3::start([Bucket::private("data")]).await;
    s3.put("data", "a", uploaded());
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    assert_from_parts(&function.get("/data/a").await, &content());
}

#[tokio::test]
async fn a_version_has_its_own() {
    let bucket = Bucket::public("data").versioned().allow(Who::Anonymous, "*", Rights::READ_VERSION);
    let s3 = FakeS3::start([bucket]).await;
    let id = s3.put("data", "a", uploaded()).expect("a version");
    s3.put("data", "a", "newer");
    let event = function_url("GET", "/data/a", &format!("torrent&versionId={id}"), &[]);
    assert_from_parts(&Function::start(&s3, &[]).await.send(&event).await, &content());
}

#[tokio::test]
async fn what_the_caller_asks_of_s3_is_passed_on() {
    let bucket = Bucket::private("data").requester_pays().owner("123456789012");
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "a", uploaded());
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "123456789012")];
    assert_from_parts(&function.get_with("/data/a", &headers).await, &content());
}

#[tokio::test]
async fn without_credentials_the_object_is_read() {
    let s3 = serving(uploaded()).await;
    let function = Function::try_start(&s3, &[], None).await.expect("a function");
    let (written, _guard) = capture("info");
    assert_eq!(function.get("/data/a").await.origin(), "object");
    assert!(written.lines()[0]["reason"].as_str().is_some_and(|reason| reason.contains("credentials")));
}

#[tokio::test]
async fn objects_without_part_sha1s_are_read() {
    // Its ETag shows an upload in parts.
    let without = Object::new(content());
    let one_part = Object::new(content()).parts(LENGTH);
    let mut whole = one_part.clone();
    whole.checksum.as_mut().expect("a checksum").composite_of = None;
    for (object, reason) in [(without, "no SHA-1"), (one_part, "1 parts"), (whole, "no SHA-1")] {
        let s3 = serving(object).await;
        let told = reason_for_reading(&s3, &[]).await;
        assert!(told.contains(reason), "{told}");
        assert!(s3.calls_of(Operation::GetObjectAttributes).is_empty());
    }
}

#[tokio::test]
async fn of_an_object_put_in_one_go_nothing_is_said() {
    let s3 = serving(Object::new("content")).await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("info");
    assert_eq!(function.get("/data/a").await.origin(), "object");
    assert_eq!(written.lines().len(), 1);
}

#[tokio::test]
async fn parts_that_make_no_pieces_are_not_used() {
    for (sizes, reason) in [
        (vec![PART, PART - 1, PART + 8], "differ in size"),
        (vec![PART, PART, PART - 1, 8], "differ in size"),
        (vec![PART, LENGTH - PART], "differ in size"),
        (vec![500_000, LENGTH - 500_000], "500000 bytes"),
        (vec![128 * KIB, LENGTH - 128 * KIB], "131072 bytes"),
    ] {
        let s3 = serving(Object::new(content()).part_sizes(sizes.clone())).await;
        let told = reason_for_reading(&s3, &[]).await;
        assert!(told.contains(reason), "{sizes:?}: {told}");
    }
}

#[tokio::test]
async fn a_piece_length_that_is_set_goes_before_them() {
    let s3 = serving(uploaded()).await;
    assert!(reason_for_reading(&s3, &[("PIECE_LENGTH", "1048576")]).await.contains("524288 bytes"));
    let function = Function::start(&s3, &[("PIECE_LENGTH", "524288")]).await;
    assert_from_parts(&function.get("/data/a").await, &content());
}

#[tokio::test]
async fn a_list_that_does_not_add_up_is_not_believed() {
    type Lie = fn(&mut Object);
    let lies: [(Lie, &str); 5] = [
        (|object| drop(object.parts.list.pop()), "incomplete"),
        (|object| object.parts.list[1].checksum = None, "incomplete"),
        (|object| object.parts.list.swap(0, 1), "incomplete"),
        (|object| object.parts.list[3].size -= 1, "add up"),
        (|object| object.parts.list[0].checksum = object.parts.list[1].checksum.clone(), "add up"),
    ];
    for (lie, reason) in lies {
        let mut object = uploaded();
        lie(&mut object);
        let s3 = serving(object).await;
        let told = reason_for_reading(&s3, &[]).await;
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

#[tokio::test]
async fn another_composite_is_not_believed() {
    let mut object = uploaded();
    let checksum = object.checksum.as_mut().expect("a checksum");
    checksum.value = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=".into();
    assert!(reason_for_reading(&serving(object).await, &[]).await.contains("add up"));
}

#[tokio::test]
async fn without_the_permission_the_object_is_read() {
    let role = Identity::role().access_key;
    let bucket = Bucket::public("data").deny(Who::AccessKey(role), "a", Rights::ATTRIBUTES);
    let s3 = FakeS3::start([bucket]).await;
    s3.put("data", "a", uploaded());
    assert!(reason_for_reading(&s3, &[]).await.contains("s3:GetObjectAttributes"));
}

#[tokio::test]
async fn an_s3_that_does_not_know_the_call_has_its_objects_read() {
    for fault in [Fault::error(501, "NotImplemented"), Fault::error(400, "InvalidArgument"), Fault::ShortBody(9)] {
        let s3 = serving(uploaded()).await;
        s3.fault(Matcher::attributes(), fault.clone());
        assert!(reason_for_reading(&s3, &[]).await.contains("does not list"), "{fault:?}");
    }
}

#[tokio::test]
async fn an_s3_that_answers_with_the_object_itself_is_not_listened_to() {
    let s3 = serving(uploaded()).await;
    s3.fault(Matcher::attributes(), Fault::OverlongBody(5 * MIB));
    assert!(reason_for_reading(&s3, &[]).await.contains("an answer of"));
    assert_eq!(s3.calls_of(Operation::GetObjectAttributes).len(), 1);
    let s3 = serving(uploaded()).await;
    s3.fault(Matcher::attributes(), Fault::OverlongBody(5 * MIB));
    s3.fault(Matcher::attributes(), Fault::without("content-length"));
    assert!(reason_for_reading(&s3, &[]).await.contains("length limit"));
}

#[tokio::test]
async fn a_passing_fault_does_not_change_the_info_hash() {
    let later = [
        Fault::CutBody(100),
        Fault::ResetBody(100),
        Fault::ShortBody(100),
        Fault::StallBody { after: 100, pause: None },
        // S3 may fail after it has begun to answer.
        Fault::error(200, "InternalError"),
    ];
    for fault in Fault::BEFORE_THE_BODY.into_iter().chain(later) {
        let s3 = serving(uploaded()).await;
        s3.fault(Matcher::attributes().nth(1), fault.clone());
        let answer = get(&s3).await;
        assert_eq!(answer.origin(), "part-checksums", "{fault:?}");
        assert_from_parts(&answer, &content());
    }
}

#[tokio::test]
async fn a_fault_that_lasts_is_reported_and_the_object_not_read() {
    for fault in [
        Fault::internal_error(),
        Fault::slow_down(),
        Fault::CutBody(100),
        Fault::error(429, "X"),
        Fault::error(400, "ThrottlingException"),
        Fault::error(409, "OperationAborted"),
        Fault::error(200, "SlowDown"),
    ] {
        let s3 = serving(uploaded()).await;
        s3.fault(Matcher::attributes(), fault.clone());
        assert_eq!(get(&s3).await.error(), (503, "SlowDown".into()), "{fault:?}");
        assert_eq!(bytes_asked_for(&s3), 0);
        assert_eq!(s3.keys("data"), ["a"], "no sidecar is stored");
    }
}

#[tokio::test]
async fn credentials_that_are_not_taken_do_not_change_the_info_hash() {
    for code in ["ExpiredToken", "TokenRefreshRequired", "InvalidAccessKeyId"] {
        let s3 = serving(uploaded()).await;
        s3.fault(Matcher::attributes(), Fault::error(400, code));
        assert_eq!(get(&s3).await.error(), (500, "InternalError".into()));
        assert_eq!(bytes_asked_for(&s3), 0);
    }
}

#[tokio::test]
async fn an_object_replaced_between_two_pages_starts_anew() {
    let old = Content::repeated(1_500 * PART, vec![1; 65_536]);
    let new = Content::repeated(1_200 * PART, vec![2; 65_536]);
    let s3 = serving(Object::new(old).parts(PART)).await;
    let replacement = Object::new(new.clone()).parts(PART);
    s3.fault(Matcher::attributes().nth(2), Fault::replace("data", "a", replacement));
    let answer = get(&s3).await;
    assert_eq!((answer.origin(), answer.torrent().info.length), ("part-checksums", new.length()));
}

#[tokio::test]
async fn an_object_replaced_by_one_without_checksums_is_read() {
    let s3 = serving(uploaded()).await;
    let new = Content::cheap(LENGTH, 6);
    let replacement = new.clone();
    s3.fault(Matcher::attributes().nth(1), Fault::replace("data", "a", replacement));
    let answer = get(&s3).await;
    assert_eq!(answer.origin(), "object");
    assert_eq!(answer.torrent().info.pieces, model(&new, 256 * KIB));
}
