//! The region of a bucket. S3 redirects requests that come to another region, and refuses signatures for another one.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>

use hyper::{
    header::{HOST, HeaderName, HeaderValue},
    http::request::Parts,
};
use s3s::HttpResponse;

use crate::{calls, errors, hosts};

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// Returns the answer to a request that came to another region than the bucket's, or is signed for another one.
pub(super) fn misdirected(request: &Parts, region: &str) -> Option<HttpResponse> {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(hosts::parse);
    if host.and_then(|(_, asked)| asked).is_some_and(|asked| asked != region) {
        let words = "The bucket you are attempting to access must be addressed using the specified endpoint. \
                     Please send all future requests to this endpoint.";
        return Some(answer(301, "PermanentRedirect", words, region));
    }
    let signed_for = calls::credential(request).and_then(|scope| Some(scope.split('/').nth(2)?.to_owned()))?;
    (signed_for != region).then(|| {
        let words =
            format!("The authorization header is malformed; the region '{signed_for}' is wrong; expecting '{region}'");
        answer(400, "AuthorizationHeaderMalformed", &words, region)
    })
}

fn answer(status: u16, code: &str, words: &str, region: &str) -> HttpResponse {
    let mut answer = errors::response(status, code, words);
    answer.headers_mut().insert(BUCKET_REGION, HeaderValue::from_str(region).expect("a header value"));
    answer
}
