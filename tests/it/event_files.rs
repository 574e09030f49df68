//! Every file of events/, answered as it should be: the same files serve `make invoke`.

use std::{fs, path::Path};

use test_s3::{Bucket, FakeS3, Rights, Who};

use super::harness::Function;

const VERSION: &str = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY";

/// What an event is answered: a torrent of this name, a bare status, or an error.
enum Expected {
    Torrent(&'static str),
    Status(u16),
    Error(u16, &'static str),
}
use Expected::{Error, Status, Torrent};

const EVENTS: [(&str, Expected); 22] = [
    ("alb", Torrent("hello.txt")),
    ("alb-multi-value", Torrent("hello.txt")),
    ("base-path-http-v2", Torrent("hello.txt")),
    ("base-path-with-stage", Torrent("hello.txt")),
    ("collection", Torrent("日本")),
    ("error-bucket", Error(400, "RequestTorrentOfBucketError")),
    ("error-no-such-key", Error(404, "NoSuchKey")),
    ("error-no-torrent", Error(501, "NotImplemented")),
    ("error-put", Error(405, "MethodNotAllowed")),
    ("function-url", Torrent("hello.txt")),
    ("http-v2", Torrent("hello.txt")),
    ("http-v2-default-stage", Torrent("hello.txt")),
    ("key-leading-slash", Torrent("a")),
    ("key-percent-2f", Torrent("a%2Fb")),
    ("key-unicode", Torrent("é.txt")),
    ("key-unicode-decoded", Torrent("é.txt")),
    ("odd-host", Torrent("hello.txt")),
    ("rest-v1", Torrent("hello.txt")),
    ("rest-v1-head", Status(200)),
    ("rest-v1-if-none-match-star", Status(304)),
    ("rest-v1-options", Status(204)),
    ("version-id", Torrent("hello.txt")),
];

#[tokio::test]
async fn every_event_is_answered_as_it_should_be() {
    let public = Rights::READ | Rights::READ_VERSION | Rights::LIST;
    let s3 = FakeS3::start([Bucket::public("data").versioned().allow(Who::Anonymous, "*", public)]).await;
    for key in ["/a", "a%2Fb", "日本/é.txt"] {
        s3.put("data", key, key.to_owned());
    }
    s3.put("data", "hello.txt", test_s3::Object { version_id: Some(VERSION.into()), ..test_s3::Object::new("hello") });
    let function = Function::start(&s3, &[]).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let files = fs::read_dir(&folder).expect("events/").count();
    assert_eq!(files, EVENTS.len(), "every file is tested");
    for (name, expected) in EVENTS {
        let event = fs::read_to_string(folder.join(format!("{name}.json"))).expect(name);
        let answer = function.send(&serde_json::from_str(&event).expect(name)).await;
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
