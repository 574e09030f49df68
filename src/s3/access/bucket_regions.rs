//! The region of each bucket. Until S3 names it, a bucket counts as being in the function's own region.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_sdk_s3::config::http::HttpResponse;

use super::region::{in_same_partition, is_region};
use crate::object::BucketName;

const HEADER: &str = "x-amz-bucket-region";

/// The regions of the buckets that are served.
#[derive(Debug)]
pub(super) struct BucketRegions {
    home: String,
    known: Mutex<HashMap<BucketName, String>>,
}

impl BucketRegions {
    /// Starts with every bucket in `home`.
    pub(super) fn new(home: String) -> Self {
        Self { home, known: Mutex::default() }
    }

    /// Returns the region of `bucket`.
    pub(super) fn region_of(&self, bucket: &BucketName) -> String {
        self.known().get(bucket).unwrap_or(&self.home).clone()
    }

    /// Returns whether S3 has named the region of `bucket`.
    pub(super) fn knows(&self, bucket: &BucketName) -> bool {
        self.known().contains_key(bucket)
    }

    /// Records that `bucket` is in region `asked`, unless S3 has named another region.
    pub(super) fn confirm(&self, bucket: &BucketName, asked: &str) {
        self.known().entry(bucket.clone()).or_insert_with(|| asked.to_owned());
    }

    /// Records the region that the answer to a call in region `asked` names. Returns whether it names another one.
    pub(super) fn learn(&self, bucket: &BucketName, asked: &str, answer: &HttpResponse) -> bool {
        let Some(region) = self.region_in(answer).filter(|region| *region != asked) else { return false };
        tracing::info!(%bucket, region, "the bucket is in another region");
        self.known().insert(bucket.clone(), region.to_owned());
        true
    }

    /// Returns the region named by a redirect, or by the 400 for a signature of the wrong region. Regions of other
    /// partitions are ignored.
    fn region_in<'a>(&self, answer: &'a HttpResponse) -> Option<&'a str> {
        let sends_on = matches!(answer.status().as_u16(), 301 | 302 | 307 | 308 | 400);
        let region = answer.headers().get(HEADER).filter(|region| sends_on && is_region(region))?;
        in_same_partition(&self.home, region).then_some(region)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<BucketName, String>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::{config::http::HttpResponse, primitives::SdkBody};

    use super::*;

    fn answer(status: u16, region: &'static str) -> HttpResponse {
        let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
        answer.headers_mut().insert(HEADER, region);
        answer
    }

    fn learned(home: &str, answer: &HttpResponse) -> Option<String> {
        let regions = BucketRegions::new(home.to_owned());
        let bucket = BucketName::new("data").unwrap();
        let learned = regions.learn(&bucket, home, answer);
        assert_eq!(regions.region_of(&BucketName::new("other").unwrap()), home);
        assert!(learned || regions.region_of(&bucket) == home);
        learned.then(|| regions.region_of(&bucket))
    }

    #[test]
    fn redirects_and_wrong_signatures_name_the_region() {
        for status in [301, 307, 400] {
            assert_eq!(learned("us-east-1", &answer(status, "eu-west-1")).unwrap(), "eu-west-1");
        }
    }

    #[test]
    fn nothing_else_does() {
        for status in [200, 206, 403, 404, 500, 503] {
            assert_eq!(learned("us-east-1", &answer(status, "eu-west-1")), None, "{status}");
        }
        for region in ["us-east-1", "", "eu-west-1.evil.example", "evil.example/", "cn-north-1", "us-gov-west-1"] {
            assert_eq!(learned("us-east-1", &answer(301, region)), None, "{region}");
        }
        assert_eq!(learned("us-east-1", &HttpResponse::new(301.try_into().unwrap(), SdkBody::empty())), None);
    }

    #[test]
    fn a_bucket_that_is_made_anew_elsewhere_is_followed() {
        let regions = BucketRegions::new("us-east-1".to_owned());
        let bucket = BucketName::new("data").unwrap();
        for (asked, region) in [("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1"), ("us-east-1", "eu-west-2")] {
            assert!(regions.learn(&bucket, asked, &answer(301, region)));
            assert_eq!(regions.region_of(&bucket), region);
        }
    }

    #[test]
    fn home_is_assumed_until_the_bucket_is_found_somewhere() {
        let regions = BucketRegions::new("us-east-1".to_owned());
        let bucket = BucketName::new("data").unwrap();
        assert_eq!((regions.knows(&bucket), regions.region_of(&bucket).as_str()), (false, "us-east-1"));
        regions.confirm(&bucket, "us-east-1");
        assert!(regions.knows(&bucket));
        assert!(regions.learn(&bucket, "us-east-1", &answer(301, "eu-west-1")));
        // An answer to a call from before.
        regions.confirm(&bucket, "us-east-1");
        assert_eq!(regions.region_of(&bucket), "eu-west-1");
    }
}
