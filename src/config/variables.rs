//! The names of the variables, and the ranges and defaults of the numbers.

use crate::object::MAX_OBJECT_BYTES;

/// Every variable that this service itself reads. Tests compare the template and the docs with this list.
pub const VARIABLES: [&str; 24] = [
    "BUCKETS",
    "ACCESS",
    "SIDECAR_BUCKET",
    "SIDECAR_PREFIX",
    "SIDECAR_SUFFIX",
    "TRACKERS",
    "TRACKER_URL",
    "TRACKER_TABLE",
    "WEB_SEEDS",
    "PIECE_LENGTH",
    "MAX_OBJECT_SIZE",
    "COLLECTIONS",
    "MAX_COLLECTION_OBJECTS",
    "FETCH_CONCURRENCY",
    "RANGE_SIZE",
    "TIME_BUDGET_MS",
    "INLINE_MAX_SIZE",
    "INLINE_MAX_OBJECTS",
    "JOB_STATE_MACHINE_ARN",
    "SPAN_SIZE",
    "JOB_CONCURRENCY",
    "VIRTUAL_HOST_DOMAIN",
    "BASE_PATH",
    "RUST_LOG",
];

/// A variable that is a whole number.
pub(super) struct Number {
    pub(super) name: &'static str,
    pub(super) default: u64,
    pub(super) min: u64,
    pub(super) max: u64,
}

pub(super) const MAX_OBJECT_SIZE: Number =
    Number { name: "MAX_OBJECT_SIZE", default: 5_497_558_138_880, min: 1, max: MAX_OBJECT_BYTES };

pub(super) const MAX_COLLECTION_OBJECTS: Number =
    Number { name: "MAX_COLLECTION_OBJECTS", default: 10_000, min: 1, max: 100_000 };

pub(super) const FETCH_CONCURRENCY: Number = Number { name: "FETCH_CONCURRENCY", default: 8, min: 1, max: 64 };

pub(super) const RANGE_SIZE: Number =
    Number { name: "RANGE_SIZE", default: 16 * 1024 * 1024, min: 16 * 1024, max: 1024 * 1024 * 1024 };

pub(super) const TIME_BUDGET_MS: Number = Number { name: "TIME_BUDGET_MS", default: 25_000, min: 1_000, max: 900_000 };

pub(super) const INLINE_MAX_SIZE: Number =
    Number { name: "INLINE_MAX_SIZE", default: 1024 * 1024 * 1024, min: 0, max: MAX_OBJECT_BYTES };

pub(super) const INLINE_MAX_OBJECTS: Number =
    Number { name: "INLINE_MAX_OBJECTS", default: 2_000, min: 0, max: 100_000 };

pub(super) const SPAN_SIZE: Number = Number { name: "SPAN_SIZE", default: 0, min: 0, max: 4 * 1024 * 1024 * 1024 };

/// A Distributed Map runs at most 10,000 children at a time.
pub(super) const JOB_CONCURRENCY: Number = Number { name: "JOB_CONCURRENCY", default: 100, min: 1, max: 10_000 };
