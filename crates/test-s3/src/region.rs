//! Buckets in the region they were made in: asked elsewhere, S3 answers with a redirect that names it, and a signature
//! for another region with an error that does.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>

use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use s3s::{HttpResponse, S3Error, S3ErrorCode};

use super::{calls, hosts};

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");

/// The answer to a request for a bucket of `region` that came to, or is signed for, another.
pub(super) fn misdirected(request: &Parts, region: &str) -> Option<HttpResponse> {
    let host = request.headers.get(HOST).and_then(|host| host.to_str().ok()).and_then(hosts::parse);
    if host.and_then(|(_, asked)| asked).is_some_and(|asked| asked != region) {
        let words = "The bucket you are attempting to access must be addressed using the specified endpoint. \
                     Please send all future requests to this endpoint.";
        return Some(answer(301, "PermanentRedirect", words.to_owned(), region));
    }
    let signed_for = calls::credential(request).and_then(|scope| Some(scope.split('/').nth(2)?.to_owned()))?;
    (signed_for != region).then(|| {
        let words =
            format!("The authorization header is malformed; the region '{signed_for}' is wrong; expecting '{region}'");
        answer(400, "AuthorizationHeaderMalformed", words, region)
    })
}

fn answer(status: u16, code: &str, words: String, region: &str) -> HttpResponse {
    let mut error = S3Error::with_message(code.parse::<S3ErrorCode>().expect("any text is a code"), words);
    error.set_status_code(hyper::StatusCode::from_u16(status).expect("an HTTP status"));
    let mut answer = error.to_http_response().expect("an error document");
    answer.headers_mut().insert(BUCKET_REGION, HeaderValue::from_str(region).expect("a header value"));
    answer
}
