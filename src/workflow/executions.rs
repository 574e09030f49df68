//! Executions of the state machine: started by name, so that one job runs for an object version whoever asks.
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
    Error, Input,
    attempts::{Next, first_of_the_last, next},
    error::classify,
    execution_name,
};

/// A caller waits: what fails longer than a second or two is answered.
const ATTEMPTS: u32 = 3;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// Others may start an attempt in the same moment: then it is found at the next turn.
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
    /// Counts the executions of a job, from 1.
    pub attempt: u32,
    /// When it was started.
    pub started: SystemTime,
    /// How far it is.
    pub state: State,
}

/// How far an execution is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Not at its end.
    Running,
    /// At its end, and well.
    Succeeded,
    /// At its end, without a torrent.
    Failed {
        /// The error's name; the status where there is none.
        error: String,
        /// More words.
        cause: String,
    },
}

/// What has become of the wish for an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begun {
    /// It runs.
    Running {
        /// Counts from 1.
        attempt: u32,
        /// How the attempt before it ended, where it was started after that.
        earlier: Option<State>,
    },
    /// There have been too many attempts within the hour; the last ended so.
    GivenUp(State),
}

impl Executions {
    /// Those of `state_machine_arn`, with `sdk`'s credentials and endpoint.
    #[must_use]
    pub fn new(sdk: &SdkConfig, state_machine_arn: String) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
        // Partition, service, region, account: what the ARN names is where it is.
        let region = state_machine_arn.split(':').nth(3).map(|region| Region::new(region.to_owned()));
        let retries = RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build();
        let config = Builder::from(sdk)
            .region(region)
            // As for S3: the SDK's own stock of retries would run dry for good.
            .retry_partition(retries)
            .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS))
            .timeout_config(timeouts)
            .build();
        Self { client: Client::from_conf(config), state_machine_arn }
    }

    /// Has the job `id` running: starts its execution, or finds it started. One that has ended is followed by another
    /// attempt, [`MAX_ATTEMPTS_AN_HOUR`](super::MAX_ATTEMPTS_AN_HOUR) at most.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn begin(&self, id: &str, input: &Input) -> Result<Begun, Error> {
        let (mut attempt, mut earlier) = (1, None);
        for _ in 0..MAX_TURNS {
            if self.start(id, attempt, input).await? {
                return Ok(Begun::Running { attempt, earlier });
            }
            // What was just started may not be described yet.
            let Some(latest) = self.latest(id, attempt).await? else { break };
            let first = match first_of_the_last(&latest) {
                Some(first) => self.describe(id, first).await?,
                None => None,
            };
            match next(latest, first.as_ref(), SystemTime::now()) {
                Next::Start(next, state) => (attempt, earlier) = (next, Some(state)),
                Next::Wait(running) => return Ok(Begun::Running { attempt: running, earlier: None }),
                Next::GiveUp(state) => return Ok(Begun::GivenUp(state)),
            }
        }
        Ok(Begun::Running { attempt, earlier: None })
    }

    /// The attempt `attempt` at the job `id`; `None` where there was none.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn describe(&self, id: &str, attempt: u32) -> Result<Option<Execution>, Error> {
        let arn = self.arn(&execution_name(id, attempt));
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(output) => Ok(Some(execution(attempt, &output))),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeExecutionError::is_execution_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(classify(error)),
        }
    }

    /// `false` where an execution of that name has been started with another input, or has ended.
    async fn start(&self, id: &str, attempt: u32, input: &Input) -> Result<bool, Error> {
        let name = execution_name(id, attempt);
        let input = serde_json::to_string(input).map_err(|error| Error::Refused(error.into()))?;
        let start =
            self.client.start_execution().state_machine_arn(&self.state_machine_arn).name(name).input(input);
        match start.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) =>
            {
                Ok(false)
            }
            Err(error) => Err(classify(error)),
        }
    }

    /// The latest attempt: by doubling steps from `known`, which was made, then by halving the last one.
    async fn latest(&self, id: &str, known: u32) -> Result<Option<Execution>, Error> {
        let Some(mut latest) = self.describe(id, known).await? else { return Ok(None) };
        let mut step = 1;
        while let Some(later) = self.describe(id, latest.attempt + step).await? {
            (latest, step) = (later, step * 2);
        }
        let mut unmade = latest.attempt + step;
        while unmade - latest.attempt > 1 {
            let middle = latest.attempt.midpoint(unmade);
            match self.describe(id, middle).await? {
                Some(later) => latest = later,
                None => unmade = middle,
            }
        }
        Ok(Some(latest))
    }

    /// Of a Standard workflow's execution.
    fn arn(&self, name: &str) -> String {
        format!("{}:{name}", self.state_machine_arn.replacen(":stateMachine:", ":execution:", 1))
    }
}

fn execution(attempt: u32, output: &DescribeExecutionOutput) -> Execution {
    let started = SystemTime::try_from(*output.start_date()).unwrap_or(SystemTime::UNIX_EPOCH);
    Execution { attempt, started, state: state(output) }
}

/// What a function said, where the cause is its whole answer: a state without a `Catch` gives that.
fn words(cause: &str) -> String {
    let answer: Option<serde_json::Value> = serde_json::from_str(cause).ok();
    let message = answer.as_ref().and_then(|answer| answer.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}

fn state(output: &DescribeExecutionOutput) -> State {
    match output.status() {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => State::Running,
        ExecutionStatus::Succeeded => State::Succeeded,
        status => State::Failed {
            error: output.error().unwrap_or(status.as_str()).to_owned(),
            cause: words(output.cause().unwrap_or_default()),
        },
    }
}
