//! The workflow: what the API function and the job function must agree on, and the Step Functions calls that start
//! executions and look after them. It knows no Lambda, no S3 and no bencode.

mod attempts;
mod error;
mod executions;
mod input;
mod spans;

pub use self::{
    attempts::MAX_ATTEMPTS_AN_HOUR,
    error::Error,
    executions::{Begun, Execution, Executions, State},
    input::{Input, execution_name, job_id},
    spans::Spans,
};
