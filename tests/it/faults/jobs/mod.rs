//! Jobs under faults. The states, retries and catches are the workflow's own (statemachine/); its waits are left out.

pub(super) mod plan;
pub(super) mod run;
mod workflow;
