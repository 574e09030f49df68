//! The edge: Lambda events in, HTTP responses out. S3's REST form is spoken here and nowhere else.
//!
//! An expected failure is a response, never a Lambda error.

mod address;
mod api;
mod error_document;
mod event;
mod log_line;
mod parameters;
mod request;
mod response;

pub use self::{api::Api, event::tamed};
