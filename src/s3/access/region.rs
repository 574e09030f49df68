//! AWS's regions and partitions, according to the SDK's own endpoint rules. Partitions share neither bucket names nor
//! credentials.
//! <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>

use std::{
    pin::pin,
    sync::LazyLock,
    task::{Context, Poll, Waker},
};

use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ParamsBuilder, ResolveEndpoint};

/// A region of the partition that has the global endpoint `s3.amazonaws.com`.
const COMMERCIAL_REGION: &str = "us-east-1";

static RESOLVER: LazyLock<DefaultResolver> = LazyLock::new(DefaultResolver::new);

/// Returns the host of S3 in `region`, such as `s3.eu-west-1.amazonaws.com`, or nothing if `region` cannot be one.
pub(super) fn s3_host(region: &str, dual_stack: bool) -> String {
    let url = resolve(Params::builder().region(region).use_dual_stack(dual_stack));
    url.and_then(|url| url.strip_prefix("https://").map(str::to_owned)).unwrap_or_default()
}

/// Returns the DNS suffix of the partition of `region`: `amazonaws.com`, or `amazonaws.com.cn` in China.
pub fn dns_suffix(region: &str) -> String {
    let host = s3_host(region, false);
    let suffix = host.strip_prefix("s3.").and_then(|rest| rest.strip_prefix(region)?.strip_prefix('.'));
    suffix.unwrap_or_default().to_owned()
}

/// Returns whether both regions are in the same partition. The rules let a client call an access point in another
/// region, but not in another partition.
pub(super) fn in_same_partition(region: &str, other: &str) -> bool {
    let access_point = format!("arn:aws:s3:{other}:123456789012:accesspoint:a");
    let params = Params::builder().region(region).bucket(access_point).use_arn_region(true);
    region == other || resolve(params).is_some()
}

/// Returns whether the partition of `region` has the global endpoint `s3.amazonaws.com`.
pub(super) fn has_global_endpoint(region: &str) -> bool {
    in_same_partition(region, COMMERCIAL_REGION)
}

/// Returns the URL of the SDK's rules, if they have one.
fn resolve(params: ParamsBuilder) -> Option<String> {
    let params = params.build().ok()?;
    // The rules do no I/O, so the future is ready at once.
    let mut resolved = pin!(RESOLVER.resolve_endpoint(&params));
    match resolved.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(endpoint) => Some(endpoint.ok()?.url().to_owned()),
        Poll::Pending => None,
    }
}

/// Returns whether `text` has the form of a region's name, such as `ap-southeast-2`.
pub(super) fn is_region(text: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let Some((words, number)) = text.rsplit_once('-') else { return false };
    text.len() <= 32
        && words.contains('-')
        && words.split('-').all(word)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_own_suffix_and_only_one_has_the_global_endpoint() {
        let partitions = [
            ("us-east-1", "amazonaws.com"),
            ("us-gov-east-1", "amazonaws.com"),
            ("cn-north-1", "amazonaws.com.cn"),
            ("eusc-de-east-1", "amazonaws.eu"),
            ("us-isob-east-1", "sc2s.sgov.gov"),
        ];
        for (region, suffix) in partitions {
            assert_eq!(dns_suffix(region), suffix, "{region}");
            assert_eq!(has_global_endpoint(region), region == "us-east-1");
            for (other, _) in partitions {
                assert_eq!(in_same_partition(region, other), region == other, "{region} {other}");
            }
        }
        assert!(in_same_partition("us-east-1", "eu-west-1"));
    }
}
