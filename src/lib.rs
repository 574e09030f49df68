//! S3's GetObjectTorrent, brought back: `GET /bucket/key?torrent` as an AWS Lambda.
//!
//! ```text
//! event ──▶ lambda ──▶ service ──▶ s3 ──────▶ Amazon S3: HEAD, ranged GETs, the sidecar
//!             │           │
//!             │           ├──────▶ torrent    piece hashes, metainfo, info hash
//!             │           └──────▶ workflow   Step Functions: jobs for what no request can read
//!             ◀── response, error document
//!
//! task ───▶ job ──────▶ service              the workflow's states, for one object, span by span
//! ```
//!
//! Requests go down, bytes come back up, nothing calls back. [`torrent`] imports nothing of this crate,
//! [`s3`] neither [`lambda`] nor [`torrent`]. `docs/ARCHITECTURE.md` has the reasons.

pub mod config;
pub mod job;
pub mod lambda;
pub mod logging;
pub mod metrics;
pub mod object;
pub mod s3;
pub mod service;
pub mod start;
pub mod torrent;
pub mod workflow;
