//! The hosts at which S3 has a bucket: what a presigned URL may name. An exact list, so that nothing else is ever
//! connected to. Where an endpoint is configured, it is the only one: another S3 may have a bucket of that name too.
//! <https://docs.aws.amazon.com/general/latest/gr/s3.html>

use url::Url;

use super::{
    client::is_path_style_endpoint,
    region::{Partition, is_region},
};
use crate::object::ObjectId;

/// Where this service's S3 is.
#[derive(Clone, Debug)]
pub struct Endpoints {
    partition: Partition,
    custom: Option<Custom>,
}

/// `AWS_ENDPOINT_URL_S3`, taken apart.
#[derive(Clone, Debug)]
struct Custom {
    scheme: String,
    authority: String,
    /// Without a slash at its end.
    path: String,
    /// Whether a bucket's name may stand before its host.
    virtual_hosts: bool,
}

/// Where an address leads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Of the object, decoded.
    pub(super) path: String,
    /// That the host names, if it names one.
    pub(super) region: Option<String>,
}

impl Endpoints {
    /// Those of `region`'s partition; `endpoint` alone where it is set.
    #[must_use]
    pub fn new(region: &str, endpoint: Option<&str>) -> Self {
        Self { partition: Partition::of(region), custom: endpoint.map(Custom::new) }
    }

    /// Where `object` is at this address; `None` where S3 does not have its bucket there.
    pub(super) fn place_of(&self, scheme: &str, authority: &str, object: &ObjectId) -> Option<Place> {
        let ObjectId { bucket, key, .. } = object;
        // TLS names of virtual hosts match no bucket with dots.
        let virtual_host = authority
            .strip_prefix(bucket.as_str())
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|_| !(scheme == "https" && bucket.as_str().contains('.')));
        if let Some(custom) = &self.custom {
            let path = &custom.path;
            let path = if scheme != custom.scheme {
                None
            } else if authority == custom.authority {
                Some(format!("{path}/{bucket}/{key}"))
            } else {
                let here = custom.virtual_hosts && virtual_host == Some(&custom.authority);
                here.then(|| format!("{path}/{key}"))
            };
            return path.map(|path| Place { path, region: None });
        }
        if scheme != "https" {
            return None;
        }
        let by_path = self.at_aws(authority, || format!("/{bucket}/{key}"));
        by_path.or_else(|| self.at_aws(virtual_host?, || format!("/{key}")))
    }

    /// `s3.amazonaws.com`, `s3.REGION.SUFFIX` and `s3.dualstack.REGION.SUFFIX`.
    fn at_aws(&self, host: &str, path: impl Fn() -> String) -> Option<Place> {
        if self.partition.has_global_endpoint() && host == "s3.amazonaws.com" {
            return Some(Place { path: path(), region: None });
        }
        let below = host.strip_prefix("s3.")?.strip_suffix(self.partition.suffix())?.strip_suffix('.')?;
        let region = below.strip_prefix("dualstack.").unwrap_or(below);
        let is_ours = is_region(region) && Partition::of(region) == self.partition;
        is_ours.then(|| Place { path: path(), region: Some(region.to_owned()) })
    }
}

impl Custom {
    /// The configuration has shown it to be a URL with a host; what is none would be no one's address.
    fn new(endpoint: &str) -> Self {
        let url = Url::parse(endpoint).ok();
        let of_url = |part: fn(&Url) -> String| url.as_ref().map(part).unwrap_or_default();
        Self {
            scheme: of_url(|url| url.scheme().to_owned()),
            authority: of_url(|url| {
                let port = url.port().map(|number| format!(":{number}")).unwrap_or_default();
                format!("{}{port}", url.host_str().unwrap_or_default())
            }),
            path: of_url(|url| url.path().trim_end_matches('/').to_owned()),
            virtual_hosts: !is_path_style_endpoint(endpoint),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::BucketName;

    fn path(endpoints: &Endpoints, address: &str, bucket: &str) -> Option<String> {
        let (scheme, authority) = address.split_once("://").unwrap();
        let bucket = BucketName::new(bucket).unwrap();
        let object = ObjectId { bucket, key: "k/x".to_owned(), version_id: None };
        endpoints.place_of(scheme, authority, &object).map(|place| place.path)
    }

    #[test]
    fn aws_has_a_bucket_at_global_regional_and_dual_stack_hosts() {
        let aws = Endpoints::new("eu-west-1", None);
        for host in
            ["s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3.dualstack.ap-southeast-2.amazonaws.com"]
        {
            assert_eq!(path(&aws, &format!("https://{host}"), "data").unwrap(), "/data/k/x");
            assert_eq!(path(&aws, &format!("https://data.{host}"), "data").unwrap(), "/k/x");
            assert_eq!(path(&aws, &format!("https://{host}"), "my.data").unwrap(), "/my.data/k/x");
        }
        let china = Endpoints::new("cn-north-1", None);
        assert!(path(&china, "https://data.s3.cn-northwest-1.amazonaws.com.cn", "data").is_some());
    }

    #[test]
    fn all_else_is_none_of_its_addresses() {
        let aws = Endpoints::new("eu-west-1", None);
        for address in [
            "http://s3.amazonaws.com",
            "https://other.s3.amazonaws.com",
            "https://data.s3.amazonaws.com:443",
            "https://data.s3.amazonaws.com:8443",
            "https://data.s3.amazonaws.com.",
            "https://DATA.s3.amazonaws.com",
            "https://data.S3.amazonaws.com",
            "https://user@data.s3.amazonaws.com",
            "https://data.s3.amazonaws.com@evil.example",
            "https://data.s3.amazonaws.com.evil.example",
            "https://evil.example.s3.eu-west-1.amazonaws.com",
            "https://s3.evil.eu-west-1.amazonaws.com",
            "https://s3.evil.amazonaws.com",
            "https://data.s3-website.eu-west-1.amazonaws.com",
            "https://s3.dualstack.dualstack.eu-west-1.amazonaws.com",
            "https://s3.us-gov-west-1.amazonaws.com",
            "https://s3.cn-north-1.amazonaws.com",
            "https://s3.cn-north-1.amazonaws.com.cn",
            "https://.s3.amazonaws.com",
            "https://data..s3.amazonaws.com",
            "https://169.254.169.254",
            "https://[::1]",
            "https://localhost",
            "https://",
        ] {
            assert_eq!(path(&aws, address, "data"), None, "{address}");
        }
        assert_eq!(path(&aws, "https://my.data.s3.amazonaws.com", "my.data"), None);
        assert_eq!(path(&Endpoints::new("cn-north-1", None), "https://s3.amazonaws.com", "data"), None);
        assert_eq!(path(&Endpoints::new("us-gov-west-1", None), "https://s3.amazonaws.com", "data"), None);
    }

    #[test]
    fn a_configured_endpoint_is_the_only_one() {
        let local = Endpoints::new("eu-west-1", Some("http://127.0.0.1:8333/"));
        assert_eq!(path(&local, "http://127.0.0.1:8333", "data").unwrap(), "/data/k/x");
        for address in [
            "https://127.0.0.1:8333",
            "http://127.0.0.1",
            "http://127.0.0.1:8334",
            "http://data.127.0.0.1:8333",
            "http://localhost:8333",
            "https://s3.amazonaws.com",
        ] {
            assert_eq!(path(&local, address, "data"), None, "{address}");
        }
        let named = Endpoints::new("eu-west-1", Some("https://S3.example:443/base/"));
        assert_eq!(path(&named, "https://s3.example", "data").unwrap(), "/base/data/k/x");
        assert_eq!(path(&named, "https://data.s3.example", "data").unwrap(), "/base/k/x");
        assert_eq!(path(&named, "https://other.s3.example", "data"), None);
    }
}
