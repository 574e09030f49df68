//! The tasks of the workflow's states, as one function does them: each for one object, told by its input alone.

mod assemble;
mod batch;
mod explain;
mod failure;
mod function;
mod hash;
mod plan;
mod task;
mod worker;

pub use self::{failure::TaskFailure, function::service, task::Task, worker::Worker};
