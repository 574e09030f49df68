//! Makes events safe for `lambda_http`, which builds a URI from path, host and query, and panics if they do not form
//! one. What this service uses does not change: the raw path, the query's values, and any valid host.

use std::collections::HashMap;

use lambda_http::{
    aws_lambda_events::query_map::QueryMap,
    http::{HeaderMap, HeaderName, header::HOST, uri::Authority},
    request::LambdaRequest,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::request::QUERY_PARAMETERS;

/// `http::Uri` accepts 65,534 bytes, and escaping can triple a path.
const MAX_PATH_BYTES: usize = 8 * 1024;
const MAX_HOST_BYTES: usize = 512;

/// What is escaped in a query's value, which may be percent-encoded already. To escape more than needed does no harm.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'%').remove(b'+');

const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Returns `event` in a form that `lambda_http` accepts, without its body.
pub(super) fn sanitize(mut event: LambdaRequest) -> LambdaRequest {
    // Both types have these fields, but no common trait.
    macro_rules! sanitize_multi_value {
        ($request:expr) => {
            sanitize_multi_headers(&mut $request.headers, &mut $request.multi_value_headers);
            sanitize_query_map(&mut $request.query_string_parameters);
            sanitize_query_map(&mut $request.multi_value_query_string_parameters);
            sanitize_path(&mut $request.path);
            ($request.body, $request.is_base64_encoded) = (None, false);
        };
    }
    match &mut event {
        LambdaRequest::ApiGatewayV1(request) => {
            if request.path.as_ref().is_some_and(|path| path.len() > MAX_PATH_BYTES) {
                // The truncated path will be refused as too long, and must not differ from this one.
                request.request_context.path = None;
            }
            sanitize_multi_value!(request);
            sanitize_domain(&mut request.request_context.domain_name);
        }
        LambdaRequest::ApiGatewayV2(request) => {
            sanitize_headers(&mut request.headers);
            sanitize_path(&mut request.raw_path);
            sanitize_query(&mut request.raw_query_string);
            sanitize_domain(&mut request.request_context.domain_name);
            (request.body, request.is_base64_encoded) = (None, false);
        }
        LambdaRequest::Alb(request) => {
            sanitize_multi_value!(request);
        }
        _ => {}
    }
    event
}

/// `lambda_http` would let the one value in `single` replace all the values in `multi`.
fn sanitize_multi_headers(single: &mut HeaderMap, multi: &mut HeaderMap) {
    for name in multi.keys() {
        single.remove(name);
    }
    sanitize_headers(single);
    sanitize_headers(multi);
}

/// Keeps only the parameters that this service reads, each with a value.
fn sanitize_query_map(query: &mut QueryMap) {
    let kept = QUERY_PARAMETERS.into_iter().filter_map(|(name, longest)| {
        let value = query.all(name)?.first().copied().unwrap_or_default();
        Some((name.to_owned(), vec![sanitize_value(value, longest).to_owned()]))
    });
    *query = QueryMap::from(kept.collect::<HashMap<_, _>>());
}

/// Empties a value that is too long. A truncated one could mean something else.
fn sanitize_value(value: &str, longest: usize) -> &str {
    if value.len() > longest { "" } else { value }
}

fn sanitize_headers(headers: &mut HeaderMap) {
    if headers.get(HOST).is_some_and(|host| !host.to_str().is_ok_and(is_host)) {
        headers.remove(HOST);
    }
    if headers.get(FORWARDED_PROTO).is_some_and(|scheme| scheme != "https" && scheme != "http") {
        headers.remove(FORWARDED_PROTO);
    }
}

fn sanitize_domain(domain: &mut Option<String>) {
    *domain = domain.take().filter(|domain| is_host(domain));
}

fn is_host(host: &str) -> bool {
    let authority =
        host.len() <= MAX_HOST_BYTES && host.parse::<Authority>().is_ok_and(|authority| authority.as_str() == host);
    authority && url::Url::parse(&format!("https://{host}/")).is_ok()
}

fn sanitize_path(path: &mut Option<String>) {
    if let Some(path) = path {
        if !path.starts_with('/') {
            path.insert(0, '/');
        }
        if path.len() > MAX_PATH_BYTES {
            path.truncate(path.floor_char_boundary(MAX_PATH_BYTES));
            // The path is refused as too long, not as badly encoded: no escape may be cut in two.
            let escape = path.rfind('%').filter(|start| path.len() - start < 3);
            path.truncate(escape.unwrap_or(path.len()));
        }
    }
}

fn sanitize_query(query: &mut Option<String>) {
    if let Some(query) = query {
        let value = |(name, longest): (&str, usize)| {
            let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
            let (_, value) = pairs.find(|(key, _)| percent_decode_str(key).eq(name.bytes()))?;
            Some(format!("{name}={}", utf8_percent_encode(sanitize_value(value, longest), ESCAPED)))
        };
        *query = QUERY_PARAMETERS.into_iter().filter_map(value).collect::<Vec<_>>().join("&");
    }
}
