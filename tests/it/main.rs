//! The whole function in this process: event JSON in, response JSON out, with the real SDK against an S3 of
//! our own on loopback.

mod access;
mod address;
mod collections;
mod event_files;
mod failures;
mod fake_json;
mod fake_table;
mod fake_workflow;
mod faults;
mod fixtures;
mod harness;
mod hostile;
mod jobs;
mod log;
mod metrics;
mod part_checksums;
mod presigned;
mod reading;
mod refusals;
mod regions;
mod responses;
mod revealing;
mod setup;
mod sidecar;
mod tracker;
