//! Multipart uploads, until they are completed or aborted.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
//!
//! Parts may be of any size: S3's least, 5 MiB, would make every test slow.

use std::collections::BTreeMap;
use std::time::SystemTime;

use hyper::body::Bytes;
use md5::{Digest, Md5};
use s3s::dto::CompletedPart;
use s3s::{S3Result, s3_error};

use super::checksum::{Algorithm, Checksum, Sent, checksum_field};
use super::content::Content;
use super::object::Object;
use super::parts::{Part, Parts};
use super::reading::parse_etag;

/// One upload.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    key: String,
    /// What the object will be, but for its content.
    object: Object,
    /// Which checksums the parts have.
    algorithm: Option<Algorithm>,
    /// The object's checksum is that of its bytes, and not of its parts' checksums.
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

    /// The upload of this key that has this id.
    pub(super) fn find<'a>(uploads: &'a mut BTreeMap<String, Self>, id: &str, key: &str) -> S3Result<&'a mut Self> {
        uploads.get_mut(id).filter(|upload| upload.key == key).ok_or_else(|| {
            s3_error!(
                NoSuchUpload,
                "The specified upload does not exist. The upload ID may be invalid, or the upload may have \
                 been aborted or completed."
            )
        })
    }

    /// Takes a part, in place of any of that number; returns its `ETag`.
    pub(super) fn put(&mut self, number: i32, bytes: Bytes, sent: Option<Sent>) -> S3Result<String> {
        if !(1..=10_000).contains(&number) {
            return Err(s3_error!(InvalidArgument, "Part number must be an integer between 1 and 10000, inclusive"));
        }
        let came = sent.as_ref().map(|(algorithm, _)| *algorithm);
        let needed = self.algorithm.filter(|_| !self.full_object || came.is_some());
        if needed.is_some() && came != needed {
            let [expected, actual] = [needed, came].map(|it| it.map_or("null", Algorithm::name));
            return Err(s3_error!(
                InvalidRequest,
                "Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: \
                 {actual}"
            ));
        }
        let etag = Content::from(bytes.clone()).etag();
        let checksum = sent.filter(|_| self.algorithm.is_some()).map(|(_, value)| value);
        self.parts.insert(number, Received { bytes, etag: etag.clone(), checksum });
        Ok(etag)
    }

    /// The object that the parts a client lists make.
    pub(super) fn complete(&self, listed: Vec<CompletedPart>) -> S3Result<Object> {
        if listed.is_empty() {
            return Err(s3_error!(MalformedXML, "The XML you provided was not well-formed"));
        }
        if !listed.is_sorted_by(|one, next| one.part_number < next.part_number) {
            return Err(s3_error!(InvalidPartOrder, "The list of parts was not in ascending order."));
        }
        let (mut bytes, mut digests, mut parts) = (Vec::new(), Md5::new(), Vec::new());
        for part in listed {
            let number = part.part_number.unwrap_or_default();
            let received = self.part(number, part)?;
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

    /// The part that is meant, if it is the one that came.
    fn part(&self, number: i32, mut listed: CompletedPart) -> S3Result<&Received> {
        let missing = || {
            s3_error!(
                InvalidPart,
                "One or more of the specified parts could not be found. The part may not have been uploaded, \
                 or the specified entity tag may not match the part's entity tag."
            )
        };
        let received = self.parts.get(&number).ok_or_else(missing)?;
        if listed.e_tag.take() != Some(parse_etag(&received.etag)) {
            return Err(missing());
        }
        let Some(algorithm) = self.algorithm else { return Ok(received) };
        match checksum_field!(listed, algorithm).take() {
            None if !self.full_object => {
                let name = algorithm.name();
                Err(s3_error!(
                    InvalidRequest,
                    "The upload was created using a {name} checksum. The complete request must include the \
                     checksum for each part. It was missing for part {number} in the request."
                ))
            }
            Some(value) if received.checksum.as_ref().is_some_and(|kept| *kept != value) => Err(missing()),
            _ => Ok(received),
        }
    }
}
