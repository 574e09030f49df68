//! What the three functions share at their edge: for each event a span with the request's ID, the time, and one line in
//! the log whose level shows the outcome.

use std::time::Duration;

use lambda_runtime::Context;
use tokio::time::Instant;
use tracing::Span;

/// One event that a function answers.
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) context: Context,
    pub(crate) started: Instant,
}

impl Invocation {
    pub(crate) fn begin(context: Context) -> Self {
        Self { context, started: Instant::now() }
    }

    /// Returns the span of all lines about the event, which gives each of them the request's ID.
    pub(crate) fn span(&self) -> Span {
        // Every filter lets this level through.
        tracing::error_span!("request", request_id = self.context.request_id)
    }

    pub(crate) fn milliseconds(&self) -> u64 {
        milliseconds(self.started.elapsed())
    }
}

pub(crate) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Logs an event at one of two levels.
macro_rules! log_outcome {
    (if $is_bad:expr => $bad:ident else $good:ident, $($fields:tt)+) => {
        if $is_bad {
            tracing::event!(tracing::Level::$bad, $($fields)+);
        } else {
            tracing::event!(tracing::Level::$good, $($fields)+);
        }
    };
}
pub(crate) use log_outcome;
