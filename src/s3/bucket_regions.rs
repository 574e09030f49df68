//! Which region each bucket is in, as far as S3 has told: until then, the function's own is assumed.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html>

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_sdk_s3::config::http::HttpResponse;

use super::region::{Partition, is_region};
use crate::object::BucketName;

const HEADER: &str = "x-amz-bucket-region";

/// The regions of buckets; there are no more entries than buckets that are served.
#[derive(Debug)]
pub(super) struct BucketRegions {
    home: String,
    known: Mutex<HashMap<BucketName, String>>,
}

impl BucketRegions {
    /// With every bucket in `home`, as long as nothing is known.
    pub(super) fn new(home: String) -> Self {
        Self { home, known: Mutex::default() }
    }

    /// Where `bucket` is.
    pub(super) fn of(&self, bucket: &BucketName) -> String {
        self.known().get(bucket).unwrap_or(&self.home).clone()
    }

    /// Whether S3 has told where `bucket` is.
    pub(super) fn knows(&self, bucket: &BucketName) -> bool {
        self.known().contains_key(bucket)
    }

    /// Notes that `bucket` was found in region `asked`.
    pub(super) fn found(&self, bucket: &BucketName, asked: &str) {
        let mut known = self.known();
        if !known.contains_key(bucket) {
            known.insert(bucket.clone(), asked.to_owned());
        }
    }

    /// Takes from the answer to a call in region `asked` that `bucket` is in another; whether it said so.
    pub(super) fn learn(&self, bucket: &BucketName, asked: &str, answer: &HttpResponse) -> bool {
        let Some(region) = self.named(answer).filter(|region| *region != asked) else { return false };
        tracing::info!(%bucket, region, "the bucket is in another region");
        self.known().insert(bucket.clone(), region.to_owned());
        true
    }

    /// The region that an answer sends to: a redirect, or the 400 of a signature for the wrong one. Other partitions know
    /// neither the bucket nor the credentials.
    fn named<'a>(&self, answer: &'a HttpResponse) -> Option<&'a str> {
        let sends_on = matches!(answer.status().as_u16(), 301 | 302 | 307 | 308 | 400);
        let region = answer.headers().get(HEADER).filter(|region| sends_on && is_region(region))?;
        (Partition::of(region) == Partition::of(&self.home)).then_some(region)
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
        assert_eq!(regions.of(&BucketName::new("other").unwrap()), home);
        assert!(learned || regions.of(&bucket) == home);
        learned.then(|| regions.of(&bucket))
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
        for region in
            ["us-east-1", "", "eu-west-1.evil.example", "evil.example/", "cn-north-1", "us-gov-west-1"]
        {
            assert_eq!(learned("us-east-1", &answer(301, region)), None, "{region}");
        }
        assert_eq!(learned("us-east-1", &HttpResponse::new(301.try_into().unwrap(), SdkBody::empty())), None);
    }

    #[test]
    fn a_bucket_that_is_made_anew_elsewhere_is_followed() {
        let regions = BucketRegions::new("us-east-1".to_owned());
        let bucket = BucketName::new("data").unwrap();
        for (asked, region) in
            [("us-east-1", "eu-west-1"), ("eu-west-1", "us-east-1"), ("us-east-1", "eu-west-2")]
        {
            assert!(regions.learn(&bucket, asked, &answer(301, region)));
            assert_eq!(regions.of(&bucket), region);
        }
    }

    #[test]
    fn home_is_assumed_until_the_bucket_is_found_somewhere() {
        let regions = BucketRegions::new("us-east-1".to_owned());
        let bucket = BucketName::new("data").unwrap();
        assert_eq!((regions.knows(&bucket), regions.of(&bucket).as_str()), (false, "us-east-1"));
        regions.found(&bucket, "us-east-1");
        assert!(regions.knows(&bucket));
        assert!(regions.learn(&bucket, "us-east-1", &answer(301, "eu-west-1")));
        // An answer to a call from before.
        regions.found(&bucket, "us-east-1");
        assert_eq!(regions.of(&bucket), "eu-west-1");
    }
}
