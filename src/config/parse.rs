//! From a variable's text to its value. Every fault is recorded with the variable's name.

use std::str::FromStr;

use tracing_subscriber::filter::Targets;
use url::Url;

use super::{
    Access, ConfigFaults,
    variables::{ENOUGH_SPEED, FUNCTION_ROLE, LOG_FILTER, Number, PUBLIC_READ, SIDECAR_SUFFIX, SWITCH},
};
use crate::{
    object::{BucketName, SidecarLocation, is_account_id},
    torrent::{PieceLength, WebSeedTemplate},
    tracker::Clock,
};

const TRACKER_SCHEMES: [&str; 5] = ["http", "https", "udp", "ws", "wss"];

/// Reads variables and collects faults, so that one start reports all of them.
pub(super) struct Environment<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl<'a> Environment<'a> {
    pub(super) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { lookup, faults: Vec::new() }
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, ConfigFaults> {
        if self.faults.is_empty() { Ok(value) } else { Err(ConfigFaults(self.faults)) }
    }

    fn fault(&mut self, name: &str, fault: &str) {
        self.faults.push(format!("{name} {fault}"));
    }

    fn text(&self, name: &str) -> Option<String> {
        (self.lookup)(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    fn list(&self, name: &str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect()
    }

    /// Reads a variable as `parse` does. If that gives nothing, the fault says to give `what`.
    fn read<T>(&mut self, name: &str, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let text = self.text(name)?;
        let value = parse(&text);
        if value.is_none() {
            self.fault(name, &format!("is '{text}': give {what}"));
        }
        value
    }

    pub(super) fn number(&mut self, number: &Number) -> u64 {
        let Number { name, default, min, max } = *number;
        let parse = |text: &str| text.parse().ok().filter(|value| (min..=max).contains(value));
        self.read(name, &format!("a whole number from {min} to {max}"), parse).unwrap_or(default)
    }

    /// Reads a number that is small enough to count things in memory.
    pub(super) fn count(&mut self, number: &Number) -> usize {
        usize::try_from(self.number(number)).unwrap_or(usize::MAX)
    }

    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        let [yes, no] = SWITCH;
        let parse = |text: &str| SWITCH.contains(&text).then(|| text == yes);
        self.read(name, &format!("{yes} or {no}"), parse).unwrap_or(default)
    }

    fn bucket(&mut self, name: &str, bucket: &str) -> Option<BucketName> {
        match BucketName::new(bucket) {
            Ok(bucket) => Some(bucket),
            Err(error) => {
                self.fault(name, &format!("names '{bucket}', which {error}"));
                None
            }
        }
    }

    pub(super) fn buckets(&mut self) -> Vec<BucketName> {
        let names = self.list("BUCKETS");
        if names.is_empty() {
            self.fault("BUCKETS", "is not set: list the buckets to serve, comma-separated");
        }
        names.iter().filter_map(|name| self.bucket("BUCKETS", name)).collect()
    }

    pub(super) fn region(&mut self, region: Option<String>) -> String {
        if region.is_none() {
            self.fault("AWS_REGION", "is not set: name the region of this service");
        }
        region.unwrap_or_default()
    }

    pub(super) fn access(&mut self, has_credentials: bool) -> Access {
        let parse = |text: &str| match text {
            PUBLIC_READ => Some(Access::PublicRead),
            FUNCTION_ROLE => Some(Access::FunctionRole),
            _ => None,
        };
        let access = self.read("ACCESS", &format!("{PUBLIC_READ} or {FUNCTION_ROLE}"), parse);
        if access == Some(Access::FunctionRole) && !has_credentials {
            self.fault("ACCESS", &format!("is {FUNCTION_ROLE}, but the function has no AWS credentials"));
        }
        access.unwrap_or(Access::PublicRead)
    }

    pub(super) fn sidecar(&mut self) -> SidecarLocation {
        let bucket = self.text("SIDECAR_BUCKET").and_then(|name| self.bucket("SIDECAR_BUCKET", &name));
        let prefix = (self.lookup)("SIDECAR_PREFIX").unwrap_or_default();
        let suffix = (self.lookup)("SIDECAR_SUFFIX").unwrap_or_else(|| SIDECAR_SUFFIX.to_owned());
        if self.text("SIDECAR_BUCKET").is_none() && prefix.is_empty() && suffix.is_empty() {
            self.fault("SIDECAR_PREFIX", "and SIDECAR_SUFFIX are both empty: a sidecar would replace its object");
        }
        SidecarLocation { bucket, prefix, suffix }
    }

    pub(super) fn trackers(&mut self) -> Vec<String> {
        let trackers = self.list("TRACKERS");
        for (number, tracker) in (1..).zip(&trackers) {
            if !is_announce_url(tracker, &TRACKER_SCHEMES) {
                let fault = format!("number {number} is not an announce URL (http, https, udp, ws, wss)");
                self.fault("TRACKERS", &fault);
            }
        }
        let own = self.text("TRACKER_URL");
        if own.as_ref().is_some_and(|url| !is_announce_url(url, &["http", "https"])) {
            self.fault("TRACKER_URL", "is not an http or https URL");
        }
        own.into_iter().chain(trackers).collect()
    }

    /// Returns the table that belongs to `TRACKER_URL`: a tracker serves only what is registered.
    pub(super) fn tracker_table(&mut self) -> Option<String> {
        if self.text("TRACKER_TABLE").is_some() != self.text("TRACKER_URL").is_some() {
            self.fault("TRACKER_TABLE", "and TRACKER_URL belong together: set both or neither");
        }
        self.table()
    }

    /// Reads `ENOUGH_SPEED`, which the tracker must measure.
    pub(super) fn enough_speed(&mut self) -> u64 {
        let speed = self.number(&ENOUGH_SPEED);
        if speed > 0 && self.text("TRACKER_TABLE").is_none() {
            self.fault(
                ENOUGH_SPEED.name,
                "needs the stack's own tracker: set TRACKER_TABLE and TRACKER_URL, or give 0",
            );
        }
        speed
    }

    /// Reads `TRACKER_TIME_SCALE`: how many real seconds each second of the tracker takes. Only tests set it.
    pub(super) fn clock(&mut self) -> Clock {
        let parse = |text: &str| text.parse().ok().filter(|scale| (1e-6..=1.0).contains(scale));
        self.read("TRACKER_TIME_SCALE", "a number above 0, at most 1", parse).map(Clock::new).unwrap_or_default()
    }

    pub(super) fn required_table(&mut self) -> String {
        if self.text("TRACKER_TABLE").is_none() {
            self.fault("TRACKER_TABLE", "is not set: name the DynamoDB table of the tracker");
        }
        self.table().unwrap_or_default()
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
    fn table(&mut self) -> Option<String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        self.read("TRACKER_TABLE", "the name of a DynamoDB table", |table| {
            ((3..=255).contains(&table.len()) && table.bytes().all(allowed)).then(|| table.to_owned())
        })
    }

    pub(super) fn web_seeds(&mut self) -> Vec<WebSeedTemplate> {
        let texts = self.list("WEB_SEEDS");
        match texts.as_slice() {
            [] => return WebSeedTemplate::of_s3(),
            [none] if none == "none" => return Vec::new(),
            _ => {}
        }
        let mut templates = Vec::new();
        for (number, text) in (1..).zip(&texts) {
            match WebSeedTemplate::new(text) {
                Ok(template) => templates.push(template),
                Err(error) => self.fault("WEB_SEEDS", &format!("number {number} {error}")),
            }
        }
        templates
    }

    pub(super) fn piece_length(&mut self) -> Option<PieceLength> {
        let what = format!("a power of two from {} to {} (bytes)", PieceLength::MIN, PieceLength::MAX);
        self.read("PIECE_LENGTH", &what, |text| text.parse().ok().and_then(PieceLength::new))
    }

    pub(super) fn state_machine_arn(&mut self) -> Option<String> {
        self.read("JOB_STATE_MACHINE_ARN", "the ARN of a state machine", |arn| {
            let parts: Vec<&str> = arn.split(':').collect();
            let valid = matches!(
                parts.as_slice(),
                ["arn", partition, "states", region, account, "stateMachine", name]
                    if partition.starts_with("aws") && !region.is_empty() && is_account_id(account) && !name.is_empty()
            );
            valid.then(|| arn.to_owned())
        })
    }

    pub(super) fn virtual_host_domain(&mut self) -> Option<String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        self.read("VIRTUAL_HOST_DOMAIN", "a host name, without scheme or port", |domain| {
            let valid = domain.split('.').all(|label| !label.is_empty() && label.bytes().all(allowed));
            valid.then(|| domain.to_ascii_lowercase())
        })
    }

    /// API Gateway allows these characters, and clients encode none of them.
    pub(super) fn base_path(&mut self) -> Option<String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
        self.read("BASE_PATH", "the segments before the bucket, such as v1 or files/v1", |text| {
            let base_path = text.trim_matches('/');
            let valid = base_path.split('/').all(|segment| !segment.is_empty() && segment.bytes().all(allowed));
            valid.then(|| base_path.to_owned())
        })
    }

    pub(super) fn endpoint(&mut self) -> Option<String> {
        let endpoint = self.text("AWS_ENDPOINT_URL_S3")?;
        let url = Url::parse(&endpoint).ok().filter(Url::has_host);
        if !url.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
            self.fault("AWS_ENDPOINT_URL_S3", "is not an http or https URL");
        }
        Some(endpoint)
    }

    pub(super) fn log_filter(&mut self) -> Targets {
        let text = self.text("RUST_LOG").unwrap_or_else(|| LOG_FILTER.to_owned());
        Targets::from_str(&text).unwrap_or_else(|error| {
            self.fault("RUST_LOG", &format!("is '{text}': {error}"));
            Targets::new()
        })
    }
}

fn is_announce_url(url: &str, schemes: &[&str]) -> bool {
    Url::parse(url).is_ok_and(|url| url.has_host() && schemes.contains(&url.scheme()))
}
