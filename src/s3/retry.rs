//! Repeats calls that the SDK does not repeat by itself, if their failure may pass.

use std::time::Duration;

use tokio::time::sleep;

use super::Error;

/// Counts the failures of a call. The pause before the next attempt grows with them.
#[derive(Debug)]
pub(super) struct Retries {
    attempts: u32,
    pause: Duration,
    failures: u32,
}

impl Retries {
    /// Allows `attempts` in a row. Each pause is longer than the one before it by `pause`.
    pub(super) fn new(attempts: u32, pause: Duration) -> Self {
        Self { attempts, pause, failures: 0 }
    }

    /// Calls `ask` until it succeeds, or no attempt is left.
    pub(super) async fn repeat<T, F>(mut self, ask: impl Fn() -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        loop {
            match ask().await {
                Err(error) => self.wait_after(error, false).await?,
                done => return done,
            }
        }
    }

    /// Waits before the next attempt, or returns `error` if that cannot help or none is left. After a call that
    /// `progressed`, the count starts again.
    pub(super) async fn wait_after(&mut self, error: Error, progressed: bool) -> Result<(), Error> {
        self.failures = if progressed { 0 } else { self.failures + 1 };
        if !error.is_worth_a_retry() || self.failures == self.attempts {
            return Err(error);
        }
        tracing::debug!(%error, failures = self.failures, "S3's answer was broken: asking again");
        sleep(self.pause * (self.failures + 1)).await;
        Ok(())
    }
}
