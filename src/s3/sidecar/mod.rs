//! The sidecar: an object's torrent, stored beside it as a cache. The function's own role reads and writes it. It never
//! overwrites the user's objects: a first write carries `If-None-Match: *`, a renewal `If-Match`, and an object that
//! this service did not write is not touched.

use std::collections::HashMap;

use aws_sdk_s3::operation::put_object::builders::PutObjectFluentBuilder;
use sha1::{Digest, Sha1};

use super::{
    Error, FORMAT, FORMAT_NAME,
    access::{Bucket, RegionalClient, collect},
    classify,
    reading::ObjectHead,
};
use crate::{
    meter::Meter,
    object::{CallOptions, ETag, ObjectId, SidecarLocation},
};

const KEY_SHA1: &str = "torrent-source-key-sha1";
const ETAG: &str = "torrent-source-etag";
const VERSION: &str = "torrent-source-version";
const LENGTH: &str = "torrent-source-length";
const INFO_HASH: &str = "torrent-info-hash";

/// No torrent of this service is larger: its info dictionary has at most 4,500,000 bytes.
const MAX_BYTES: i64 = 5 * 1024 * 1024;

/// The place of one object's sidecar, as the function's role may read and write it.
#[derive(Clone, Debug)]
pub struct SidecarStore {
    /// The bucket that holds the sidecar.
    pub bucket: Bucket,
    /// The sidecar's key, or `None` if it would be longer than S3 accepts.
    pub key: Option<String>,
    object: ObjectId,
}

/// What is stored at a sidecar's key.
#[derive(Debug)]
pub enum Slot {
    /// The user's own object, or one made from another object. Nothing may be written.
    Closed,
    /// Nothing, or nothing that the role may see.
    Free,
    /// An object that this service made from one of this key, not yet compared with that object.
    Taken(Sidecar),
}

/// A sidecar as it was read.
#[derive(Debug)]
pub struct Sidecar {
    etag: String,
    metadata: HashMap<String, String>,
    /// The torrent, or nothing if the stored object cannot be one.
    pub bytes: Vec<u8>,
}

impl Sidecar {
    /// Returns whether the sidecar was made from exactly what `head` describes.
    pub fn was_made_from(&self, head: &ObjectHead) -> bool {
        self.value(FORMAT_NAME) == Some(FORMAT)
            && self.value(ETAG).and_then(ETag::new).as_ref() == Some(&head.etag)
            && self.value(VERSION) == head.version_id.as_deref()
            && self.value(LENGTH) == Some(&head.length.to_string())
    }

    /// Returns the info hash in the metadata, 40 hex digits.
    pub fn info_hash(&self) -> Option<&str> {
        self.value(INFO_HASH)
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.metadata.get(name).map(String::as_str)
    }
}

/// What is stored as a sidecar.
#[derive(Debug)]
pub struct SidecarContent<'a> {
    /// The `.torrent` file.
    pub bytes: &'a [u8],
    /// The response's `Content-Type`.
    pub content_type: &'a str,
    /// The response's `Content-Disposition`.
    pub content_disposition: &'a str,
    /// The info hash, 40 hex digits.
    pub info_hash: String,
}

/// The result of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The sidecar is stored.
    Done,
    /// Someone else wrote to the key at the same time. Their object is kept.
    LostRace,
}

impl SidecarStore {
    /// Finds the place of `object`'s sidecar. `client` signs with the function's role. `options` apply only to calls on
    /// the object's own bucket.
    pub fn new(
        client: RegionalClient,
        location: &SidecarLocation,
        object: ObjectId,
        options: &CallOptions,
        meter: Meter,
    ) -> Self {
        let name = location.bucket_for(&object).clone();
        let options = if name == object.bucket { options.clone() } else { CallOptions::default() };
        Self { bucket: Bucket::new(client, name, options, meter), key: location.key_for(&object), object }
    }

    /// Reads what is stored at the sidecar's key. A 403 counts as [`Slot::Free`]: without `s3:ListBucket`, S3 answers
    /// so if there is nothing.
    pub async fn read(&self) -> Result<Slot, Error> {
        let Some(key) = &self.key else { return Ok(Slot::Closed) };
        let Some(output) = self.bucket.get(key, None).await? else { return Ok(Slot::Free) };
        let metadata = output.metadata().cloned().unwrap_or_default();
        let etag = output.e_tag().unwrap_or_default().to_owned();
        let is_of_this_key = metadata.get(KEY_SHA1) == Some(&key_sha1(&self.object));
        if !metadata.contains_key(FORMAT_NAME) || !is_of_this_key || etag.is_empty() {
            return Ok(Slot::Closed);
        }
        let bytes = match output.content_length() {
            length @ Some(0..=MAX_BYTES) => collect(output.body, length).await?,
            _ => Vec::new(),
        };
        Ok(Slot::Taken(Sidecar { etag, metadata, bytes }))
    }

    /// Stores `content` as the sidecar of what `head` describes, and replaces `replaced` if there is one.
    pub async fn write(
        &self,
        head: &ObjectHead,
        content: &SidecarContent<'_>,
        replaced: Option<&Sidecar>,
    ) -> Result<Write, Error> {
        let Some(key) = &self.key else { return Ok(Write::LostRace) };
        let describe = |request: PutObjectFluentBuilder| {
            request
                .set_if_none_match(replaced.is_none().then(|| "*".to_owned()))
                .set_if_match(replaced.map(|sidecar| sidecar.etag.clone()))
                .content_type(content.content_type)
                .content_disposition(content.content_disposition)
                .set_metadata(Some(metadata(&self.object, head, &content.info_hash)))
        };
        match self.bucket.put(key, content.bytes, describe).await.map_err(classify) {
            Ok(()) => Ok(Write::Done),
            // 412 and 409, and 404 if the object to be replaced is gone.
            Err(Error::Changed | Error::NoSuchKey { .. }) => Ok(Write::LostRace),
            Err(error) => Err(error),
        }
    }
}

fn metadata(object: &ObjectId, head: &ObjectHead, info_hash: &str) -> HashMap<String, String> {
    let mut metadata = HashMap::from([
        (FORMAT_NAME.to_owned(), FORMAT.to_owned()),
        (KEY_SHA1.to_owned(), key_sha1(object)),
        (ETAG.to_owned(), head.etag.to_string()),
        (LENGTH.to_owned(), head.length.to_string()),
        (INFO_HASH.to_owned(), info_hash.to_owned()),
    ]);
    if let Some(version_id) = &head.version_id {
        metadata.insert(VERSION.to_owned(), version_id.clone());
    }
    metadata
}

/// Returns the SHA-1 of `bucket/key` in hex. Two objects may share a sidecar key: `v` at version `X`, and `v.X`.
fn key_sha1(object: &ObjectId) -> String {
    hex::encode(Sha1::digest(format!("{}/{}", object.bucket, object.key)))
}
