//! The S3 gateway: what this service asks of S3, and what it makes of the answers. It knows no Lambda
//! and no bencode; object bytes leave it in order, each once.
//!
//! READ access is shown by [`Source`]'s client, unsigned or signed, or by a [`PresignedUrl`]; sidecars and part checksums are the service's
//! own business and always signed.

mod body_limit;
mod bucket_regions;
mod client;
mod composite_sha1;
mod endpoints;
mod error;
mod fragments;
mod head;
mod meter;
mod part_checksums;
mod parts;
mod presigned;
mod region;
mod regional_client;
mod sidecar;
mod sidecar_location;
mod source;

pub use self::{
    client::{Clients, is_path_style_endpoint},
    composite_sha1::{CompositeSha1, Sha1Digest},
    endpoints::Endpoints,
    error::Error,
    fragments::Fragments,
    head::ObjectHead,
    meter::Meter,
    part_checksums::PartChecksums,
    parts::{Misfit, Parts},
    presigned::{MAX_PRESIGNED_URL_BYTES, PresignedUrl, PresignedUrlError},
    region::dns_suffix,
    regional_client::RegionalClient,
    sidecar::{Lookup, Sidecar, SidecarStore, Stored, Torrent},
    sidecar_location::SidecarLocation,
    source::Source,
};
