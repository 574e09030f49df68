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

    pub(super) fn number(&mut self, number: &Number) -> u64 {
        let Number { name, default, min, max } = *number;
        let Some(text) = self.text(name) else { return default };
        match text.parse() {
            Ok(value) if (min..=max).contains(&value) => value,
            _ => {
                self.fault(name, &format!("is '{text}': give a whole number from {min} to {max}"));
                default
            }
        }
    }

    /// Reads a number that is small enough to count things in memory.
    pub(super) fn count(&mut self, number: &Number) -> usize {
        usize::try_from(self.number(number)).unwrap_or(usize::MAX)
    }

    pub(super) fn switch(&mut self, name: &str, default: bool) -> bool {
        let [yes, no] = SWITCH;
        match self.text(name) {
            None => default,
            Some(text) if text == yes || text == no => text == yes,
            Some(text) => {
                self.fault(name, &format!("is '{text}': give {yes} or {no}"));
                default
            }
        }
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
        match self.text("ACCESS").as_deref() {
            None | Some(PUBLIC_READ) => Access::PublicRead,
            Some(FUNCTION_ROLE) => {
                if !has_credentials {
                    self.fault("ACCESS", &format!("is {FUNCTION_ROLE}, but the function has no AWS credentials"));
                }
                Access::FunctionRole
            }
            Some(other) => {
                self.fault("ACCESS", &format!("is '{other}': give {PUBLIC_READ} or {FUNCTION_ROLE}"));
                Access::PublicRead
            }
        }
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
        let table = self.table();
        if table.is_some() != self.text("TRACKER_URL").is_some() {
            self.fault("TRACKER_TABLE", "and TRACKER_URL belong together: set both or neither");
        }
        table
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
        let name = "TRACKER_TIME_SCALE";
        let Some(text) = self.text(name) else { return Clock::default() };
        let scale = text.parse().ok().filter(|scale| (1e-6..=1.0).contains(scale));
        if scale.is_none() {
            self.fault(name, &format!("is '{text}': give a number above 0, at most 1"));
        }
        scale.map(Clock::new).unwrap_or_default()
    }

    pub(super) fn required_table(&mut self) -> String {
        let table = self.table();
        if table.is_none() {
            self.fault("TRACKER_TABLE", "is not set: name the DynamoDB table of the tracker");
        }
        table.unwrap_or_default()
    }

    /// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html>
    fn table(&mut self) -> Option<String> {
        let table = self.text("TRACKER_TABLE")?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if !(3..=255).contains(&table.len()) || !table.bytes().all(allowed) {
            self.fault("TRACKER_TABLE", &format!("is '{table}': give the name of a DynamoDB table"));
        }
        Some(table)
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
        let text = self.text("PIECE_LENGTH")?;
        let piece_length = text.parse().ok().and_then(PieceLength::new);
        if piece_length.is_none() {
            let (min, max) = (PieceLength::MIN, PieceLength::MAX);
            self.fault("PIECE_LENGTH", &format!("is '{text}': give a power of two from {min} to {max} (bytes)"));
        }
        piece_length
    }

    pub(super) fn state_machine_arn(&mut self) -> Option<String> {
        let arn = self.text("JOB_STATE_MACHINE_ARN")?;
        let parts: Vec<&str> = arn.split(':').collect();
        let valid = matches!(
            parts.as_slice(),
            ["arn", partition, "states", region, account, "stateMachine", name]
                if partition.starts_with("aws") && !region.is_empty() && is_account_id(account) && !name.is_empty()
        );
        if !valid {
            self.fault("JOB_STATE_MACHINE_ARN", &format!("is '{arn}': give the ARN of a state machine"));
        }
        Some(arn)
    }

    pub(super) fn virtual_host_domain(&mut self) -> Option<String> {
        let domain = self.text("VIRTUAL_HOST_DOMAIN")?.to_ascii_lowercase();
        let label =
            |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !domain.split('.').all(label) {
            self.fault("VIRTUAL_HOST_DOMAIN", &format!("is '{domain}': give a host name, without scheme or port"));
        }
        Some(domain)
    }

    /// API Gateway allows these characters, and clients encode none of them.
    pub(super) fn base_path(&mut self) -> Option<String> {
        let text = self.text("BASE_PATH")?;
        let base_path = text.trim_matches('/');
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
        if !base_path.split('/').all(|segment| !segment.is_empty() && segment.bytes().all(allowed)) {
            self.fault(
                "BASE_PATH",
                &format!("is '{text}': give the segments before the bucket, such as v1 or files/v1"),
            );
        }
        Some(base_path.to_owned())
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
