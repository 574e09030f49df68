//! The log: JSON, one object a line, on stdout; each line of a request has its `request_id`.
//!
//! `RUST_LOG` filters this service's own lines. The SDK's and the runtime's crates stay at `warn`,
//! whatever it says: below that they write headers, signatures and whole events. The metrics' lines are not filtered:
//! [`crate::metrics`].

use std::{error::Error, io};

use tracing::Subscriber;
use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt::MakeWriter,
    layer::{Layer, SubscriberExt},
    util::SubscriberInitExt,
};

const OURS: &str = env!("CARGO_CRATE_NAME");

/// Starts logging. A second call changes nothing.
pub fn init(filter: &Targets) {
    let _ = subscriber(filter, io::stdout).try_init();
}

/// What [`init`] installs, writing elsewhere.
pub fn subscriber<W>(filter: &Targets, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let json = json_subscriber::layer()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .flatten_span_list_on_top_level(true)
        .with_writer(writer)
        .with_filter(own_lines_and_warnings(filter));
    tracing_subscriber::registry().with(json)
}

/// What of `filter` speaks of this crate; `warn` for all others.
fn own_lines_and_warnings(filter: &Targets) -> Targets {
    let default = filter.default_level().unwrap_or(LevelFilter::INFO);
    let is_ours = |target: &str| target.split("::").next() == Some(OURS);
    let own = filter.iter().filter(|(target, _)| is_ours(target));
    let own = own.map(|(target, level)| (target.to_owned(), level));
    Targets::new().with_default(LevelFilter::WARN).with_target(OURS, default).with_targets(own)
}

/// An error and what is behind it, on one line.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn enabled(filter: &str, target: &str, level: Level) -> bool {
        own_lines_and_warnings(&filter.parse().unwrap()).would_enable(target, &level)
    }

    #[test]
    fn the_sdk_stays_at_warn_whatever_is_asked() {
        for filter in ["trace", "off", "info", "aws_smithy_runtime=trace,hyper=trace", "get_object_torrent=trace"] {
            for target in ["aws_smithy_runtime::client", "hyper::proto", "lambda_runtime"] {
                assert!(enabled(filter, target, Level::WARN), "{filter} {target}");
                assert!(!enabled(filter, target, Level::INFO), "{filter} {target}");
            }
        }
    }

    #[test]
    fn own_lines_follow_the_filter() {
        assert!(enabled("debug", "get_object_torrent::s3", Level::DEBUG));
        assert!(!enabled("info", "get_object_torrent::s3", Level::DEBUG));
        assert!(enabled("get_object_torrent::s3=trace", "get_object_torrent::s3::source", Level::TRACE));
        assert!(enabled("hyper=trace", "get_object_torrent::service", Level::INFO));
        assert!(!enabled("off", "get_object_torrent::service", Level::ERROR));
    }
}
