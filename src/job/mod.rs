//! The job: what the states of the Step Functions workflow ask of one function, for objects that no single request
//! can read in time. The workflow is AWS's; here is only what it does with one object, span by span.
//!
//! ```text
//! Plan ──▶ Hash, once a span (Distributed Map) ──▶ Assemble ──▶ Clean
//!                       └── a child failed ──▶ Explain
//! ```

mod failure;
mod function;
mod plan;
mod task;
mod worker;

pub use self::{
    failure::Failure,
    function::service,
    task::{
        Caught, Created, Detail, EventBucket, EventObject, Items, Job, Plan, Reason, Span, Started, Task,
    },
    worker::Worker,
};
