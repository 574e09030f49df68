//! How this service reaches S3: the clients, each bucket's region, S3's hosts, and presigned URLs.

mod bucket;
mod bucket_regions;
mod call;
mod client;
mod endpoints;
mod presigned;
mod region;
mod regional_client;

pub use self::{
    bucket::{Bucket, collect},
    call::{Call, OPERATIONS},
    client::{Clients, Waits, is_path_style_endpoint},
    endpoints::Endpoints,
    presigned::{MAX_PRESIGNED_URL_BYTES, PresignedUrl, PresignedUrlError},
    region::dns_suffix,
    regional_client::RegionalClient,
};
