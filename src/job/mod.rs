//! The job: what the states of the Step Functions workflow ask of one function, for objects that no single request
//! can read in time. The workflow is AWS's; here is only what it does with one object, span by span.
//!
//! ```text
//! Plan ──▶ Hash, once a span (Distributed Map) ──▶ Assemble ──▶ Clean
//! ```

mod function;
mod spans;
mod task;
mod worker;

pub use self::{
    function::service,
    spans::Spans,
    task::{Asked, Detail, EventBucket, EventObject, Input, Items, Job, Plan, Span, Task, job_id},
    worker::{Failure, Worker},
};
