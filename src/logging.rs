//! The log: JSON on standard output, one object a line. Each line of a request has its `request_id`.
//!
//! `RUST_LOG` filters this service's own lines. The crates of the SDK and the runtime stay at `warn`, whatever it says:
//! below that, they write headers, signatures and whole events. Metrics are not filtered: see [`crate::metrics`].

use std::{error::Error, io, iter::successors};

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

/// Returns what [`init`] installs, with another writer.
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

/// Keeps what `filter` says about this crate, and sets all others to `warn`.
fn own_lines_and_warnings(filter: &Targets) -> Targets {
    let default = filter.default_level().unwrap_or(LevelFilter::INFO);
    let is_ours = |target: &str| target.split("::").next() == Some(OURS);
    let own = filter.iter().filter(|(target, _)| is_ours(target));
    let own = own.map(|(target, level)| (target.to_owned(), level));
    Targets::new().with_default(LevelFilter::WARN).with_target(OURS, default).with_targets(own)
}

/// Returns an error and its causes, on one line.
pub fn causes(error: &dyn Error) -> String {
    let chain = successors(Some(error), |&error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    fn enabled(filter: &str, target: &str, level: Level) -> bool {
        own_lines_and_warnings(&filter.parse().unwrap()).would_enable(target, &level)
    }

    #[test]
    fn own_lines_follow_the_filter_and_the_sdk_stays_at_warn() {
        assert!(enabled("debug", "get_object_torrent::s3", Level::DEBUG));
        assert!(!enabled("info", "get_object_torrent::s3", Level::DEBUG));
        assert!(enabled("get_object_torrent::s3=trace", "get_object_torrent::s3::source", Level::TRACE));
        assert!(enabled("hyper=trace", "get_object_torrent::operation", Level::INFO));
        assert!(!enabled("off", "get_object_torrent::operation", Level::ERROR));
        assert!(enabled("off", "hyper::proto", Level::WARN));
        assert!(!enabled("trace,hyper=trace", "hyper::proto", Level::INFO));
    }
}
