//! The calls to Step Functions that start executions and describe them.

mod error;
mod executions;

pub use self::{
    error::WorkflowError,
    executions::{Execution, ExecutionState, Executions, JobStatus, MAX_ATTEMPTS_AN_HOUR},
};
