//! Jobs, for objects that no single request can read in time.
//!
//! ```text
//! request ──▶ wait ──▶ workflow ──▶ Step Functions
//!                                        │ one task for each state
//!                                        ▼
//!                     Plan ──▶ Hash, once for each span ──▶ Assemble ──▶ Clean
//!                                        └── a failure ──▶ Explain
//! ```

mod failure;
mod fragments;
mod function;
mod job;
mod manifest;
mod spans;
mod tasks;
mod wait;
mod workflow;

pub use self::{
    failure::{FailureKind, Reason},
    fragments::Fragments,
    function::service,
    job::{Job, JobRequest, PlaceError, Target, job_id},
    manifest::{Item, Lines, Manifest},
    spans::Spans,
    tasks::{TaskFailure, Worker},
    wait::{JobProgress, Jobs, WaitError, Waits},
    workflow::{Execution, ExecutionState, Executions, JobStatus, MAX_ATTEMPTS_AN_HOUR, WorkflowError},
};
