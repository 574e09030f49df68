//! S3's own host names, as the SDK uses them where no endpoint is configured, and a network in which they all lead to
//! the test server. Names are resolved and TLS is ended on the way there: the server sees what S3 would, over plain
//! TCP.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use s3s::S3Result;
use s3s::host::{S3Host, VirtualHost};

const SUFFIX: &str = ".amazonaws.com";

/// Bucket and region of `[BUCKET.]s3.[[dualstack.]REGION.]amazonaws.com`; nothing of any other host. The global
/// endpoint is in us-east-1, but DNS leads a bucket's name before it to that bucket's region, whichever that is.
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

/// For s3s: where the bucket stands before the host.
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

/// The network.
#[derive(Clone, Debug)]
pub(super) struct Network {
    plain: SharedHttpClient,
    server: String,
}

impl Network {
    /// `server` is the test server's endpoint.
    pub(super) fn new(server: String) -> Self {
        Self { plain: aws_smithy_http_client::Builder::new().build_http(), server }
    }
}

impl HttpClient for Network {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let plain = self.plain.http_connector(settings, components);
        SharedHttpConnector::new(Route { plain, server: self.server.clone() })
    }
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
