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

    /// Waits before the next attempt.
    ///
    /// # Errors
    /// Returns `error` where no other attempt helps, or none is left.
    pub(super) async fn wait_after(&mut self, error: Error) -> Result<(), Error> {
        self.failures += 1;
        if self.failures == self.attempts {
            return Err(error);
        }
        self.wait(error).await
    }

    /// Waits before the next attempt after one that made progress, from which failures are counted anew.
    ///
    /// # Errors
    /// Returns `error` where no other attempt helps.
    pub(super) async fn wait_after_progress(&mut self, error: Error) -> Result<(), Error> {
        self.failures = 0;
        self.wait(error).await
    }

    async fn wait(&self, error: Error) -> Result<(), Error> {
        if !error.is_worth_a_retry() {
            return Err(error);
        }
        tracing::debug!(%error, failures = self.failures, "S3's answer was broken: asking again");
        sleep(self.pause * (self.failures + 1)).await;
        Ok(())
    }
}
