//! Private objects by a presigned URL: S3 judges it, the object is read with it alone, and it is kept nowhere.

mod reading;
mod refusals;

use std::time::Duration;

use aws_sdk_s3::{operation::get_object::builders::GetObjectFluentBuilder, presigning::PresigningConfig};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use test_s3::{Bucket, FakeS3, Identity, Object, Rights, Who};

use super::harness::{Answer, Function, function_url};

/// May read `data`, and has a session token that is hard to carry.
pub(crate) fn reader() -> Identity {
    Identity::new("READER", "reader-secret").session_token("TOKEN/SECRET+of the=reader&x=%2F")
}

/// A private bucket that the reader may read.
pub(crate) async fn server() -> FakeS3 {
    server_of(Bucket::private("data")).await
}

async fn server_of(bucket: Bucket) -> FakeS3 {
    let rights = Rights::READ | Rights::READ_VERSION;
    let bucket = bucket.allow(Who::AccessKey("READER".into()), "*", rights);
    FakeS3::start_with([bucket], [reader(), stranger()]).await
}

/// May read nothing.
fn stranger() -> Identity {
    Identity::new("STRANGER", "stranger-secret")
}

/// A server that has `object` at `a`, and the reader's URL of it.
pub(crate) async fn serving(object: impl Into<Object>) -> (FakeS3, String) {
    let s3 = server().await;
    s3.put("data", "a", object);
    let url = url_of(&s3, &reader(), "a").await;
    (s3, url)
}

pub(crate) async fn presign(request: GetObjectFluentBuilder) -> String {
    let config = PresigningConfig::expires_in(Duration::from_mins(10)).expect("a time");
    request.presigned(config).await.expect("a presigned URL").uri().to_owned()
}

pub(crate) async fn url_of(s3: &FakeS3, identity: &Identity, key: &str) -> String {
    presign(s3.client_of(identity).get_object().bucket("data").key(key)).await
}

pub(crate) fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// GET of `path` with `url`.
pub(crate) async fn get(function: &Function, path: &str, url: &str) -> Answer {
    function.send(&function_url("GET", path, &query_of(url), &[])).await
}

fn query_of(url: &str) -> String {
    format!("torrent&presigned={}", encoded(url))
}
