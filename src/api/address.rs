//! The bucket and key of a path, in path style, or in virtual-host style below the operator's domain. Keys come from
//! the event's raw path, byte for byte, and are decoded once if they are encoded.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html>

use std::net::IpAddr;

use lambda_http::{Request, RequestExt, http::header::HOST, request::RequestContext};
use percent_encoding::percent_decode_str;

use super::{
    base_path::{below, matched_by_proxy, slashes_before},
    request::RequestError,
};
use crate::object::percent_decode;

/// The bucket and key in a request's address, not yet checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) bucket: String,
    pub(super) key: String,
}

/// A path, and how to read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawPath {
    path: String,
    /// Whether the event has another path elsewhere, so that this may not be the one that the client sent.
    contradicted: bool,
    encoded: bool,
    bucket: Option<String>,
}

impl RawPath {
    /// Takes the path of `request`. Below `domain`, the host names the bucket. What precedes the bucket is removed:
    /// what the event says, or else `base_path` or an HTTP API's stage.
    pub(super) fn of(request: &Request, domain: Option<&str>, base_path: Option<&str>) -> Self {
        let (stage, encoded) = match request.request_context_ref() {
            Some(RequestContext::ApiGatewayV2(context)) => {
                let encoded = carries_encoded_paths(context.domain_name.as_deref().unwrap_or_default());
                (context.stage.as_deref().filter(|stage| !encoded && *stage != "$default"), encoded)
            }
            _ => (None, true),
        };
        let path = request.raw_http_path();
        let told = || proxy(request).and_then(|proxy| matched_by_proxy(path, proxy));
        let known = || [base_path, stage].into_iter().flatten().find_map(|before| below(path, before));
        let rest = told().or_else(known).unwrap_or(path);
        let key = rest.trim_start_matches('/');
        let folded = folded_slashes(request, path, key);
        let slashes = folded.unwrap_or_default().max(rest.len() - key.len());
        Self {
            path: "/".repeat(slashes) + key,
            contradicted: folded.is_none(),
            encoded,
            bucket: domain.and_then(|domain| bucket_of_host(request, domain)),
        }
    }

    /// Returns bucket and key, if the path is certain and percent-encoded UTF-8.
    pub(super) fn address(&self) -> Result<Address, RequestError> {
        if self.contradicted {
            return Err(RequestError::TwoPaths);
        }
        self.decoded().ok_or(RequestError::InvalidUri)
    }

    fn decoded(&self) -> Option<Address> {
        let text = |part: &str| if self.encoded { percent_decode(part) } else { Some(part.to_owned()) };
        let path = self.path.strip_prefix('/').unwrap_or(&self.path);
        let (bucket, key) = if let Some(bucket) = &self.bucket {
            (bucket.clone(), path)
        } else {
            let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
            (text(bucket)?, key)
        };
        Some(Address { bucket, key: text(key)? })
    }

    /// Returns the decoded path, `/bucket/key`, with U+FFFD for what is not UTF-8.
    pub(super) fn resource(&self) -> String {
        let path =
            if self.encoded { percent_decode_str(&self.path).decode_utf8_lossy() } else { self.path.as_str().into() };
        match &self.bucket {
            Some(bucket) => format!("/{bucket}{path}"),
            None if path.is_empty() => "/".to_owned(),
            None => path.into_owned(),
        }
    }
}

/// Returns how many slashes preceded `key` according to the request context, or `None` if its path is another one.
fn folded_slashes(request: &Request, path: &str, key: &str) -> Option<usize> {
    match request.request_context_ref() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            // `sam local` has the route here.
            let whole = context.path.as_deref().filter(|whole| context.resource_path.as_deref() != Some(whole));
            whole.map_or(Some(0), |whole| slashes_before(key, path, whole, context.stage.as_deref()))
        }
        // The two paths of an HTTP API differ below a mapping. How else they may differ is not documented.
        Some(RequestContext::ApiGatewayV2(context)) => {
            context.http.path.as_deref().and_then(|whole| slashes_before(key, path, whole, None)).or(Some(0))
        }
        _ => Some(0),
    }
}

/// In version 2 events, Function URLs and local runtimes send the path as it came, and an HTTP API decodes it.
fn carries_encoded_paths(domain: &str) -> bool {
    let is_loopback = |host: &str| host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let host = without_port(domain);
    host == "localhost" || is_loopback(domain) || is_loopback(host) || host.contains(".lambda-url.")
}

fn without_port(host: &str) -> &str {
    let port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit());
    let host = host.rsplit_once(':').filter(|(_, rest)| port(rest)).map_or(host, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Returns what the route's `{proxy+}` matched: nothing if the route is the root.
fn proxy(request: &Request) -> Option<&str> {
    let is_root = match request.request_context_ref()? {
        RequestContext::ApiGatewayV1(context) => context.resource_path.as_deref() == Some("/"),
        RequestContext::ApiGatewayV2(context) => context.route_key.as_deref().is_some_and(|key| key.ends_with(" /")),
        _ => false,
    };
    let matched = request.path_parameters_ref().and_then(|parameters| parameters.first("proxy"));
    matched.or(is_root.then_some(""))
}

fn bucket_of_host(request: &Request, domain: &str) -> Option<String> {
    let host = request.headers().get(HOST)?.to_str().ok()?.to_ascii_lowercase();
    let bucket = without_port(&host).strip_suffix(domain)?.strip_suffix('.')?;
    (!bucket.is_empty()).then(|| bucket.to_owned())
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    use proptest::{prelude::any, prop_assert_eq, proptest};

    use super::*;

    fn key(path: &str, encoded: bool) -> Option<String> {
        let raw = RawPath { path: path.to_owned(), contradicted: false, encoded, bucket: None };
        raw.decoded().filter(|address| address.bucket == "b").map(|address| address.key)
    }

    #[test]
    fn only_function_urls_and_local_hosts_send_version_2_paths_encoded() {
        for domain in
            ["abc.lambda-url.eu-west-1.on.aws", "localhost", "localhost:9000", "127.0.0.1:9000", "[::1]:80", "::1"]
        {
            assert!(carries_encoded_paths(domain), "{domain}");
        }
        for domain in ["abc.execute-api.eu-west-1.amazonaws.com", "torrents.example", "10.0.0.1", ""] {
            assert!(!carries_encoded_paths(domain), "{domain}");
        }
    }

    proptest! {
        #[test]
        fn any_key_comes_back_however_it_was_encoded(any_key in any::<String>()) {
            let all = utf8_percent_encode(&any_key, NON_ALPHANUMERIC).to_string();
            for encoded in [&all, &any_key.replace('%', "%25")] {
                prop_assert_eq!(key(&format!("/b/{encoded}"), true), Some(any_key.clone()));
            }
        }
    }
}
