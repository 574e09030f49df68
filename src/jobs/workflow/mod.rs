//! The calls to Step Functions that start executions and describe them.

mod attempts;
mod error;
mod executions;

pub use self::{
    attempts::MAX_ATTEMPTS_AN_HOUR,
    error::WorkflowError,
    executions::{Execution, ExecutionState, Executions, JobStatus},
};
