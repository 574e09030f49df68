//! The sidecar: the torrent of an object, kept beside it as a cache. Read and written with the
//! function's own role. Nothing of the user's is ever overwritten: a first write carries
//! `If-None-Match: *`, a renewal `If-Match`, and what is not ours is left alone.

use std::collections::HashMap;

use aws_sdk_s3::{
    Client, operation::get_object::GetObjectOutput, primitives::ByteStream, types::RequestPayer,
};
use sha1::{Digest, Sha1};

use super::{
    Error, Meter, ObjectHead, RegionalClient, SidecarLocation, client::request_payer, error::classify,
};
use crate::object::{CallOptions, ObjectId};

/// Its presence marks an object as a sidecar of this service.
pub(super) const FORMAT_NAME: &str = "torrent-format";
pub(super) const FORMAT: &str = "1";
const KEY_SHA1: &str = "torrent-source-key-sha1";
const ETAG: &str = "torrent-source-etag";
const VERSION: &str = "torrent-source-version";
const LENGTH: &str = "torrent-source-length";
const INFO_HASH: &str = "torrent-info-hash";

/// More than the largest torrent this service makes (4,000,000 bytes of digests and its wrapping).
const MAX_BYTES: i64 = 5 * 1024 * 1024;

/// Sidecars, as the function's role may read and write them.
#[derive(Clone, Debug)]
pub struct SidecarStore {
    client: RegionalClient,
    location: SidecarLocation,
}

/// What was found at a sidecar's key.
#[derive(Debug)]
pub enum Lookup {
    /// Nothing, or nothing the role may see.
    Missing,
    /// An object of the user's, or made from another object.
    Foreign,
    /// Written by this service from an object of this key; not yet verified against it.
    Ours(Sidecar),
}

/// A sidecar as it was read.
#[derive(Debug)]
pub struct Sidecar {
    etag: String,
    metadata: HashMap<String, String>,
    /// The torrent; empty when it cannot be one.
    pub bytes: Vec<u8>,
}

impl Sidecar {
    /// Whether it was made from just what `head` describes.
    #[must_use]
    pub fn is_of(&self, head: &ObjectHead) -> bool {
        self.named(FORMAT_NAME) == Some(FORMAT)
            && self.named(ETAG) == Some(&head.etag)
            && self.named(VERSION) == head.version_id.as_deref()
            && self.named(LENGTH) == Some(&head.length.to_string())
    }

    /// The info hash it says it has, 40 hex digits.
    #[must_use]
    pub fn info_hash(&self) -> Option<&str> {
        self.named(INFO_HASH)
    }

    fn named(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }
}

/// A torrent to be stored.
#[derive(Debug)]
pub struct Torrent<'a> {
    /// The `.torrent` file.
    pub bytes: &'a [u8],
    /// As in the response.
    pub content_type: &'a str,
    /// As in the response.
    pub content_disposition: &'a str,
    /// 40 hex digits.
    pub info_hash: &'a str,
}

/// How a write ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The sidecar is there.
    Written,
    /// Someone else wrote there meanwhile, and is left alone.
    Raced,
}

impl SidecarStore {
    /// The store at `location`; `client` signs with the function's role.
    #[must_use]
    pub fn new(client: RegionalClient, location: SidecarLocation) -> Self {
        Self { client, location }
    }

    /// Whether `object`'s sidecar can have a key at all.
    #[must_use]
    pub fn has_place_for(&self, object: &ObjectId) -> bool {
        self.location.key_for(object).is_some()
    }

    /// Reads the sidecar of `object`.
    ///
    /// # Errors
    /// Whatever keeps S3 from telling what lies there; a 403 counts as missing, since S3 says so
    /// without `s3:ListBucket`.
    pub async fn read(
        &self,
        object: &ObjectId,
        options: &CallOptions,
        meter: &Meter,
    ) -> Result<Lookup, Error> {
        let Some(key) = self.location.key_for(object) else { return Ok(Lookup::Missing) };
        let (payer, owner) = self.options_for(object, options);
        let bucket = self.location.bucket_for(object);
        let ask = |client: Client| {
            let request = client
                .get_object()
                .bucket(bucket.as_str())
                .key(&key)
                .set_request_payer(payer.clone())
                .set_expected_bucket_owner(owner.clone());
            request.customize().interceptor(meter.clone()).send()
        };
        match self.client.call(bucket, ask).await.map_err(classify) {
            Ok(output) => sidecar_from(output, object).await,
            Err(Error::NoSuchKey { .. } | Error::AccessDenied) => Ok(Lookup::Missing),
            Err(error) => Err(error),
        }
    }

    /// Stores `torrent` as the sidecar of `object`, in place of `replaced` where there is one.
    ///
    /// # Errors
    /// What kept S3 from storing it. A lost race is none.
    pub async fn write(
        &self,
        object: &ObjectId,
        head: &ObjectHead,
        torrent: &Torrent<'_>,
        replaced: Option<&Sidecar>,
        options: &CallOptions,
        meter: &Meter,
    ) -> Result<Stored, Error> {
        let Some(key) = self.location.key_for(object) else { return Ok(Stored::Raced) };
        let (payer, owner) = self.options_for(object, options);
        let bucket = self.location.bucket_for(object);
        let ask = |client: Client| {
            let request = client
                .put_object()
                .bucket(bucket.as_str())
                .key(&key)
                .set_request_payer(payer.clone())
                .set_expected_bucket_owner(owner.clone())
                .set_if_none_match(replaced.is_none().then(|| "*".to_owned()))
                .set_if_match(replaced.map(|sidecar| sidecar.etag.clone()))
                .content_type(torrent.content_type)
                .content_disposition(torrent.content_disposition)
                .set_metadata(Some(metadata_of(object, head, torrent.info_hash)))
                .body(ByteStream::from(torrent.bytes.to_vec()));
            request.customize().interceptor(meter.clone()).send()
        };
        match self.client.call(bucket, ask).await.map_err(classify) {
            Ok(_) => Ok(Stored::Written),
            // 412 and 409, and 404 where what was to be replaced is gone.
            Err(Error::Changed | Error::NoSuchKey { .. }) => Ok(Stored::Raced),
            Err(error) => Err(error),
        }
    }

    /// What the caller asked is passed on to the object's own bucket, and to no other.
    fn options_for(
        &self,
        object: &ObjectId,
        options: &CallOptions,
    ) -> (Option<RequestPayer>, Option<String>) {
        if *self.location.bucket_for(object) != object.bucket {
            return (None, None);
        }
        (request_payer(options), options.expected_bucket_owner.clone())
    }
}

async fn sidecar_from(output: GetObjectOutput, object: &ObjectId) -> Result<Lookup, Error> {
    let metadata = output.metadata().cloned().unwrap_or_default();
    let etag = output.e_tag().unwrap_or_default().to_owned();
    let made_from_this = metadata.get(KEY_SHA1) == Some(&key_sha1(object));
    if !metadata.contains_key(FORMAT_NAME) || !made_from_this || etag.is_empty() {
        return Ok(Lookup::Foreign);
    }
    let bytes = match output.content_length() {
        Some(length @ 0..=MAX_BYTES) => collected(output.body, length).await?,
        _ => Vec::new(),
    };
    Ok(Lookup::Ours(Sidecar { etag, metadata, bytes }))
}

/// One copy of the bytes, into memory of the right size.
async fn collected(mut body: ByteStream, length: i64) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    while let Some(chunk) = body.next().await {
        bytes.extend_from_slice(&chunk.map_err(|broken| Error::Interrupted(broken.into()))?);
    }
    Ok(bytes)
}

fn metadata_of(object: &ObjectId, head: &ObjectHead, info_hash: &str) -> HashMap<String, String> {
    let mut metadata = HashMap::from([
        (FORMAT_NAME.to_owned(), FORMAT.to_owned()),
        (KEY_SHA1.to_owned(), key_sha1(object)),
        (ETAG.to_owned(), head.etag.clone()),
        (LENGTH.to_owned(), head.length.to_string()),
        (INFO_HASH.to_owned(), info_hash.to_owned()),
    ]);
    if let Some(version_id) = &head.version_id {
        metadata.insert(VERSION.to_owned(), version_id.clone());
    }
    metadata
}

/// SHA-1 of `bucket/key`: two objects may share a sidecar key (`v` at version `X`, and `v.X`).
fn key_sha1(object: &ObjectId) -> String {
    hex::encode(Sha1::digest(format!("{}/{}", object.bucket, object.key)))
}

#[cfg(test)]
mod tests;
