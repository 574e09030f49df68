//! S3's GetObjectTorrent, brought back: `GET /bucket/key?torrent` as an AWS Lambda.
//!
//! ```text
//! event ──▶ api ──▶ operation ──▶ s3 ──▶ Amazon S3: HEAD, ranged GETs, the sidecar
//!            │         └──────▶ torrent: piece hashes, metainfo, info hash
//!            └────▶ jobs ─────▶ Step Functions: objects that no request can read in time
//!
//! task ───▶ jobs ──▶ operation: the workflow's states, for one object or collection, span by span
//!
//! announce ──▶ tracker: peers of these torrents find each other
//! ```
//!
//! Requests go down, bytes come back up, and nothing calls back. `docs/ARCHITECTURE.md` has the reasons, and the list
//! of which module may use which.

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
