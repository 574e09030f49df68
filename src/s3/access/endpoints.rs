//! The hosts at which S3 serves a bucket. A presigned URL may name no others, so the function connects to nothing else.
//! A configured endpoint replaces them, because another S3 may have a bucket of the same name.
//! <https://docs.aws.amazon.com/general/latest/gr/s3.html>

use url::Url;

use super::{
    client::is_path_style_endpoint,
    region::{has_global_endpoint, in_same_partition, is_region, s3_host},
};
use crate::object::ObjectId;

/// The endpoints of the S3 that this service uses.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// The function's own region. Only hosts of its partition are accepted.
    region: String,
    custom: Option<CustomEndpoint>,
}

/// The parts of `AWS_ENDPOINT_URL_S3`.
#[derive(Clone, Debug)]
struct CustomEndpoint {
    origin: String,
    /// The path before the bucket, without a final slash.
    path: String,
    /// Whether a bucket's name may precede the host.
    virtual_hosts: bool,
}

/// The place of an object in S3.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The decoded path that the object must have.
    pub(super) path: String,
    /// The region in the host, if any.
    pub(super) region: Option<String>,
}

impl Endpoints {
    /// Knows the hosts in the partition of `region`, or only `endpoint` if that is set.
    pub fn new(region: &str, endpoint: Option<&str>) -> Self {
        let custom = |endpoint: &str| {
            // The configuration has checked that it is a URL with a host.
            let url = Url::parse(endpoint).ok();
            CustomEndpoint {
                origin: url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default(),
                path: url.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default(),
                virtual_hosts: !is_path_style_endpoint(endpoint),
            }
        };
        Self { region: region.to_owned(), custom: endpoint.map(custom) }
    }

    /// Returns the place of `object` at this address, or `None` if S3 does not serve its bucket there.
    pub(super) fn place_of(&self, scheme: &str, authority: &str, object: &ObjectId) -> Option<Place> {
        let ObjectId { bucket, key, .. } = object;
        // TLS certificates for virtual hosts do not cover names with dots.
        let virtual_host = authority
            .strip_prefix(bucket.as_str())
            .and_then(|rest| rest.strip_prefix('.'))
            .filter(|_| !(scheme == "https" && bucket.as_str().contains('.')));
        if let Some(custom) = &self.custom {
            let is_origin = |authority: &str| custom.origin == format!("{scheme}://{authority}");
            let path = &custom.path;
            let path = if is_origin(authority) {
                format!("{path}/{bucket}/{key}")
            } else {
                virtual_host.filter(|host| custom.virtual_hosts && is_origin(host))?;
                format!("{path}/{key}")
            };
            return Some(Place { path, region: None });
        }
        if scheme != "https" {
            return None;
        }
        let by_path = self.aws_place(authority, || format!("/{bucket}/{key}"));
        by_path.or_else(|| self.aws_place(virtual_host?, || format!("/{key}")))
    }

    /// Knows the global endpoint, and the regional and dual-stack endpoints of the partition.
    fn aws_place(&self, host: &str, path: impl Fn() -> String) -> Option<Place> {
        if host == "s3.amazonaws.com" && has_global_endpoint(&self.region) {
            return Some(Place { path: path(), region: None });
        }
        let rest = host.strip_prefix("s3.")?;
        let after_dual_stack = rest.strip_prefix("dualstack.");
        let region = after_dual_stack.unwrap_or(rest).split('.').next()?;
        let is_ours = is_region(region)
            && in_same_partition(&self.region, region)
            && s3_host(region, after_dual_stack.is_some()) == host;
        is_ours.then(|| Place { path: path(), region: Some(region.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::{BucketName, ObjectKey};

    fn path(endpoints: &Endpoints, address: &str, bucket: &str) -> Option<String> {
        let (scheme, authority) = address.split_once("://").unwrap();
        let bucket = BucketName::new(bucket).unwrap();
        let object = ObjectId { bucket, key: ObjectKey::try_from("k/x".to_owned()).unwrap(), version_id: None };
        endpoints.place_of(scheme, authority, &object).map(|place| place.path)
    }

    #[test]
    fn aws_has_a_bucket_at_global_regional_and_dual_stack_hosts_of_the_partition_alone() {
        let aws = Endpoints::new("eu-west-1", None);
        for host in ["s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3.dualstack.ap-southeast-2.amazonaws.com"] {
            assert_eq!(path(&aws, &format!("https://{host}"), "data").unwrap(), "/data/k/x");
            assert_eq!(path(&aws, &format!("https://data.{host}"), "data").unwrap(), "/k/x");
            assert_eq!(path(&aws, &format!("https://{host}"), "my.data").unwrap(), "/my.data/k/x");
            assert_eq!(path(&aws, &format!("https://my.data.{host}"), "my.data"), None);
            for wrong in ["http://{}", "https://{}:443", "https://{}.", "https://user@{}", "https://{}.evil.example"] {
                assert_eq!(path(&aws, &wrong.replace("{}", host), "data"), None, "{wrong} {host}");
            }
            for bucket in ["other", "DATA", "data.", "evil.example", ""] {
                assert_eq!(path(&aws, &format!("https://{bucket}.{host}"), "data"), None, "{bucket}.{host}");
            }
        }
        for host in [
            "data.S3.amazonaws.com",
            "s3.evil.eu-west-1.amazonaws.com",
            "s3.evil.amazonaws.com",
            "data.s3-website.eu-west-1.amazonaws.com",
            "s3.dualstack.dualstack.eu-west-1.amazonaws.com",
            "s3.us-gov-west-1.amazonaws.com",
            "s3.cn-north-1.amazonaws.com.cn",
            "169.254.169.254",
            "",
        ] {
            assert_eq!(path(&aws, &format!("https://{host}"), "data"), None, "{host}");
        }
        let china = Endpoints::new("cn-north-1", None);
        assert!(path(&china, "https://data.s3.cn-northwest-1.amazonaws.com.cn", "data").is_some());
        assert_eq!(path(&china, "https://s3.amazonaws.com", "data"), None);
    }

    #[test]
    fn a_configured_endpoint_is_the_only_one() {
        let local = Endpoints::new("eu-west-1", Some("http://127.0.0.1:8333/"));
        assert_eq!(path(&local, "http://127.0.0.1:8333", "data").unwrap(), "/data/k/x");
        for address in ["https://127.0.0.1:8333", "http://127.0.0.1", "http://data.127.0.0.1:8333", "http://127.1:8333"]
        {
            assert_eq!(path(&local, address, "data"), None, "{address}");
        }
        let named = Endpoints::new("eu-west-1", Some("https://S3.example:443/base/"));
        assert_eq!(path(&named, "https://s3.example", "data").unwrap(), "/base/data/k/x");
        assert_eq!(path(&named, "https://data.s3.example", "data").unwrap(), "/base/k/x");
        assert_eq!(path(&named, "https://other.s3.example", "data"), None);
        assert_eq!(path(&named, "https://s3.amazonaws.com", "data"), None);
    }
}
