//! The workflow: its states in order, each retried and caught as the definition has it.

use std::sync::LazyLock;

use aws_sdk_s3::Client;
use futures::{StreamExt, TryStreamExt, future::join, stream};
use serde_json::{Value, json};

use super::{
    invoke::{Caught, Lambda},
    plan::JobPlan,
};
use crate::jobs::runner::items;

static DEFINITION: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../../statemachine/torrent-job.asl.json");
    serde_json::from_str(text).expect("JSON")
});

/// The definition has more: a lasting fault would only last longer.
const ROUNDS: u32 = 3;

/// How an execution ends.
#[derive(Debug)]
pub(super) enum Ended {
    /// The job's sidecar lies in its place.
    Stored,
    /// There was nothing to do, and why.
    Nothing(String),
    Failed(Caught),
}

/// One execution with `input`; `s3` is the workflow's own, which reads the list of spans.
pub(super) async fn execute(lambda: &Lambda, s3: &Client, plan: &JobPlan, input: Value) -> Ended {
    let states = &DEFINITION["States"];
    let planned = match retried(lambda, &states["Plan"], json!({"task": "plan", "input": input})).await {
        Ok(planned) => planned,
        Err(caught) => return Ended::Failed(caught),
    };
    if planned["status"] != "read" {
        return Ended::Nothing(planned["reason"].as_str().unwrap_or_default().to_owned());
    }
    let task = |name: &str| json!({"task": name, "job": planned["job"]});
    let mut caught = Caught::new("", "");
    for _ in 0..ROUNDS {
        if let Err(failed) = map(lambda, s3, plan, &planned).await {
            return explained(lambda, task("explain"), failed).await;
        }
        caught = match retried(lambda, &states["Assemble"], task("assemble")).await {
            Ok(_) => return clean(lambda, &states["Clean"], task("clean")).await,
            Err(caught) => caught,
        };
        if next_after(&states["Assemble"], &caught) != Some("NextRound") {
            break;
        }
    }
    explained(lambda, task("explain"), caught).await
}

/// Whatever becomes of that, the torrent is there.
async fn clean(lambda: &Lambda, state: &Value, task: Value) -> Ended {
    match retried(lambda, state, task).await {
        Err(caught) if next_after(state, &caught) != Some("TorrentStored") => Ended::Failed(caught),
        _ => Ended::Stored,
    }
}

/// A state's task, as often as its retriers have it.
async fn retried(lambda: &Lambda, state: &Value, task: Value) -> Result<Value, Caught> {
    let retriers = state["Retry"].as_array().expect("retriers");
    let mut left: Vec<u64> =
        retriers.iter().map(|retrier| retrier["MaxAttempts"].as_u64().expect("a number")).collect();
    loop {
        let caught = match lambda.invoke(task.clone()).await {
            Ok(told) => return Ok(told),
            Err(caught) => caught,
        };
        match retriers.iter().position(|retrier| is_for(retrier, &caught)) {
            Some(number) if left[number] > 0 => left[number] -= 1,
            _ => return Err(caught),
        }
    }
}

fn is_for(handler: &Value, caught: &Caught) -> bool {
    let names = handler["ErrorEquals"].as_array().expect("names");
    names.iter().any(|name| name == "States.ALL" || *name == caught.error.as_str())
}

/// Where the state's catchers lead.
fn next_after<'state>(state: &'state Value, caught: &Caught) -> Option<&'state str> {
    let catchers = state["Catch"].as_array()?;
    catchers.iter().find(|catcher| is_for(catcher, caught))?["Next"].as_str()
}

/// Side by side, until the first fails.
async fn map(lambda: &Lambda, s3: &Client, plan: &JobPlan, planned: &Value) -> Result<(), Caught> {
    let spans = items(s3, planned).await;
    let children = stream::iter(spans).map(|span| {
        let task = json!({"task": "hash", "job": planned["job"], "span": span});
        async move {
            if plan.is_doubled {
                let twice = join(child(lambda, task.clone()), child(lambda, task));
                Box::pin(twice).await.0
            } else {
                child(lambda, task).await
            }
        }
    });
    let all = children.buffer_unordered(plan.children).try_for_each(|()| async { Ok(()) }).await;
    all.map_err(|_| Caught::new("States.ExceedToleratedFailureThreshold", "words of AWS"))
}

async fn child(lambda: &Lambda, task: Value) -> Result<(), Caught> {
    let state = &DEFINITION["States"]["Hash"]["ItemProcessor"]["States"]["HashSpan"];
    match retried(lambda, state, task).await {
        Ok(_) => Ok(()),
        Err(caught) if next_after(state, &caught) == Some("LeftForTheNextRound") => Ok(()),
        Err(caught) => Err(caught),
    }
}

async fn explained(lambda: &Lambda, mut task: Value, caught: Caught) -> Ended {
    task["failure"] = json!({"Error": caught.error, "Cause": caught.cause});
    match retried(lambda, &DEFINITION["States"]["Explain"], task).await {
        Ok(reason) if reason["quiet"] == true => Ended::Nothing(reason["error"].to_string()),
        Ok(reason) => {
            let text = |name: &str| reason[name].as_str().expect("a text").to_owned();
            Ended::Failed(Caught { error: text("error"), cause: text("cause") })
        }
        Err(caught) => Ended::Failed(caught),
    }
}
