//! The S3 gateway: the calls of this service to S3, and what their answers mean. It knows no Lambda and no bencode.
//!
//! READ access is shown by the client of [`reading::Source`], signed or unsigned, or by a presigned URL. Everything
//! else is signed with the function's role.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config;

pub mod access;
mod body_limit;
mod error;
pub mod listing;
pub mod reading;
mod retry;
pub mod sidecar;

pub use self::error::Error;
pub(crate) use self::error::{classify, classify_answer, is_transient_code};

/// The metadata whose presence marks an object as written by this service.
pub(crate) const FORMAT_NAME: &str = "torrent-format";
/// The value of [`FORMAT_NAME`].
pub(crate) const FORMAT: &str = "1";

/// The attempts of a call that lists something.
const PAGE_ATTEMPTS: u32 = 3;

/// Returns the timeouts of a call that lists something.
fn page_timeouts(limit: Duration) -> config::Builder {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(limit).build();
    config::Builder::new().timeout_config(timeouts)
}
