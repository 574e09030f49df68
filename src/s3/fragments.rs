//! Fragments: what a job has hashed so far, a run of digests an object. They lie under a prefix of the sidecar
//! bucket, are named after the job and the span, and carry the mark of this service.

mod folder;

use aws_sdk_s3::{
    Client, operation::get_object::GetObjectOutput, primitives::ByteStream, types::RequestPayer,
};

use super::{
    Error, Meter, RegionalClient, SidecarLocation,
    client::request_payer,
    error::{classify, classify_answer},
    sidecar::{FORMAT, FORMAT_NAME},
};
use crate::object::{BucketName, ByteRange, CallOptions, ObjectId};

/// Below the prefix of sidecars.
pub(super) const FOLDER: &str = "torrent-jobs/";
const JOB: &str = "torrent-job";
const JSON: &str = "application/json";
/// Below the job's folder.
const ITEMS: &str = "items.json";
const FAILURE: &str = "failure.json";
const SPANS: &str = "spans/";
const OCTETS: &str = "application/octet-stream";

/// The fragments of one job, as its function's role may read and write them.
#[derive(Clone, Debug)]
pub struct Fragments {
    client: RegionalClient,
    bucket: BucketName,
    /// Of all that belongs to the job, with a `/` at its end.
    folder: String,
    id: String,
    /// What the caller asked is passed on to the object's own bucket, and to no other.
    payer: Option<RequestPayer>,
    meter: Meter,
}

impl Fragments {
    /// Those of the job `id` of `object`; `client` signs with the function's role.
    #[must_use]
    pub fn new(
        client: RegionalClient,
        location: &SidecarLocation,
        object: &ObjectId,
        options: &CallOptions,
        id: &str,
        meter: Meter,
    ) -> Self {
        let bucket = location.bucket_for(object).clone();
        let folder = format!("{}{FOLDER}{id}/", location.prefix);
        let payer = request_payer(options).filter(|_| bucket == object.bucket);
        Self { client, bucket, folder, id: id.to_owned(), payer, meter }
    }

    /// Where the list of spans lies: bucket and key.
    #[must_use]
    pub fn items(&self) -> (String, String) {
        (self.bucket.to_string(), format!("{}{ITEMS}", self.folder))
    }

    /// Writes the list of spans, in place of an earlier one.
    ///
    /// # Errors
    /// What kept S3 from storing it.
    pub async fn put_items(&self, json: Vec<u8>) -> Result<(), Error> {
        self.put(&self.items().1, json, JSON).await
    }

    /// Leaves word of why a task failed, in place of earlier word.
    ///
    /// # Errors
    /// What kept S3 from storing it.
    pub async fn put_failure(&self, json: Vec<u8>) -> Result<(), Error> {
        self.put(&self.failure_key(), json, JSON).await
    }

    /// What [`Self::put_failure`] left; `None` where there is nothing.
    ///
    /// # Errors
    /// What kept S3 from telling.
    pub async fn failure(&self) -> Result<Option<Vec<u8>>, Error> {
        match self.get(&self.failure_key()).await? {
            Some(output) if self.is_ours(&output) => bytes_of(output).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Takes that word back, where there is any.
    ///
    /// # Errors
    /// What kept S3 from deleting it.
    pub async fn delete_failure(&self) -> Result<(), Error> {
        self.delete_keys(vec![self.failure_key()]).await
    }

    /// Writes the digests of `span`. Whoever else does so writes the same.
    ///
    /// # Errors
    /// What kept S3 from storing them.
    pub async fn put_span(&self, span: ByteRange, digests: Vec<u8>) -> Result<(), Error> {
        self.put(&self.key_of(span), digests, OCTETS).await
    }

    /// The digests of `span`, of which there are `length` bytes; `None` where they have not been written.
    ///
    /// # Errors
    /// What kept S3 from telling.
    pub async fn span(&self, span: ByteRange, length: usize) -> Result<Option<Vec<u8>>, Error> {
        match self.get(&self.key_of(span)).await? {
            Some(output) if self.is_ours(&output) && is_as_long(&output, length) => {
                bytes_of(output).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        let ask = |client: Client| {
            let request = client
                .put_object()
                .bucket(self.bucket.as_str())
                .key(key)
                .set_request_payer(self.payer.clone())
                .content_type(content_type)
                .metadata(FORMAT_NAME, FORMAT)
                .metadata(JOB, &self.id)
                .body(ByteStream::from(bytes.clone()));
            request.customize().interceptor(self.meter.clone()).send()
        };
        let sent = self.client.call(&self.bucket, ask).await;
        sent.map(|_| ()).map_err(classify_answer)
    }

    /// `None` where nothing is, or nothing that a role without the right to list is told of.
    async fn get(&self, key: &str) -> Result<Option<GetObjectOutput>, Error> {
        let ask = |client: Client| {
            let request = client.get_object().bucket(self.bucket.as_str()).key(key);
            let request = request.set_request_payer(self.payer.clone());
            request.customize().interceptor(self.meter.clone()).send()
        };
        match self.client.call(&self.bucket, ask).await.map_err(classify) {
            Ok(output) => Ok(Some(output)),
            Err(Error::NoSuchKey { .. } | Error::AccessDenied) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn is_ours(&self, output: &GetObjectOutput) -> bool {
        output.metadata().and_then(|metadata| metadata.get(JOB)) == Some(&self.id)
    }

    fn failure_key(&self) -> String {
        format!("{}{FAILURE}", self.folder)
    }

    /// Twenty digits: in the order of the object's bytes.
    fn key_of(&self, span: ByteRange) -> String {
        format!("{}{SPANS}{:020}-{:020}", self.folder, span.start, span.end)
    }
}

fn is_as_long(output: &GetObjectOutput, length: usize) -> bool {
    output.content_length().and_then(|bytes| usize::try_from(bytes).ok()) == Some(length)
}

async fn bytes_of(output: GetObjectOutput) -> Result<Vec<u8>, Error> {
    let body = output.body.collect().await.map_err(|broken| Error::Interrupted(broken.into()))?;
    Ok(body.to_vec())
}
