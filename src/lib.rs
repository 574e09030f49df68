//! S3's GetObjectTorrent, brought back: `GET /bucket/key?torrent` as an AWS Lambda.
//!
//! `docs/ARCHITECTURE.md` shows how an event goes through the modules, which module may use which, and why.

pub mod api;
pub mod config;
mod invocation;
pub mod jobs;
pub mod logging;
pub mod meter;
pub mod metrics;
pub mod object;
pub mod operation;
pub mod s3;
pub mod start;
pub mod table;
pub mod torrent;
pub mod tracker;
