use super::*;

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
    let lookup = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::from_lookup(lookup, Account { region: Some("eu-west-1".to_owned()), has_credentials: true, endpoint: None })
}

fn with_bucket(name: &str, value: &str) -> Result<Config, ConfigFaults> {
    config(&[("BUCKETS", "data"), (name, value)])
}

#[test]
fn only_buckets_is_required_and_all_else_has_its_default() {
    let config = config(&[("BUCKETS", "data, more.data")]).unwrap();
    let buckets: Vec<_> = config.buckets.iter().map(BucketName::as_str).collect();
    assert_eq!(buckets, ["data", "more.data"]);
    for (name, found, default) in [
        ("MAX_OBJECT_SIZE", config.max_object_size, 5 << 40),
        ("MAX_COLLECTION_OBJECTS", config.max_collection_objects as u64, 10_000),
        ("INLINE_MAX_SIZE", config.inline_max_size, 1 << 30),
        ("INLINE_MAX_OBJECTS", config.inline_max_objects as u64, 2_000),
        ("FETCH_CONCURRENCY", config.fetch_concurrency as u64, 8),
        ("RANGE_SIZE", config.range_size, 16 << 20),
        ("TIME_BUDGET_MS", config.time_budget_ms, 25_000),
        ("SPAN_SIZE", config.span_size, 0),
        ("JOB_CONCURRENCY", config.job_concurrency, 100),
        ("ENOUGH_SPEED", config.enough_speed, 0),
    ] {
        assert_eq!(found, default, "{name}");
    }
    assert!(config.collections && config.access == Access::PublicRead && config.log_filter.to_string() == "info");
    assert_eq!((config.piece_length, config.trackers.len()), (None, 0));
}

#[test]
fn every_fault_is_reported_together() {
    let faults = config(&[("ACCESS", "all"), ("RANGE_SIZE", "1"), ("PIECE_LENGTH", "300000")]).unwrap_err();
    let named = ["BUCKETS", "ACCESS", "RANGE_SIZE", "PIECE_LENGTH"];
    assert_eq!(faults.0.len(), named.len(), "{faults}");
    assert!(named.iter().all(|name| faults.to_string().contains(name)), "{faults}");
}

#[test]
fn region_and_credentials_are_faults_among_the_others() {
    let lookup = |name: &str| (name == "ACCESS").then(|| "function-role".to_owned());
    let faults = Config::from_lookup(lookup, Account::default()).unwrap_err();
    let starts: Vec<_> = faults.0.iter().filter_map(|fault| fault.split(' ').next()).collect();
    assert_eq!(starts, ["AWS_REGION", "BUCKETS", "ACCESS"]);
}

#[test]
fn faults_show_no_urls_which_may_hold_passwords() {
    for name in ["TRACKERS", "WEB_SEEDS", "AWS_ENDPOINT_URL_S3"] {
        let faults = with_bucket(name, "ftp://user:password@host/{key}").unwrap_err();
        assert!(faults.0[0].starts_with(name) && !faults.to_string().contains("password"), "{faults}");
    }
}

#[test]
fn an_empty_variable_counts_as_not_set() {
    for name in VARIABLES.map(|variable| variable.name).into_iter().filter(|name| *name != "BUCKETS") {
        assert!(with_bucket(name, "").is_ok() || name == "SIDECAR_SUFFIX", "{name}");
    }
}

#[test]
fn prefix_and_suffix_both_empty_is_a_fault_in_the_same_bucket_only() {
    let empty_suffix = ("SIDECAR_SUFFIX", "");
    assert!(config(&[("BUCKETS", "data"), empty_suffix]).is_err());
    assert!(config(&[("BUCKETS", "data"), empty_suffix, ("SIDECAR_PREFIX", "torrents/")]).is_ok());
    assert!(config(&[("BUCKETS", "data"), empty_suffix, ("SIDECAR_BUCKET", "torrents")]).is_ok());
}

#[test]
fn numbers_keep_their_range() {
    let numbers = VARIABLES.iter().filter_map(|variable| match variable.values {
        Values::Number(number) => Some(number),
        _ => None,
    });
    // One of them needs a tracker.
    let with_tracker = |name, value: &str| {
        let tracker = [("TRACKER_URL", "https://tracker.example/announce"), ("TRACKER_TABLE", "peers")];
        config(&[&[("BUCKETS", "data"), (name, value)], &tracker[..]].concat())
    };
    for Number { name, min, max, .. } in numbers {
        for good in [min, max] {
            assert!(with_tracker(name, &good.to_string()).is_ok(), "{name}={good}");
        }
        let below = if min == 0 { "-1".to_owned() } else { (min - 1).to_string() };
        for bad in [below.as_str(), &(max + 1).to_string(), "1.5", "8k", "0x10"] {
            assert!(with_tracker(name, bad).is_err(), "{name}={bad}");
        }
    }
    let faults = with_bucket("ENOUGH_SPEED", "1").unwrap_err();
    assert!(faults.to_string().contains("set TRACKER_TABLE and TRACKER_URL"), "{faults}");
}

#[test]
fn names_and_urls_are_checked() {
    for (name, bad) in [
        ("BUCKETS", "Data"),
        ("BUCKETS", ","),
        ("BUCKETS", "data--use1-az4--x-s3"),
        ("SIDECAR_BUCKET", "a"),
        ("TRACKERS", "tracker.example"),
        ("TRACKERS", "ftp://tracker.example/"),
        ("WEB_SEEDS", "none,https://h/{key}"),
        ("PIECE_LENGTH", "8192"),
        ("PIECE_LENGTH", "536870912"),
        ("JOB_STATE_MACHINE_ARN", "arn:aws:lambda:eu-west-1:123456789012:function:a"),
        ("JOB_STATE_MACHINE_ARN", "arn:aws:states:eu-west-1:12345:stateMachine:a"),
        ("VIRTUAL_HOST_DOMAIN", "https://torrents.example"),
        ("BASE_PATH", "/"),
        ("BASE_PATH", "files//v1"),
        ("BASE_PATH", "a%2Fb"),
        ("RUST_LOG", "get_object_torrent=loud"),
    ] {
        let variables = [(name, bad), ("BUCKETS", "data")];
        assert!(config(&variables).unwrap_err().0[0].starts_with(name), "{name}={bad}");
    }
    for (name, good) in [
        ("TRACKERS", "udp://t.example:6969/announce, wss://t.example"),
        ("WEB_SEEDS", "none"),
        ("PIECE_LENGTH", "16384"),
        ("PIECE_LENGTH", "268435456"),
        ("JOB_STATE_MACHINE_ARN", "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:torrent-job"),
        ("VIRTUAL_HOST_DOMAIN", "Torrents.example"),
        ("BASE_PATH", "/files/v1.0/"),
        ("RUST_LOG", "debug,aws_smithy_runtime=trace"),
    ] {
        assert!(with_bucket(name, good).is_ok(), "{name}={good}");
    }
}

#[test]
fn the_stacks_own_tracker_comes_first_and_needs_its_table() {
    let own = ("TRACKER_URL", "https://own.example/announce");
    let both =
        config(&[("BUCKETS", "data"), own, ("TRACKER_TABLE", "peers"), ("TRACKERS", "udp://t.example:1")]).unwrap();
    assert_eq!(both.trackers, ["https://own.example/announce", "udp://t.example:1"]);
    assert_eq!(both.tracker_table.as_deref(), Some("peers"));
    let without = config(&[("BUCKETS", "data"), own]).unwrap_err();
    assert_eq!(without.0, ["TRACKER_TABLE and TRACKER_URL belong together: set both or neither"]);
    assert!(with_bucket("TRACKER_TABLE", "peers").is_err());
    for fault in [("TRACKER_URL", "udp://own.example:1"), ("TRACKER_TABLE", "a"), ("TRACKER_TABLE", "a/b:c")] {
        let others =
            [("TRACKER_URL", own.1), ("TRACKER_TABLE", "peers")].into_iter().filter(|(name, _)| *name != fault.0);
        let variables: Vec<_> = others.chain([("BUCKETS", "data"), fault]).collect();
        let faults = config(&variables).unwrap_err();
        assert!(faults.0.len() == 1 && faults.0[0].starts_with(fault.0), "{faults}");
    }
}

#[test]
fn the_tracker_function_needs_its_table_alone() {
    let of = |table: &'static str| {
        TrackerConfig::from_lookup(move |name| (name == "TRACKER_TABLE").then(|| table.to_owned()))
    };
    assert_eq!(of("peers").unwrap().table, "peers");
    assert_eq!(of("").unwrap_err().0, ["TRACKER_TABLE is not set: name the DynamoDB table of the tracker"]);
}
