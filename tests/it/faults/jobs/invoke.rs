//! Lambda: invokes the job function, and what goes wrong with that alone.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use get_object_torrent::jobs::Worker;
use serde_json::Value;
use tokio::{task::AbortHandle, time::timeout};

use super::plan::{Misfortune, Mishap};
use crate::jobs::runner::run_task;

/// What the workflow catches: a name, and words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caught {
    pub(super) error: String,
    pub(super) cause: String,
}

impl Caught {
    pub(super) fn new(error: &str, cause: &str) -> Self {
        Self { error: error.to_owned(), cause: cause.to_owned() }
    }
}

/// The job function, behind Lambda. What runs on ends with it.
pub(super) struct Lambda {
    worker: Worker,
    misfortunes: Vec<Misfortune>,
    invocations: AtomicU64,
    running_on: Mutex<Vec<AbortHandle>>,
}

impl Drop for Lambda {
    fn drop(&mut self) {
        for running in self.running_on.lock().expect("the list's lock").drain(..) {
            running.abort();
        }
    }
}

impl Lambda {
    pub(super) fn new(worker: Worker, misfortunes: Vec<Misfortune>) -> Self {
        Self { worker, misfortunes, invocations: AtomicU64::new(0), running_on: Mutex::default() }
    }

    pub(super) async fn invoke(&self, task: Value) -> Result<Value, Caught> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let misfortune = self.misfortunes.iter().find(|misfortune| misfortune.befalls(number));
        match misfortune.map(|misfortune| misfortune.mishap) {
            None => self.answer(task).await,
            Some(Mishap::TurnedAway) => Err(Caught::new("Lambda.TooManyRequestsException", "")),
            Some(Mishap::Lost) => {
                let _ = self.answer(task).await;
                Err(Caught::new("Lambda.Unknown", "the answer is lost"))
            }
            Some(Mishap::Killed(after)) => {
                let ended = timeout(after, self.answer(task)).await;
                ended.unwrap_or_else(|_| Err(Caught::new("Sandbox.Timedout", "the function is killed")))
            }
            Some(Mishap::RunsOn(after)) => self.leave_after(after, task).await,
        }
    }

    async fn answer(&self, task: Value) -> Result<Value, Caught> {
        let done = run_task(&self.worker, task).await;
        done.map_err(|failure| Caught::new(&failure.name(), &failure.to_string()))
    }

    async fn leave_after(&self, wait: Duration, task: Value) -> Result<Value, Caught> {
        let worker = self.worker.clone();
        let running = tokio::spawn(async move { run_task(&worker, task).await });
        self.running_on.lock().expect("the list's lock").push(running.abort_handle());
        match timeout(wait, running).await {
            Err(_) => Err(Caught::new("States.Timeout", "the workflow waits no longer")),
            Ok(done) => {
                done.expect("a task that ends").map_err(|failure| Caught::new(&failure.name(), &failure.to_string()))
            }
        }
    }
}
