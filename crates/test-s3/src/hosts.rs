//! S3's own host names, which the SDK uses without an endpoint, and an HTTP client that sends requests for all of them to
//! the test server, without TLS.

use aws_smithy_runtime_api::client::{
    http::{HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn},
    orchestrator::HttpRequest,
};
use s3s::{
    S3Result,
    host::{S3Host, VirtualHost},
};

const SUFFIX: &str = ".amazonaws.com";

/// Returns the bucket and the region of a host `[BUCKET.]s3.[[dualstack.]REGION.]amazonaws.com`. The global endpoint is
/// in us-east-1, but with a bucket in its name, DNS leads to that bucket's region.
pub(super) fn parse(host: &str) -> Option<(Option<&str>, Option<&str>)> {
    let name = host.strip_suffix(SUFFIX)?;
    if name == "s3" {
        return Some((None, Some("us-east-1")));
    }
    if let Some(bucket) = name.strip_suffix(".s3") {
        return Some((Some(bucket), None));
    }
    let (bucket, rest) = match name.strip_prefix("s3.") {
        Some(rest) => (None, rest),
        None => name.rsplit_once(".s3.").map(|(bucket, rest)| (Some(bucket), rest))?,
    };
    Some((bucket, Some(rest.strip_prefix("dualstack.").unwrap_or(rest))))
}

/// Tells s3s which bucket a host name contains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hosts;

impl S3Host for Hosts {
    fn parse_host_header<'a>(&'a self, host: &'a str) -> S3Result<VirtualHost<'a>> {
        let virtual_host = VirtualHost::new(host);
        Ok(match parse(host) {
            Some((Some(bucket), _)) => virtual_host.with_bucket(bucket),
            _ => virtual_host,
        })
    }
}

/// Returns an HTTP client whose requests go to the endpoint `server`.
pub(super) fn network(server: String) -> SharedHttpClient {
    let plain = aws_smithy_http_client::Builder::new().build_http();
    http_client_fn(move |settings, components| {
        let plain = plain.http_connector(settings, components);
        SharedHttpConnector::new(Route { plain, server: server.clone() })
    })
}

#[derive(Debug)]
struct Route {
    plain: SharedHttpConnector,
    server: String,
}

impl HttpConnector for Route {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let uri: hyper::Uri = request.uri().parse().expect("the SDK's URI");
        let host = uri.host().filter(|host| parse(host).is_some()).expect("a host of S3's").to_owned();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        request.set_uri(format!("{}{path}", self.server)).expect("a URI");
        request.headers_mut().insert("host", host);
        self.plain.call(request)
    }
}
