//! What the tests of the function could not notice if it went wrong. The real SDK asks the server.

use std::fmt::Debug;

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
};

mod access;
mod faults;
mod reading;

/// The status and the code of an error, which is empty for HEAD, and the answer.
fn refusal<T, E>(result: Result<T, SdkError<E>>) -> (u16, String, HttpResponse)
where
    T: Debug,
    E: ProvideErrorMetadata + Debug,
{
    let error = result.expect_err("an error");
    let code = error.code().unwrap_or_default().to_owned();
    let SdkError::ServiceError(answer) = error else { panic!("no answer: {error:?}") };
    let response = answer.into_raw();
    (response.status().as_u16(), code, response)
}

/// The status and the code of an error.
fn refused<T, E>(result: Result<T, SdkError<E>>) -> (u16, String)
where
    T: Debug,
    E: ProvideErrorMetadata + Debug,
{
    let (status, code, _) = refusal(result);
    (status, code)
}
