//! The variables, with the defaults and the bounds by which they are read. `examples/contract.rs` prints them.

use Values::{Choice, List, PowerOfTwo, Text};

use crate::{object::MAX_OBJECT_BYTES, torrent::PieceLength};

/// The programs that make torrents: both read the whole [`Config`](super::Config).
const MAKERS: &[&str] = &["get-object-torrent", "torrent-job"];
/// All three.
const ALL: &[&str] = &["get-object-torrent", "torrent-job", "torrent-tracker"];

/// An environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it may be, and its default.
    pub values: Values,
    /// What it is for, in one sentence.
    pub sentence: &'static str,
    /// The programs that read it.
    pub programs: &'static [&'static str],
}

/// What a variable may be.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// A text, with its default, which may be empty.
    Text(&'static str),
    /// A list, separated by commas. Without a default, it is empty.
    List,
    /// One of a few words, of which the first is the default.
    Choice(&'static [&'static str]),
    /// A whole number.
    Number(Number),
    /// A power of two, from the first to the second. The default depends on the object.
    PowerOfTwo(u64, u64),
}

/// A variable that is a whole number.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The variable's name.
    pub name: &'static str,
    /// The value if the variable is not set.
    pub default: u64,
    /// The smallest value.
    pub min: u64,
    /// The largest value.
    pub max: u64,
}

pub(super) const PUBLIC_READ: &str = "public-read";
pub(super) const FUNCTION_ROLE: &str = "function-role";
pub(super) const SIDECAR_SUFFIX: &str = ".torrent";
pub(super) const LOG_FILTER: &str = "info";
/// `COLLECTIONS`: the first is the default.
pub(super) const SWITCH: [&str; 2] = ["true", "false"];

pub(super) const MAX_OBJECT_SIZE: Number =
    Number { name: "MAX_OBJECT_SIZE", default: 5_497_558_138_880, min: 1, max: MAX_OBJECT_BYTES };

pub(super) const MAX_COLLECTION_OBJECTS: Number =
    Number { name: "MAX_COLLECTION_OBJECTS", default: 10_000, min: 1, max: 100_000 };

/// No client moves more than 1 Gbit/s, as the tracker counts.
pub(super) const ENOUGH_SPEED: Number = Number { name: "ENOUGH_SPEED", default: 0, min: 0, max: 125_000_000 };

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

const fn variable(name: &'static str, values: Values, sentence: &'static str) -> Variable {
    Variable { name, values, sentence, programs: MAKERS }
}

const fn number(number: Number, sentence: &'static str) -> Variable {
    variable(number.name, Values::Number(number), sentence)
}

/// Every variable that this service itself reads.
pub const VARIABLES: [Variable; 25] = [
    variable("BUCKETS", List, "The buckets to serve, separated by commas. It is required."),
    variable(
        "ACCESS",
        Choice(&[PUBLIC_READ, FUNCTION_ROLE]),
        "`public-read` serves what anyone may read, `function-role` what the role may read.",
    ),
    variable("SIDECAR_BUCKET", Text(""), "The bucket where torrents are kept. If empty, it is the object's own."),
    variable("SIDECAR_PREFIX", Text(""), "What the keys of kept torrents begin with."),
    variable("SIDECAR_SUFFIX", Text(SIDECAR_SUFFIX), "What the keys of kept torrents end with."),
    variable("TRACKERS", List, "Announce URLs (http, https, udp, ws, wss), separated by commas."),
    variable("TRACKER_URL", Text(""), "The announce URL of the stack's own tracker, which comes first."),
    Variable {
        programs: ALL,
        ..variable("TRACKER_TABLE", Text(""), "The table of that tracker. The template sets both.")
    },
    Variable {
        programs: ALL,
        ..number(ENOUGH_SPEED, "Leave out web seeds while peers send each so many bytes a second. 0: never.")
    },
    variable(
        "WEB_SEEDS",
        List,
        "URLs with `{key}`, also `{bucket}`, `{region}`, `{suffix}`; or `none`. If empty, two of S3.",
    ),
    variable(
        "PIECE_LENGTH",
        PowerOfTwo(PieceLength::MIN, PieceLength::MAX),
        "In bytes, a power of two. If empty, by the object's size.",
    ),
    number(MAX_OBJECT_SIZE, "In bytes: larger objects and collections are refused."),
    variable("COLLECTIONS", Choice(&SWITCH), "Whether prefixes have torrents: `true` or `false`."),
    number(MAX_COLLECTION_OBJECTS, "Collections of more objects are refused."),
    number(INLINE_MAX_SIZE, "Objects and collections of more bytes go to a job."),
    number(INLINE_MAX_OBJECTS, "Collections of more objects go to a job."),
    number(FETCH_CONCURRENCY, "How many ranged GETs run at once."),
    number(RANGE_SIZE, "How many bytes each of them asks for."),
    number(TIME_BUDGET_MS, "After this time a request is answered 503."),
    variable(
        "JOB_STATE_MACHINE_ARN",
        Text(""),
        "The state machine of jobs, which the template sets. If empty, no jobs.",
    ),
    number(JOB_CONCURRENCY, "How many functions of a job run at once."),
    number(SPAN_SIZE, "How many bytes each of them hashes; with 0, by the object's size."),
    variable("VIRTUAL_HOST_DOMAIN", Text(""), "Also serve `{bucket}.domain`."),
    variable("BASE_PATH", Text(""), "What comes before the bucket in paths, if events do not say it."),
    Variable { programs: ALL, ..variable("RUST_LOG", Text(LOG_FILTER), "The filter of this service's own log.") },
];
