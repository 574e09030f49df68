//! Fragments: what a job has hashed so far. Each is an object with the digests of one span, in the job's folder in the
//! sidecar's bucket. It is named after the span and carries this service's mark.

mod folder;

use aws_sdk_s3::operation::{get_object::GetObjectOutput, put_object::builders::PutObjectFluentBuilder};

use crate::{
    object::{ByteRange, SidecarLocation},
    s3::{
        Error, FORMAT, FORMAT_NAME,
        access::{Bucket, collect},
        classify_answer,
    },
    torrent::{PieceLength, Pieces},
};

/// The metadata that names the job.
const JOB: &str = "torrent-job";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";
/// The list of spans, in the job's folder.
const ITEMS: &str = "items.json";
/// The objects of a collection, in the job's folder.
const MANIFEST: &str = "manifest.jsonl";
/// The reason of a failure, in the job's folder.
const FAILURE: &str = "failure.json";
/// The digests of spans, in the job's folder.
const SPANS: &str = "spans/";

/// The fragments of one job.
#[derive(Clone, Debug)]
pub struct Fragments {
    bucket: Bucket,
    /// The prefix of everything that belongs to the job, with a `/` at its end.
    folder: String,
    id: String,
}

impl Fragments {
    /// Opens the fragments of the job `id`, below the prefix of sidecars in `location`. `bucket` is the sidecar's.
    pub fn new(bucket: Bucket, location: &SidecarLocation, id: &str) -> Self {
        Self { bucket, folder: format!("{}{id}/", location.jobs_prefix()), id: id.to_owned() }
    }

    /// Writes the list of spans, in place of an earlier one, and returns its bucket and key.
    pub async fn put_items(&self, json: &[u8]) -> Result<(String, String), Error> {
        let key = self.key(ITEMS);
        self.put(&key, json, JSON).await?;
        Ok((self.bucket.name.to_string(), key))
    }

    /// Writes the manifest of a collection. Every attempt writes the same.
    pub async fn put_manifest(&self, lines: &[u8]) -> Result<(), Error> {
        self.put(&self.key(MANIFEST), lines, OCTETS).await
    }

    /// Returns `range` of the manifest, if it is there.
    pub async fn manifest(&self, range: ByteRange) -> Result<Option<Vec<u8>>, Error> {
        let Some(output) = self.get(&self.key(MANIFEST), Some(range)).await? else { return Ok(None) };
        match collect(output.body, output.content_length).await? {
            bytes if bytes.len() as u64 == range.length() => Ok(Some(bytes)),
            _ => Err(Error::Malformed("a part of the manifest".to_owned())),
        }
    }

    /// Records why a task failed, in place of an earlier reason.
    pub async fn put_failure(&self, json: &[u8]) -> Result<(), Error> {
        self.put(&self.key(FAILURE), json, JSON).await
    }

    /// Returns what [`Self::put_failure`] recorded, if it is there.
    pub async fn failure(&self) -> Result<Option<Vec<u8>>, Error> {
        let Some(output) = self.get(&self.key(FAILURE), None).await? else { return Ok(None) };
        collect(output.body, None).await.map(Some)
    }

    /// Removes the recorded reason, if there is one.
    pub async fn delete_failure(&self) -> Result<(), Error> {
        self.delete_keys(vec![self.key(FAILURE)]).await
    }

    /// Writes the digests of `span`. Whoever hashes that span writes the same.
    pub async fn put_span(&self, span: ByteRange, pieces: &Pieces) -> Result<(), Error> {
        self.put(&self.span_key(span), pieces.as_bytes(), OCTETS).await
    }

    /// Returns the digests of `span`, or `None` if they have not been written.
    pub async fn span(&self, span: ByteRange, piece_length: PieceLength) -> Result<Option<Pieces>, Error> {
        let expected = Pieces::byte_length(span.length(), piece_length);
        match self.get(&self.span_key(span), None).await? {
            Some(output) if output.content_length().and_then(|bytes| u64::try_from(bytes).ok()) == Some(expected) => {
                Ok(Pieces::from_bytes(&collect(output.body, None).await?))
            }
            _ => Ok(None),
        }
    }

    /// Returns the object at `key`, if it is of this job.
    async fn get(&self, key: &str, range: Option<ByteRange>) -> Result<Option<GetObjectOutput>, Error> {
        let output = self.bucket.get(key, range).await?;
        Ok(output.filter(|output| output.metadata().and_then(|metadata| metadata.get(JOB)) == Some(&self.id)))
    }

    async fn put(&self, key: &str, bytes: &[u8], content_type: &str) -> Result<(), Error> {
        let describe = |request: PutObjectFluentBuilder| {
            request.content_type(content_type).metadata(FORMAT_NAME, FORMAT).metadata(JOB, &self.id)
        };
        self.bucket.put(key, bytes, describe).await.map_err(classify_answer)
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// Offsets have twenty digits, so keys sort in the order of the object's bytes.
    fn span_key(&self, span: ByteRange) -> String {
        self.key(&format!("{SPANS}{:020}-{:020}", span.start, span.end))
    }
}
