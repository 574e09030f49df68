//! Repeating a call whose failure may pass, where the SDK does not repeat it by itself.

use std::time::Duration;

use tokio::time::sleep;

use super::Error;

/// Counts the failures of a call that is repeated. The pause before the next attempt grows with them.
#[derive(Debug)]
pub(super) struct Retries {
    attempts: u32,
    pause: Duration,
    failures: u32,
}

impl Retries {
    /// Allows `attempts` in a row. `pause` is what the pause grows by.
    pub(super) fn new(attempts: u32, pause: Duration) -> Self {
        Self { attempts, pause, failures: 0 }
    }

    /// Waits before the next attempt. Failures are counted anew after a call that `progressed`.
    ///
    /// # Errors
    /// Returns `error` where no other attempt helps, or none is left.
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
