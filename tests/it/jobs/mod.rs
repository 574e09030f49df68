//! Jobs: the tasks that the workflow does, the requests that wait for them, and the events and batches that start them.

mod batch;
mod events;
mod log;
pub(crate) mod runner;
mod tasks;
mod waiting;
