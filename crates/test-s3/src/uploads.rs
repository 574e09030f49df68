//! Multipart uploads, until they are completed.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
//!
//! Parts may have any size. S3's minimum, 5 MiB, would make every test slow.

use std::{collections::BTreeMap, time::SystemTime};

use hyper::body::Bytes;
use md5::{Digest, Md5};
use s3s::{S3Result, dto::CompletedPart, s3_error};

use crate::{
    checksum::{Algorithm, Checksum, Sent},
    content::Content,
    etag,
    object::Object,
    parts::{Part, Parts},
};

/// One upload.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    key: String,
    /// The object, still without content.
    object: Object,
    /// The algorithm of the parts' checksums.
    algorithm: Option<Algorithm>,
    /// Whether the object's checksum is that of its bytes, and not of its parts' checksums.
    full_object: bool,
    parts: BTreeMap<i32, Received>,
}

#[derive(Clone, Debug)]
struct Received {
    bytes: Bytes,
    /// With its quotes.
    etag: String,
    checksum: Option<String>,
}

impl Upload {
    pub(super) fn new(key: &str, object: Object, algorithm: Option<Algorithm>, full_object: bool) -> Self {
        Self { key: key.into(), object, algorithm, full_object, parts: BTreeMap::new() }
    }

    /// Returns the upload with this ID, if it is of this key.
    pub(super) fn find<'a>(uploads: &'a mut BTreeMap<String, Self>, id: &str, key: &str) -> S3Result<&'a mut Self> {
        uploads
            .get_mut(id)
            .filter(|upload| upload.key == key)
            .ok_or_else(|| s3_error!(NoSuchUpload, "The specified upload does not exist."))
    }

    /// Takes a part instead of any earlier one with this number, and returns its `ETag`.
    pub(super) fn put(&mut self, number: i32, bytes: Bytes, sent: Option<Sent>) -> String {
        let etag = Content::from(bytes.clone()).etag();
        let checksum = sent.filter(|_| self.algorithm.is_some()).map(|(_, value)| value);
        self.parts.insert(number, Received { bytes, etag: etag.clone(), checksum });
        etag
    }

    /// Makes the object of the parts that a client lists.
    pub(super) fn complete(&self, listed: Vec<CompletedPart>) -> S3Result<Object> {
        let (mut bytes, mut digests, mut parts) = (Vec::new(), Md5::new(), Vec::new());
        for part in listed {
            let number = part.part_number.unwrap_or_default();
            let received = self.part(number, &part)?;
            bytes.extend_from_slice(&received.bytes);
            digests.update(Md5::digest(&received.bytes));
            let checksum = received.checksum.clone();
            parts.push(Part { number, size: received.bytes.len() as u64, checksum });
        }
        let mut object = self.object.clone();
        object.etag = format!("\"{}-{}\"", hex::encode(digests.finalize()), parts.len());
        object.last_modified = SystemTime::now();
        object.content = bytes.into();
        object.parts = Parts::new(parts);
        object.checksum = self.algorithm.and_then(|algorithm| self.checksum(algorithm, &object));
        Ok(object)
    }

    fn checksum(&self, algorithm: Algorithm, object: &Object) -> Option<Checksum> {
        if !self.full_object {
            return object.parts.composite(algorithm);
        }
        let content = &object.content;
        Some(Checksum::new(algorithm, &algorithm.digest(content.chunks(0..content.length())), None))
    }

    /// Returns the part with this number, if its `ETag` is the one that the client lists.
    fn part(&self, number: i32, listed: &CompletedPart) -> S3Result<&Received> {
        let received = self.parts.get(&number).filter(|part| listed.e_tag == Some(etag::parse(&part.etag)));
        received.ok_or_else(|| s3_error!(InvalidPart, "One or more of the specified parts could not be found."))
    }
}
