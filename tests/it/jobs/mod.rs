//! Jobs: the tasks that the workflow does, the requests that wait for them, and the events and batches that start them.

mod batch;
mod events;
mod log;
pub(crate) mod runner;
mod tasks;
mod waiting;

use std::fmt::Debug;

use get_object_torrent::jobs::TaskFailure;
use test_s3::{Content, FakeS3, Operation};

use crate::harness::serving;

const KIB: u64 = 1024;
const LENGTH: u64 = 10 * 256 * KIB + 7;
/// Two pieces a span: six spans.
const SPANS: (&str, &str) = ("SPAN_SIZE", "524288");

fn content() -> Content {
    Content::random(LENGTH, 9)
}

/// How many times bytes of the object were asked for.
fn reads(s3: &FakeS3) -> usize {
    s3.calls_of(Operation::GetObject).iter().filter(|call| call.key == "a").count()
}

/// The name of the failure with which a task ended.
#[track_caller]
fn name<T: Debug>(done: Result<T, TaskFailure>) -> String {
    done.expect_err("a failure").name()
}
