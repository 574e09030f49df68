//! Executions of the state machine. They are started by name, so that one job runs for an object version, whoever asks.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>

use std::time::{Duration, SystemTime};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sfn::{
    Client,
    config::{
        Builder, Region,
        retry::{RetryPartition, TokenBucket},
    },
    operation::{
        describe_execution::{DescribeExecutionError, DescribeExecutionOutput},
        start_execution::StartExecutionError,
    },
    types::ExecutionStatus,
};

use super::{
    WorkflowError,
    attempts::{Next, first_of_the_last, next},
    error::classify,
};
use crate::jobs::{JobRequest, execution_name};

/// A caller waits, so that a failure of more than a second or two is answered.
const ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Others may start an attempt at the same moment, which is then found at the next turn.
const MAX_TURNS: u32 = 4;

/// The executions of one state machine.
#[derive(Clone, Debug)]
pub struct Executions {
    client: Client,
    state_machine_arn: String,
}

/// An execution, as Step Functions describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The number of the attempt. A job's first execution is attempt 1.
    pub attempt: u32,
    /// The time at which it was started.
    pub started: SystemTime,
    /// Whether it runs, and how it ended.
    pub state: ExecutionState,
}

/// The state of an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExecutionState {
    /// The execution has not ended.
    Running,
    /// The execution has succeeded.
    Succeeded,
    /// The execution has ended without a torrent.
    Failed {
        /// The error's name, or the status where there is none.
        error: String,
        /// What happened.
        cause: String,
    },
}

/// The state of a job that was to be running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// An execution of the job runs.
    Running {
        /// The number of the attempt.
        attempt: u32,
        /// How the attempt before it ended, where that one led to this one.
        earlier: Option<ExecutionState>,
    },
    /// The job has failed too often within the hour. The latest attempt ended in this state.
    Exhausted(ExecutionState),
}

impl Executions {
    /// Makes the client of `state_machine_arn`, with `sdk`'s credentials and endpoint.
    pub fn new(sdk: &SdkConfig, state_machine_arn: String) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        // An ARN has its region in the fourth place.
        let region = state_machine_arn.split(':').nth(3).map(|region| Region::new(region.to_owned()));
        let retries = RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build();
        let config = Builder::from(sdk)
            .region(region)
            // As for S3, the SDK's own stock of retries would run dry for good.
            .retry_partition(retries)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), state_machine_arn }
    }

    /// Makes sure that the job `id` runs: starts its execution, or finds the one that runs. An execution that has ended is
    /// followed by another, at most [`MAX_ATTEMPTS_AN_HOUR`](super::MAX_ATTEMPTS_AN_HOUR) times.
    pub async fn ensure_running(&self, id: &str, input: &JobRequest) -> Result<JobStatus, WorkflowError> {
        let (mut attempt, mut earlier) = (1, None);
        for _ in 0..MAX_TURNS {
            if self.start(id, attempt, input).await? {
                return Ok(JobStatus::Running { attempt, earlier });
            }
            // Step Functions may not describe yet what was just started.
            let Some(latest) = self.latest(id, attempt).await? else { break };
            let first = match first_of_the_last(&latest) {
                Some(first) => self.describe(id, first).await?,
                None => None,
            };
            match next(latest, first.as_ref(), SystemTime::now()) {
                Next::Start(next, state) => (attempt, earlier) = (next, Some(state)),
                Next::Wait(running) => return Ok(JobStatus::Running { attempt: running, earlier: None }),
                Next::GiveUp(state) => return Ok(JobStatus::Exhausted(state)),
            }
        }
        Ok(JobStatus::Running { attempt, earlier: None })
    }

    /// Describes the attempt `attempt` of the job `id`. `None` means that there was none.
    pub async fn describe(&self, id: &str, attempt: u32) -> Result<Option<Execution>, WorkflowError> {
        let arn = self.arn(&execution_name(id, attempt));
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(output) => Ok(Some(execution(attempt, &output))),
            Err(error) if error.as_service_error().is_some_and(DescribeExecutionError::is_execution_does_not_exist) => {
                Ok(None)
            }
            Err(error) => Err(classify(error)),
        }
    }

    /// Starts an execution. `false` means that one of that name was started with another input, or has ended.
    async fn start(&self, id: &str, attempt: u32, input: &JobRequest) -> Result<bool, WorkflowError> {
        let name = execution_name(id, attempt);
        let input = serde_json::to_string(input).map_err(|error| WorkflowError::Refused(error.into()))?;
        let start = self.client.start_execution().state_machine_arn(&self.state_machine_arn).name(name).input(input);
        match start.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => {
                Ok(false)
            }
            Err(error) => Err(classify(error)),
        }
    }

    /// Finds the latest attempt: by doubling steps from `known`, which exists, and then by halving the last step.
    async fn latest(&self, id: &str, known: u32) -> Result<Option<Execution>, WorkflowError> {
        let Some(mut latest) = self.describe(id, known).await? else { return Ok(None) };
        let mut step = 1;
        while let Some(later) = self.describe(id, latest.attempt + step).await? {
            (latest, step) = (later, step * 2);
        }
        let mut missing = latest.attempt + step;
        while missing - latest.attempt > 1 {
            let middle = latest.attempt.midpoint(missing);
            match self.describe(id, middle).await? {
                Some(later) => latest = later,
                None => missing = middle,
            }
        }
        Ok(Some(latest))
    }

    /// Returns the ARN of a Standard workflow's execution.
    fn arn(&self, name: &str) -> String {
        format!("{}:{name}", self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1))
    }
}

fn execution(attempt: u32, output: &DescribeExecutionOutput) -> Execution {
    let started = SystemTime::try_from(*output.start_date()).unwrap_or(SystemTime::UNIX_EPOCH);
    Execution { attempt, started, state: execution_state(output) }
}

/// Returns what a function said. A state without a `Catch` gives the function's whole answer as the cause.
fn message_in(cause: &str) -> String {
    let answer: Option<serde_json::Value> = serde_json::from_str(cause).ok();
    let message = answer.as_ref().and_then(|answer| answer.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}

fn execution_state(output: &DescribeExecutionOutput) -> ExecutionState {
    match output.status() {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => ExecutionState::Running,
        ExecutionStatus::Succeeded => ExecutionState::Succeeded,
        status => ExecutionState::Failed {
            error: output.error().unwrap_or(status.as_str()).to_owned(),
            cause: message_in(output.cause().unwrap_or_default()),
        },
    }
}
