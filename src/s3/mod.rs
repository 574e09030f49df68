//! The S3 gateway: what this service asks of S3, and what it makes of the answers. It knows no Lambda
//! and no bencode; object bytes leave it in order, each once.
//!
//! READ access is shown by [`Source`]'s client, unsigned or signed; sidecars are the service's own and
//! always signed.

mod client;
mod error;
mod head;
mod meter;
mod sidecar;
mod sidecar_location;
mod source;

pub use self::{
    client::{Clients, is_path_style_endpoint},
    error::Error,
    head::ObjectHead,
    meter::Meter,
    sidecar::{Lookup, Sidecar, SidecarStore, Stored, Torrent},
    sidecar_location::SidecarLocation,
    source::Source,
};
