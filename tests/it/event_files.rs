//! Every file of events/, answered as it should be: the same files serve `make invoke`.

use std::{collections::BTreeSet, fs, path::Path};

use super::harness::{Answer, Function};

const VERSION: &str = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY";

/// An event, and what it is answered: the torrent's name, or an error's status and code.
enum Expected {
    Torrent(&'static str),
    Status(u16),
    Error(u16, &'static str),
}
use Expected::{Error, Status, Torrent};
use test_s3::{Bucket, FakeS3, Rights, Who};

const EVENTS: [(&str, Expected); 54] = [
    ("rest-v1", Torrent("hello.txt")),
    ("rest-v1-head", Status(200)),
    ("rest-v1-options", Status(204)),
    ("rest-v1-if-none-match-star", Status(304)),
    ("http-v2", Torrent("hello.txt")),
    ("http-v2-default-stage", Torrent("hello.txt")),
    ("function-url", Torrent("hello.txt")),
    ("alb", Torrent("hello.txt")),
    ("alb-multi-value", Torrent("hello.txt")),
    ("key-plus", Torrent("a+b")),
    ("key-encoded-plus", Torrent("a+b")),
    ("key-percent-2f", Torrent("a%2Fb")),
    ("key-double-slash", Torrent("b")),
    ("key-leading-slash", Torrent("a")),
    ("key-trailing-slash", Torrent("dir")),
    ("key-dot-segments", Torrent("c")),
    ("key-encoded-dots", Torrent("x")),
    ("key-spaces", Torrent("a b  c")),
    ("key-unicode", Torrent("é.txt")),
    ("key-unicode-decoded", Torrent("é.txt")),
    ("key-quotes", Torrent("it's \"x\" <y> & z")),
    ("key-question-hash", Torrent("a?b#c")),
    ("key-backslash", Torrent("a_b")),
    ("key-percent-decoded", Torrent("100%25 a+b%2F")),
    ("key-named-like-the-stage", Torrent("x")),
    ("base-path-with-stage", Torrent("hello.txt")),
    ("base-path-without-stage", Torrent("hello.txt")),
    ("base-path-none-without-stage", Torrent("hello.txt")),
    ("base-path-named-like-the-bucket", Torrent("x")),
    ("base-path-key-unicode", Torrent("é.txt")),
    ("base-path-http-v2", Torrent("hello.txt")),
    ("version-id", Torrent("hello.txt")),
    ("collection", Torrent("日本")),
    ("error-no-torrent", Error(501, "NotImplemented")),
    ("error-other-operation", Error(501, "NotImplemented")),
    ("error-root", Error(501, "NotImplemented")),
    ("error-bucket", Error(400, "RequestTorrentOfBucketError")),
    ("error-bucket-slash", Error(400, "RequestTorrentOfBucketError")),
    ("error-put", Error(405, "MethodNotAllowed")),
    ("error-invalid-encoding", Error(400, "InvalidURI")),
    ("error-not-utf8", Error(400, "InvalidURI")),
    ("error-bucket-name", Error(400, "InvalidBucketName")),
    ("error-arn", Error(400, "InvalidBucketName")),
    ("error-directory-bucket", Error(501, "NotImplemented")),
    ("error-key-too-long", Error(400, "KeyTooLongError")),
    ("error-request-payer", Error(400, "InvalidArgument")),
    ("error-bucket-owner", Error(400, "InvalidBucketOwnerAWSAccountID")),
    ("error-version-id", Error(400, "InvalidArgument")),
    ("error-bucket-not-served", Error(403, "AccessDenied")),
    ("error-no-such-key", Error(404, "NoSuchKey")),
    ("error-base-path-root", Error(501, "NotImplemented")),
    ("error-base-path-no-such-key", Error(404, "NoSuchKey")),
    ("odd-host", Torrent("hello.txt")),
    ("odd-query", Torrent("hello.txt")),
];

async fn server() -> FakeS3 {
    let public = Rights::READ | Rights::READ_VERSION | Rights::LIST;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", public)]).await;
    for key in [
        "a+b",
        "a%2Fb",
        "a//b",
        "/a",
        "dir/",
        "a/../b/./c",
        "../x",
        "a b  c",
        "日本/é.txt",
        "it's \"x\" <y> & z",
        "a?b#c",
        "a\\b",
        "100%25 a+b%2F",
        "prod/x",
        "data/x",
    ] {
        s3.put("data", key, key.to_owned());
    }
    s3.put("data", "hello.txt", test_s3::Object::new("hello").version_id(VERSION));
    s3
}

async fn answer(function: &Function, name: &str) -> Answer {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/{name}.json"));
    let event = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    function.send(&serde_json::from_str(&event).expect("JSON")).await
}

#[tokio::test]
async fn every_event_is_answered_as_it_should_be() {
    let s3 = server().await;
    let function = Function::start(&s3, &[]).await;
    for (name, expected) in EVENTS {
        let answer = answer(&function, name).await;
        match expected {
            Torrent(file) => {
                assert_eq!(answer.torrent().info.name, file, "{name}");
                assert!(answer.is_base64, "{name}");
            }
            Status(status) => assert_eq!((answer.status, answer.body.len()), (status, 0), "{name}"),
            Error(status, code) => {
                assert_eq!(answer.error(), (status, code.to_owned()), "{name}");
                assert!(!answer.is_base64, "{name}");
            }
        }
    }
}

#[test]
fn every_file_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let files = fs::read_dir(folder).expect("events/");
    let files: BTreeSet<String> = files
        .map(|file| file.expect("a file").file_name().to_string_lossy().trim_end_matches(".json").to_owned())
        .collect();
    let tested = EVENTS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(files, tested);
}
