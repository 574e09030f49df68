//! Jobs: the tasks that the workflow does, the requests that wait for them, and the events that start them.

mod events;
mod log;
pub(crate) mod runner;
mod tasks;
mod waiting;
