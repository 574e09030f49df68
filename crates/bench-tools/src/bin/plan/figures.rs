//! What a job is made of, by the code that plans it: spans, bytes of JSON in the workflow, S3 requests.

use get_object_torrent::{
    config::{Account, Config},
    jobs::{Item, Job, JobRequest, Manifest, Spans, job_id},
    object::{BucketName, ByteRange, ETag, MAX_KEY_BYTES, ObjectId, ObjectKey},
    operation::Member,
    s3::reading::ObjectHead,
    torrent::PieceLength,
};
use serde::Serialize;
use serde_json::{Value, json};

/// What `DeleteObjects` takes and `ListObjectsV2` gives at once.
const KEYS_A_PAGE: u64 = 1_000;
const DIGEST_BYTES: u64 = 20;

/// The job of one object, or of a collection of objects of the same size.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) length: u64,
    pub(crate) piece_length: u64,
    pub(crate) pieces: u64,
    pub(crate) span_size: u64,
    pub(crate) spans: u64,
    /// The size of the list that the map reads from S3.
    pub(crate) items_bytes: usize,
    /// The size of the manifest, with the longest keys that fit a torrent.
    pub(crate) manifest_bytes: usize,
    /// The most GETs of one child.
    pub(crate) most_reads: u64,
    /// More bytes than any state of the workflow has: its input, Plan's output, one child's input and the map's output
    /// together, with the longest names that S3 allows.
    pub(crate) state_bytes: usize,
    /// The size of all fragments.
    pub(crate) fragment_bytes: u64,
    pub(crate) requests: Requests,
}

/// The S3 requests of a job without retries.
#[derive(Debug, Serialize)]
pub(crate) struct Requests {
    pub(crate) head: u64,
    pub(crate) get: u64,
    pub(crate) put: u64,
    pub(crate) list: u64,
    pub(crate) delete: u64,
    /// Those of all children: the fragment that may exist, the ranges, the fragment, and for a collection the manifest.
    pub(crate) hash: u64,
}

/// Plans the job of an object of `length` bytes, or of so many `objects` that have these together. `span_size` is the
/// variable's value, or 0 for the default.
pub(crate) fn of(length: u64, piece_length: PieceLength, span_size: u64, objects: usize) -> Figures {
    let spans = Spans::new(length, piece_length, span_size);
    let members = members(length, objects);
    let members = (objects > 0).then_some(&*members);
    let manifest = Manifest::of(members.unwrap_or_default());
    let cut = spans.ranges(members);
    let items = manifest.items(cut.clone());
    let pieces = piece_length.piece_count(length);
    // As `operation::hashing` cuts them.
    let range_bytes = usual().range_size.next_multiple_of(piece_length.get());
    let reads = |span: &ByteRange| reads(*span, range_bytes, length, objects as u64);
    let count = cut.len() as u64;
    Figures {
        length,
        piece_length: piece_length.get(),
        pieces,
        span_size: spans.size(),
        spans: count,
        items_bytes: bytes(&json!(items)),
        manifest_bytes: manifest.bytes.len(),
        most_reads: cut.iter().map(reads).max().unwrap_or_default(),
        state_bytes: state_bytes(&job(length, piece_length, spans, objects > 0), &items),
        fragment_bytes: pieces * DIGEST_BYTES,
        requests: requests(count, cut.iter().map(reads).sum(), objects as u64),
    }
}

/// Objects of the same size, whose names are as long as they may be in a torrent of so many.
fn members(length: u64, objects: usize) -> Vec<Member> {
    let number = objects as u64;
    let name = |index| format!("{index:0width$}", width = 4_000_000 / objects / 4);
    let etag = ETag::new(&format!("{}-10000", "f".repeat(32))).expect("an ETag");
    let size = |index| length * (index + 1) / number - length * index / number;
    (0..number).map(|index| Member { key: name(index), etag: etag.clone(), size: size(index) }).collect()
}

/// How many GETs read a span: one for each range, and one for each object that begins in it.
fn reads(span: ByteRange, range_bytes: u64, length: u64, objects: u64) -> u64 {
    let before = |offset: u64| u128::from(offset) * u128::from(objects) / u128::from(length);
    let begun = u64::try_from(before(span.end) - before(span.start)).expect("few objects");
    span.length().div_ceil(range_bytes) + begun
}

fn state_bytes(job: &Job, items: &[Item]) -> usize {
    let input = json!(JobRequest { target: job.target.clone(), etag: Some(job.etag.clone()) });
    // The longest prefix: then the keys of the fragments are as long as S3 allows.
    let place = json!({"bucket": longest_bucket(), "key": longest_key()});
    let plan = json!({"status": "read", "job": job, "items": place, "concurrency": 10_000});
    let child = json!({"task": "hash", "job": job, "span": items.last().expect("a span")});
    // The map's output is `200` for each child.
    let map = json!(vec![200; items.len()]);
    [input, plan, child, map].iter().map(bytes).sum()
}

fn requests(spans: u64, reads: u64, objects: u64) -> Requests {
    let of_a_collection = u64::from(objects > 0);
    // Pages of fragments, of the list of spans and of the manifest, and pages of a collection's listing.
    let pages = (spans + 1 + of_a_collection).div_ceil(KEYS_A_PAGE);
    let listing = objects.div_ceil(KEYS_A_PAGE);
    Requests {
        head: 2 + 2 * of_a_collection,
        // The map's own GET of the list, the children's, the fragments, and the sidecar and the failure.
        get: 1 + (1 + of_a_collection) * spans + reads + 1 + spans + 1,
        put: spans + 2 + of_a_collection,
        list: pages + 2 * listing,
        delete: 1 + pages,
        hash: (2 + of_a_collection) * spans + reads,
    }
}

/// A job whose every name is the longest that S3 takes.
fn job(length: u64, piece_length: PieceLength, spans: Spans, collection: bool) -> Job {
    let etag = format!("\"{}-10000\"", "f".repeat(32));
    let bucket = BucketName::new(&longest_bucket()).expect("a bucket's name");
    let key = ObjectKey::try_from(longest_key()).expect("a key");
    let object = ObjectId { bucket, key, version_id: Some("v".repeat(MAX_KEY_BYTES)) };
    let head = ObjectHead::new(length, ETag::new(&etag).expect("an ETag"));
    let id = job_id(&object, &head, piece_length);
    let job = json!({
        "bucket": object.bucket.as_str(),
        "key": object.key.as_str(),
        "versionId": object.version_id,
        "etag": etag,
        "requesterPays": true,
        "collection": collection,
        "quiet": true,
        "length": length,
        "pieceLength": piece_length.get(),
        "spanSize": spans.size(),
        "id": id,
    });
    serde_json::from_value(job).expect("a job")
}

fn longest_bucket() -> String {
    "b".repeat(63)
}

/// A control character is one byte in S3 and six in JSON; nothing takes more.
fn longest_key() -> String {
    "\u{1}".repeat(MAX_KEY_BYTES)
}

/// As Step Functions counts: in UTF-8.
fn bytes(json: &Value) -> usize {
    json.to_string().len()
}

fn usual() -> Config {
    let account = Account { region: Some("us-east-1".to_owned()), has_credentials: true, endpoint: None };
    let lookup = |name: &str| (name == "BUCKETS").then(|| "data".to_owned());
    Config::from_lookup(lookup, account).expect("a configuration")
}
