//! Part checksums: nothing is read where S3 knows the hashes, and nothing is believed that does not add up.

use test_s3::{Bucket, Content, FakeS3, Fault, Identity, Matcher, Object, Operation, Rights, Who};

use super::{
    harness::{Answer, Function, function_url, model, serving},
    log::capture,
    setup::Setup,
};

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// Twice the piece length that an object of this size has otherwise.
const PART: u64 = 512 * KIB;
const LENGTH: u64 = 3 * PART + 7;

fn content() -> Content {
    Content::random(LENGTH, 5)
}

/// As uploaded with `--checksum-algorithm SHA1`.
fn uploaded() -> Object {
    Object::new(content()).parts(PART)
}

async fn get(s3: &FakeS3) -> Answer {
    Function::start(s3, &[]).await.get("/data/a").await
}

fn bytes_asked_for(s3: &FakeS3) -> u64 {
    let gets = s3.calls_of(Operation::GetObject).into_iter().filter(|call| call.key == "a");
    gets.map(|call| call.range.map_or(u64::MAX, |(first, last)| last + 1 - first)).sum()
}

/// The object is read, and the log has one line that gives the reason.
async fn assert_read(s3: &FakeS3, setup: Setup<'_>, piece_length: u64, reason: &str) {
    let function = setup.function().await;
    let (written, guard) = capture("info");
    let answer = function.get("/data/a").await;
    drop(guard);
    let torrent = answer.torrent();
    assert_eq!(answer.origin(), "object", "{reason}");
    let object = s3.object("data", "a").expect("the object");
    assert_eq!(torrent.info.pieces, model(&object.content, piece_length));
    let lines = written.lines();
    let reasons: Vec<_> = lines.iter().filter_map(|line| line["reason"].as_str()).collect();
    assert!(matches!(reasons[..], [told] if told.contains(reason)), "{reason}: {reasons:?}");
}

async fn assert_object_is_read(s3: &FakeS3, reason: &str) {
    assert_read(s3, Setup::new(s3), 256 * KIB, reason).await;
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
    // A last part as large as the others is a whole piece.
    for content in [content(), Content::random(2 * PART, 6)] {
        let s3 = serving(Object::new(content.clone()).parts(PART)).await;
        let first = get(&s3).await;
        assert_from_parts(&first, &content);
        // HEAD, the sidecar's GET, one page, the sidecar's PUT.
        assert_eq!((bytes_asked_for(&s3), s3.calls().len()), (0, 4));
        s3.clear_calls();
        let second = get(&s3).await;
        assert_eq!((second.origin(), &second.body, s3.calls().len()), ("sidecar", &first.body, 2));
    }
}

#[tokio::test]
async fn ten_thousand_parts_take_13_requests() {
    let content = Content::repeated(10_000 * 8 * MIB, vec![7; 1024 * 1024]);
    let s3 = serving(Object::new(content).parts(8 * MIB)).await;
    let answer = get(&s3).await;
    assert_eq!((answer.origin(), answer.torrent().info.pieces.count()), ("part-checksums", 10_000));
    assert_eq!((s3.calls().len(), bytes_asked_for(&s3)), (13, 0));
}

#[tokio::test]
async fn read_access_is_shown_unsigned_before_the_role_asks_for_parts() {
    let s3 = serving(uploaded()).await;
    get(&s3).await.torrent();
    let calls = s3.calls();
    let place = |operation| calls.iter().position(|call| call.operation == operation).expect("a call");
    let (head, page) = (place(Operation::HeadObject), place(Operation::GetObjectAttributes));
    assert!(head < page);
    assert_eq!((&calls[head].signed, &calls[page].signed), (&None, &Some(Identity::role().access_key)));
    s3.alter("data", |bucket| bucket.deny(Who::Anonymous, "a", Rights::READ));
    s3.clear_calls();
    assert_eq!(get(&s3).await.error(), (403, "AccessDenied".into()));
    assert!(s3.calls_of(Operation::GetObjectAttributes).is_empty());
}

#[tokio::test]
async fn payer_owner_and_version_go_with_the_call() {
    let s3 = FakeS3::start([Bucket::private("data").requester_pays().owner("123456789012").versioned()]).await;
    let id = s3.put("data", "a", uploaded()).expect("a version");
    s3.put("data", "a", "newer");
    let function = Function::start(&s3, &[("ACCESS", "function-role")]).await;
    let headers = [("x-amz-request-payer", "requester"), ("x-amz-expected-bucket-owner", "123456789012")];
    let event = function_url("GET", "/data/a", &format!("torrent&versionId={id}"), &headers);
    assert_from_parts(&function.send(&event).await, &content());
}

#[tokio::test]
async fn without_credentials_or_the_permission_the_object_is_read() {
    let s3 = serving(uploaded()).await;
    assert_read(&s3, Setup::new(&s3).identity(None), 256 * KIB, "credentials").await;
    let role = Who::AccessKey(Identity::role().access_key);
    s3.alter("data", |bucket| bucket.deny(role, "a", Rights::ATTRIBUTES));
    assert_object_is_read(&s3, "s3:GetObjectAttributes").await;
}

#[tokio::test]
async fn objects_without_part_sha1s_are_read_and_of_one_put_in_one_go_nothing_is_said() {
    // Its ETag shows an upload in parts.
    let without = Object::new(content());
    let one_part = Object::new(content()).parts(LENGTH);
    let mut whole = one_part.clone();
    whole.checksum.as_mut().expect("a checksum").composite_of = None;
    let [empty, short, odd] = ["", "AAAA", "*"].map(|value| {
        let mut object = uploaded();
        object.checksum.as_mut().expect("a checksum").value = value.into();
        (object, "no SHA-1")
    });
    for (object, reason) in [(without, "no SHA-1"), (one_part, "1 parts"), (whole, "no SHA-1"), empty, short, odd] {
        let s3 = serving(object).await;
        assert_object_is_read(&s3, reason).await;
        assert!(s3.calls_of(Operation::GetObjectAttributes).is_empty());
    }
    let s3 = serving("content").await;
    let function = Function::start(&s3, &[]).await;
    let (written, _guard) = capture("info");
    assert_eq!((function.get("/data/a").await.origin(), written.lines().len()), ("object", 1));
}

#[tokio::test]
async fn parts_that_make_no_pieces_are_not_used() {
    for (sizes, reason) in [
        (vec![PART, PART - 1, PART + 8], "differ in size"),
        (vec![PART, PART, PART - 1, 8], "differ in size"),
        (vec![PART, LENGTH - PART], "differ in size"),
        (vec![768 * KIB, LENGTH - 768 * KIB], "786432 bytes"),
        (vec![128 * KIB, LENGTH - 128 * KIB], "131072 bytes"),
    ] {
        let s3 = serving(Object::new(content()).part_sizes(sizes)).await;
        assert_object_is_read(&s3, reason).await;
    }
}

#[tokio::test]
async fn parts_up_to_64_mib_may_be_pieces() {
    let s3 = serving(Object::new(Content::repeated(64 * MIB + 1, vec![7; 65_536])).parts(64 * MIB)).await;
    assert_eq!(get(&s3).await.torrent().info.piece_length, 64 * MIB);
    let s3 = serving(Object::new(Content::repeated(128 * MIB + 1, vec![7; 65_536])).parts(128 * MIB)).await;
    assert_object_is_read(&s3, "134217728 bytes").await;
}

#[tokio::test]
async fn a_piece_length_that_is_set_goes_before_them() {
    let s3 = serving(uploaded()).await;
    assert_read(&s3, Setup::new(&s3).set("PIECE_LENGTH", "1048576"), MIB, "524288 bytes").await;
    let function = Function::start(&s3, &[("PIECE_LENGTH", "524288")]).await;
    assert_from_parts(&function.get("/data/a").await, &content());
}

#[tokio::test]
async fn a_list_that_does_not_add_up_is_not_believed() {
    type Lie = fn(&mut Object);
    let another_composite: Lie = |object| {
        object.checksum.as_mut().expect("a checksum").value = "2jmj7l5rSw0yVb/vlWAYkK/YBwk=".into();
    };
    let lies: [(Lie, &str); 6] = [
        (|object| drop(object.parts.list.pop()), "incomplete"),
        (|object| object.parts.list[1].checksum = None, "incomplete"),
        (|object| object.parts.list.swap(0, 1), "incomplete"),
        (|object| object.parts.list[3].size -= 1, "add up"),
        (|object| object.parts.list[0].checksum = object.parts.list[1].checksum.clone(), "add up"),
        (another_composite, "add up"),
    ];
    for (lie, reason) in lies {
        let mut object = uploaded();
        lie(&mut object);
        assert_object_is_read(&serving(object).await, reason).await;
    }
}

#[tokio::test]
async fn an_s3_that_does_not_know_the_call_has_its_objects_read() {
    let body = Fault::OverlongBody(5 * MIB);
    for (faults, reason) in [
        (vec![Fault::error(501, "NotImplemented")], "does not list"),
        (vec![Fault::error(400, "InvalidArgument")], "does not list"),
        (vec![Fault::ShortBody(9)], "does not list"),
        // It answers with the object itself.
        (vec![body.clone()], "an answer of"),
        (vec![body, Fault::without("content-length")], "length limit"),
    ] {
        let s3 = serving(uploaded()).await;
        for fault in faults {
            s3.fault(Matcher::attributes(), fault);
        }
        assert_object_is_read(&s3, reason).await;
        let count = s3.calls_of(Operation::GetObjectAttributes).len();
        assert!(reason != "an answer of" || count == 1, "{count} requests");
    }
}

#[tokio::test]
async fn a_fault_that_lasts_is_reported_and_the_object_not_read() {
    let slow_down = [
        Fault::internal_error(),
        Fault::slow_down(),
        Fault::CutBody(100),
        Fault::error(429, "X"),
        Fault::error(400, "ThrottlingException"),
        Fault::error(409, "OperationAborted"),
        Fault::error(200, "SlowDown"),
    ];
    let credentials =
        ["ExpiredToken", "TokenRefreshRequired", "InvalidAccessKeyId"].map(|code| Fault::error(400, code));
    let slow_down = slow_down.map(|fault| (fault, (503, "SlowDown")));
    let credentials = credentials.map(|fault| (fault, (500, "InternalError")));
    for (fault, (status, code)) in slow_down.into_iter().chain(credentials) {
        let s3 = serving(uploaded()).await;
        s3.fault(Matcher::attributes(), fault.clone());
        assert_eq!(get(&s3).await.error(), (status, code.into()), "{fault:?}");
        assert_eq!((bytes_asked_for(&s3), s3.keys("data")), (0, vec!["a".to_owned()]), "no sidecar is stored");
    }
}

#[tokio::test]
async fn an_object_replaced_meanwhile_starts_anew_with_or_without_parts() {
    let old = Content::repeated(1_500 * PART, vec![1; 65_536]);
    let new = Content::repeated(1_200 * PART, vec![2; 65_536]);
    let s3 = serving(Object::new(old).parts(PART)).await;
    // Between two pages.
    let replacement = Object::new(new.clone()).parts(PART);
    s3.fault(Matcher::attributes().nth(2), Fault::replace("data", "a", replacement));
    let answer = get(&s3).await;
    assert_eq!((answer.origin(), answer.torrent().info.length), ("part-checksums", new.length()));

    let s3 = serving(uploaded()).await;
    let new = Content::random(LENGTH, 6);
    s3.fault(Matcher::attributes().nth(1), Fault::replace("data", "a", new.clone()));
    let answer = get(&s3).await;
    assert_eq!((answer.origin(), answer.torrent().info.pieces), ("object", model(&new, 256 * KIB)));
}
