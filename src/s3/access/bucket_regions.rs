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

    #[test]
    fn only_redirects_and_wrong_signatures_name_another_region_of_the_partition() {
        for (status, region, learned) in [
            (301, "eu-west-1", true),
            (307, "eu-west-1", true),
            (400, "eu-west-1", true),
            (206, "eu-west-1", false),
            (403, "eu-west-1", false),
            (503, "eu-west-1", false),
            (301, "us-east-1", false),
            (301, "", false),
            (301, "eu-west-1.evil.example", false),
            (301, "evil.example/", false),
            (301, "cn-north-1", false),
        ] {
            let regions = BucketRegions::new("us-east-1".to_owned());
            let bucket = BucketName::new("data").unwrap();
            let mut answer = HttpResponse::new(status.try_into().unwrap(), SdkBody::empty());
            answer.headers_mut().insert(HEADER, region);
            assert_eq!(regions.learn(&bucket, "us-east-1", &answer), learned, "{status} {region}");
            // An answer to a call from before says nothing new.
            regions.confirm(&bucket, "us-east-1");
            assert_eq!(regions.region_of(&bucket), if learned { region } else { "us-east-1" });
        }
    }
}
