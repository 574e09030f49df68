//! The real SDK asks the server itself.

use std::fmt::Debug;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha1::{Digest as _, Sha1};

mod access;
mod attributes;
mod faults;
mod listing;
mod reading;
mod regions;
mod speed;
mod uploads;
mod writing;

/// An error as the SDK saw it: status, code (none on HEAD) and headers.
struct Refusal {
    status: u16,
    code: String,
    response: HttpResponse,
}

impl Refusal {
    fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)
    }
}

/// The error, which must be an answer of the server's.
fn refusal<T, E>(result: Result<T, SdkError<E>>) -> Refusal
where
    T: Debug,
    E: ProvideErrorMetadata + Debug,
{
    let error = result.expect_err("an error");
    let code = error.code().unwrap_or_default().to_owned();
    let SdkError::ServiceError(answer) = error else {
        panic!("no answer: {error:?}");
    };
    let response = answer.into_raw();
    Refusal { status: response.status().as_u16(), code, response }
}

/// Status and code.
fn refused<T, E>(result: Result<T, SdkError<E>>) -> (u16, String)
where
    T: Debug,
    E: ProvideErrorMetadata + Debug,
{
    let Refusal { status, code, .. } = refusal(result);
    (status, code)
}

fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// As S3 writes it.
fn base64_sha1(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(sha1(bytes))
}
