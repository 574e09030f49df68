//! The calls to Step Functions that start executions and describe them. Executions are started by name, so that one job
//! runs for an object version, whoever asks.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>

use std::time::{Duration, SystemTime};

use aws_config::{SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_sfn::{
    Client,
    config::{
        Builder, Region,
        http::HttpResponse,
        retry::{RetryPartition, TokenBucket},
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
    operation::{
        describe_execution::{DescribeExecutionError, DescribeExecutionOutput},
        start_execution::StartExecutionError,
    },
    types::ExecutionStatus,
};

use super::{Job, JobRequest};

/// At most this many executions of one job are started within an hour: a job that cannot succeed must not cost money
/// for ever.
pub const MAX_ATTEMPTS_AN_HOUR: u32 = 3;
const HOUR: Duration = Duration::from_hours(1);
/// A caller waits, so few retries must do.
const ATTEMPTS: u32 = 3;
/// The first pause before a retry, unless the SDK's configuration has another.
const BACKOFF: Duration = Duration::from_secs(1);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Others may start an attempt at the same moment. It is then found at the next turn.
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
        /// The error's name, or the execution's status.
        error: String,
        /// What happened.
        cause: String,
    },
}

/// The state of a job that should run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// An execution of the job runs.
    Running {
        /// The number of the attempt.
        attempt: u32,
        /// If it follows an attempt that ended, how that one ended.
        earlier: Option<ExecutionState>,
    },
    /// The job has failed too often within the hour. The latest attempt ended in this state.
    Exhausted(ExecutionState),
}

/// Why Step Functions did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum WorkflowError {
    /// Step Functions throttles, fails or is out of reach, after retries.
    #[error("Step Functions is unavailable")]
    Unavailable(#[source] BoxError),
    /// The state machine does not exist, the role may not use it, or the code is unknown here.
    #[error("Step Functions refuses the call")]
    Refused(#[source] BoxError),
}

impl Executions {
    /// Makes the client of `state_machine_arn`, with `sdk`'s credentials and endpoint.
    pub fn new(sdk: &SdkConfig, state_machine_arn: String) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        // An ARN has its region in the fourth place.
        let region = state_machine_arn.split(':').nth(3).map(|region| Region::new(region.to_owned()));
        let retries = RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build();
        let backoff = sdk.retry_config().map_or(BACKOFF, RetryConfig::initial_backoff);
        let config = Builder::from(sdk)
            .region(region)
            // As for S3, the SDK's own quota of retries would run dry for good.
            .retry_partition(retries)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(backoff))
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), state_machine_arn }
    }

    /// Makes sure that `job` runs: starts its execution, or finds the one that runs. An execution that has ended is
    /// followed by another, at most [`MAX_ATTEMPTS_AN_HOUR`] times.
    pub async fn ensure_running(&self, job: &Job) -> Result<JobStatus, WorkflowError> {
        let (mut attempt, mut earlier) = (1, None);
        for _ in 0..MAX_TURNS {
            if self.start(job, attempt).await? {
                return Ok(JobStatus::Running { attempt, earlier });
            }
            // Step Functions may not describe yet what was just started.
            let Some(latest) = self.latest(job, attempt).await? else { break };
            match latest.state {
                ExecutionState::Running => {
                    return Ok(JobStatus::Running { attempt: latest.attempt, earlier: None });
                }
                state if self.is_exhausted(job, latest.attempt).await? => return Ok(JobStatus::Exhausted(state)),
                state => (attempt, earlier) = (latest.attempt + 1, Some(state)),
            }
        }
        Ok(JobStatus::Running { attempt, earlier: None })
    }

    /// Returns whether too many attempts up to `latest` were started within the hour.
    async fn is_exhausted(&self, job: &Job, latest: u32) -> Result<bool, WorkflowError> {
        let Some(before) = latest.checked_sub(MAX_ATTEMPTS_AN_HOUR) else { return Ok(false) };
        let first = self.describe(job, before + 1).await?;
        Ok(first.is_some_and(|first| SystemTime::now().duration_since(first.started + HOUR).is_err()))
    }

    /// Describes an attempt of `job`. `None` means that it was not made.
    pub async fn describe(&self, job: &Job, attempt: u32) -> Result<Option<Execution>, WorkflowError> {
        // The ARN of a Standard workflow's execution.
        let machine = self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1);
        let arn = format!("{machine}:{}", job.execution_name(attempt));
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(output) => Ok(Some(execution(attempt, &output))),
            Err(error) if error.as_service_error().is_some_and(DescribeExecutionError::is_execution_does_not_exist) => {
                Ok(None)
            }
            Err(error) => Err(classify(error)),
        }
    }

    /// Starts an execution. `false` means that one of that name was started with another input, or has ended.
    async fn start(&self, job: &Job, attempt: u32) -> Result<bool, WorkflowError> {
        let name = job.execution_name(attempt);
        let request = JobRequest { target: job.target.clone(), etag: Some(job.etag.clone()) };
        let input = serde_json::to_string(&request).map_err(|error| WorkflowError::Refused(error.into()))?;
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
    async fn latest(&self, job: &Job, known: u32) -> Result<Option<Execution>, WorkflowError> {
        let Some(mut latest) = self.describe(job, known).await? else { return Ok(None) };
        let mut step = 1;
        while let Some(later) = self.describe(job, latest.attempt + step).await? {
            (latest, step) = (later, step << 1);
        }
        let mut missing = latest.attempt + step;
        while missing - latest.attempt > 1 {
            let middle = latest.attempt.midpoint(missing);
            match self.describe(job, middle).await? {
                Some(later) => latest = later,
                None => missing = middle,
            }
        }
        Ok(Some(latest))
    }
}

/// Returns the function's own message. A state without a `Catch` gives the function's whole answer as the cause.
fn message_in(cause: &str) -> String {
    let answer: Option<serde_json::Value> = serde_json::from_str(cause).ok();
    let message = answer.as_ref().and_then(|answer| answer.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}

fn execution(attempt: u32, output: &DescribeExecutionOutput) -> Execution {
    let started = SystemTime::try_from(*output.start_date()).unwrap_or(SystemTime::UNIX_EPOCH);
    let state = match output.status() {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => ExecutionState::Running,
        ExecutionStatus::Succeeded => ExecutionState::Succeeded,
        status => ExecutionState::Failed {
            error: output.error().unwrap_or(status.as_str()).to_owned(),
            cause: message_in(output.cause().unwrap_or_default()),
        },
    };
    Execution { attempt, started, state }
}

/// Makes this service's error of the SDK's.
fn classify<E>(error: SdkError<E, HttpResponse>) -> WorkflowError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let Some(status) = error.raw_response().map(|response| response.status().as_u16()) else {
        return match error {
            SdkError::ConstructionFailure(_) => WorkflowError::Refused(error.into()),
            _ => WorkflowError::Unavailable(error.into()),
        };
    };
    let code = error.code().unwrap_or_default();
    let may_pass = status >= 500 || status == 429 || code.contains("Throttl") || code.contains("LimitExceeded");
    if may_pass { WorkflowError::Unavailable(error.into()) } else { WorkflowError::Refused(error.into()) }
}
