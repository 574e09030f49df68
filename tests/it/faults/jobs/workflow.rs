//! The workflow: its states in order, each retried and caught as the definition has it, and the job function behind
//! Lambda, with what goes wrong with that alone.

use std::sync::{
    LazyLock, Mutex,
    atomic::{AtomicU64, Ordering},
};

use aws_sdk_s3::Client;
use futures::{StreamExt, TryStreamExt, future::join, stream};
use get_object_torrent::jobs::{Reason, Worker};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::timeout};

use super::plan::{JobPlan, Misfortune, Mishap};
use crate::jobs::runner::{items, run_task};

static DEFINITION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../../statemachine/torrent-job.asl.json");
    serde_json::from_str(text).expect("JSON")
});

/// The definition has more: a lasting fault would only last longer.
const ROUNDS: u32 = 3;

/// The job function. What runs on ends with it.
pub(super) struct Lambda {
    worker: Worker,
    misfortunes: Vec<Misfortune>,
    invocations: AtomicU64,
    running_on: Mutex<JoinSet<()>>,
}

impl Lambda {
    pub(super) fn new(worker: Worker, misfortunes: Vec<Misfortune>) -> Self {
        Self { worker, misfortunes, invocations: AtomicU64::new(0), running_on: Mutex::default() }
    }

    async fn invoke(&self, task: Value) -> Result<Value, Reason> {
        let number = self.invocations.fetch_add(1, Ordering::Relaxed);
        let mut misfortunes = self.misfortunes.iter();
        let misfortune = misfortunes.find(|each| (each.after..each.after + each.times).contains(&number));
        let worker = self.worker.clone();
        let answer = async move {
            let done = run_task(&worker, task).await;
            done.map_err(|failure| failure.reason())
        };
        let Some(Misfortune { mishap, .. }) = misfortune else { return answer.await };
        match *mishap {
            Mishap::TurnedAway => {}
            Mishap::Killed(after) => {
                if let Ok(done) = timeout(after, answer).await {
                    return done;
                }
            }
            Mishap::RunsOn(after) => {
                let mut running = Box::pin(answer);
                if let Ok(done) = timeout(after, &mut running).await {
                    return done;
                }
                self.running_on.lock().expect("the set's lock").spawn(async { drop(running.await) });
            }
        }
        Err(by_aws(mishap.error()))
    }

    /// A state's task, as often as its retriers have it.
    async fn retried(&self, state: &Value, task: Value) -> Result<Value, Reason> {
        let retriers = state["Retry"].as_array().expect("retriers");
        let attempts = |retrier: &Value| retrier["MaxAttempts"].as_u64().expect("a number");
        let mut left: Vec<u64> = retriers.iter().map(attempts).collect();
        loop {
            let caught = match self.invoke(task.clone()).await {
                Ok(told) => return Ok(told),
                Err(caught) => caught,
            };
            match retriers.iter().position(|retrier| is_for(retrier, &caught)) {
                Some(number) if left[number] > 0 => left[number] -= 1,
                _ => return Err(caught),
            }
        }
    }
}

fn by_aws(error: &str) -> Reason {
    Reason { error: error.to_owned(), cause: "words of AWS".to_owned(), quiet: false }
}

fn is_for(handler: &Value, caught: &Reason) -> bool {
    let names = handler["ErrorEquals"].as_array().expect("names");
    names.iter().any(|name| name == "States.ALL" || *name == caught.error.as_str())
}

/// Where the state's catchers lead.
fn next_after<'state>(state: &'state Value, caught: &Reason) -> Option<&'state str> {
    let catchers = state["Catch"].as_array()?;
    catchers.iter().find(|catcher| is_for(catcher, caught))?["Next"].as_str()
}

/// One execution with `input`; `s3` is the workflow's own, which reads the list of spans. Where it ends well without a
/// sidecar of its own, this returns why.
pub(super) async fn execute(
    lambda: &Lambda,
    s3: &Client,
    plan: &JobPlan,
    input: Value,
) -> Result<Option<String>, Reason> {
    let states = &DEFINITION["States"];
    let planned = lambda.retried(&states["Plan"], json!({"task": "plan", "input": input})).await?;
    if planned["status"] != "read" {
        return Ok(planned["reason"].as_str().map(str::to_owned));
    }
    let task = |name: &str| json!({"task": name, "job": planned["job"]});
    let mut caught = by_aws("");
    for _ in 0..ROUNDS {
        let (state, done) = match map(lambda, s3, plan, &planned).await {
            Ok(()) => (&states["Assemble"], lambda.retried(&states["Assemble"], task("assemble")).await),
            Err(caught) => (&states["Hash"], Err(caught)),
        };
        let Err(failed) = done else {
            let cleaned = lambda.retried(&states["Clean"], task("clean")).await;
            // Whatever becomes of Clean, the torrent is there.
            let is_lost = |caught: &Reason| next_after(&states["Clean"], caught) != Some("TorrentStored");
            return cleaned.err().filter(is_lost).map_or(Ok(None), Err);
        };
        caught = failed;
        if next_after(state, &caught) != Some("NextRound") {
            break;
        }
    }
    let mut task = task("explain");
    task["failure"] = json!({"Error": caught.error, "Cause": caught.cause});
    let reason: Reason = serde_json::from_value(lambda.retried(&states["Explain"], task).await?).expect("a reason");
    if reason.quiet { Ok(Some(reason.error)) } else { Err(reason) }
}

/// Children side by side, until the first fails.
async fn map(lambda: &Lambda, s3: &Client, plan: &JobPlan, planned: &Value) -> Result<(), Reason> {
    let spans = items(s3, planned).await;
    let children = stream::iter(spans).map(|span| {
        let task = json!({"task": "hash", "job": planned["job"], "span": span});
        async move {
            if plan.is_doubled {
                Box::pin(join(child(lambda, task.clone()), child(lambda, task))).await.0
            } else {
                child(lambda, task).await
            }
        }
    });
    let all = children.buffer_unordered(plan.children).try_for_each(|()| async { Ok(()) }).await;
    all.map_err(|_| by_aws("States.ExceedToleratedFailureThreshold"))
}

async fn child(lambda: &Lambda, task: Value) -> Result<(), Reason> {
    let state = &DEFINITION["States"]["Hash"]["ItemProcessor"]["States"]["HashSpan"];
    match lambda.retried(state, task).await {
        Err(caught) if next_after(state, &caught) != Some("LeftForTheNextRound") => Err(caught),
        _ => Ok(()),
    }
}
