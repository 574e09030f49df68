//! Regions, and the partitions of AWS they belong to: between these neither bucket names nor credentials are shared.
//! <https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html>

/// How a partition's regions begin, and its hosts end; the first is that of all others.
const PARTITIONS: [(&str, &str); 8] = [
    ("", "amazonaws.com"),
    ("cn-", "amazonaws.com.cn"),
    ("us-gov-", "amazonaws.com"),
    ("eusc-", "amazonaws.eu"),
    ("us-iso-", "c2s.ic.gov"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
];

/// One of AWS's separate clouds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Partition(usize);

impl Partition {
    pub(super) fn of(region: &str) -> Self {
        let begins = |(prefix, _): &(&str, &str)| region.starts_with(prefix);
        Self(PARTITIONS.iter().rposition(begins).unwrap_or_default())
    }

    /// What its hosts end in.
    pub(super) fn suffix(self) -> &'static str {
        PARTITIONS[self.0].1
    }

    /// `s3.amazonaws.com`, which is of no region.
    pub(super) fn has_global_endpoint(self) -> bool {
        self.0 == 0
    }
}

/// What the names of AWS's hosts end in, in the partition of `region`: `amazonaws.com`, in China `amazonaws.com.cn`.
#[must_use]
pub fn dns_suffix(region: &str) -> &'static str {
    Partition::of(region).suffix()
}

/// Whether `text` has the form of a region's name, such as `ap-southeast-2`.
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
    fn a_region_is_words_and_a_number() {
        for name in ["us-east-1", "ap-southeast-2", "us-gov-west-1", "cn-north-1", "eusc-de-east-1"] {
            assert!(is_region(name), "{name}");
        }
        for name in [
            "",
            "us",
            "us-east",
            "us-1",
            "-us-east-1",
            "us--east-1",
            "US-east-1",
            "us-east-1.evil",
            "us-east-",
        ] {
            assert!(!is_region(name), "{name}");
        }
    }

    #[test]
    fn partitions_are_told_apart() {
        assert_eq!(Partition::of("us-east-1"), Partition::of("eu-west-1"));
        assert_ne!(Partition::of("us-east-1"), Partition::of("us-gov-east-1"));
        assert_eq!(Partition::of("cn-north-1").suffix(), "amazonaws.com.cn");
        assert_eq!(Partition::of("us-isob-east-1").suffix(), "sc2s.sgov.gov");
    }
}
