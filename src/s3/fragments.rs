//! Fragments: what a job has hashed so far, a run of digests an object. They lie under a prefix of the sidecar
//! bucket, are named after the job and the span, and carry the mark of this service.

use aws_sdk_s3::{
    Client,
    operation::get_object::GetObjectOutput,
    primitives::ByteStream,
    types::{Delete, ObjectIdentifier},
};

use super::{
    Error, Meter, SidecarLocation,
    error::{classify, classify_answer},
    sidecar::{FORMAT, FORMAT_NAME},
};
use crate::object::{BucketName, ByteRange, ObjectId};

/// Below the prefix of sidecars.
pub(super) const FOLDER: &str = "torrent-jobs/";
const JOB: &str = "torrent-job";
const JSON: &str = "application/json";
const OCTETS: &str = "application/octet-stream";

/// The fragments of one job, as its function's role may read and write them.
#[derive(Clone, Debug)]
pub struct Fragments {
    client: Client,
    bucket: BucketName,
    /// Of all that belongs to the job, with a `/` at its end.
    folder: String,
    id: String,
    meter: Meter,
}

impl Fragments {
    /// Those of the job `id` of `object`; `client` signs with the function's role.
    #[must_use]
    pub fn new(client: Client, location: &SidecarLocation, object: &ObjectId, id: &str, meter: Meter) -> Self {
        let bucket = location.bucket_for(object).clone();
        let folder = format!("{}{FOLDER}{id}/", location.prefix);
        Self { client, bucket, folder, id: id.to_owned(), meter }
    }

    /// Where the list of spans lies: bucket and key.
    #[must_use]
    pub fn items(&self) -> (String, String) {
        (self.bucket.to_string(), format!("{}items.json", self.folder))
    }

    /// Writes the list of spans, in place of an earlier one.
    ///
    /// # Errors
    /// What kept S3 from storing it.
    pub async fn put_items(&self, json: Vec<u8>) -> Result<(), Error> {
        self.put(&self.items().1, json, JSON).await
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
        let request = self.client.get_object().bucket(self.bucket.as_str()).key(self.key_of(span));
        match request.customize().interceptor(self.meter.clone()).send().await.map_err(classify) {
            Ok(output) => self.digests_from(output, length).await,
            // A role that may not list is told 403.
            Err(Error::NoSuchKey { .. } | Error::AccessDenied) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// How many spans have been hashed.
    ///
    /// # Errors
    /// What kept S3 from listing them.
    pub async fn count(&self) -> Result<u64, Error> {
        let mut count = 0;
        let mut token = None;
        loop {
            let (keys, next) = self.page(&format!("{}{SPANS}", self.folder), token).await?;
            count += keys.len() as u64;
            token = match next {
                Some(next) => Some(next),
                None => return Ok(count),
            };
        }
    }

    /// Removes all that belongs to the job.
    ///
    /// # Errors
    /// What kept S3 from listing or deleting it.
    pub async fn delete(&self) -> Result<(), Error> {
        loop {
            // From the start each time: what was listed is gone.
            let (keys, next) = self.page(&self.folder, None).await?;
            self.delete_keys(keys).await?;
            if next.is_none() {
                return Ok(());
            }
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
        let request = self
            .client
            .put_object()
            .bucket(self.bucket.as_str())
            .key(key)
            .content_type(content_type)
            .metadata(FORMAT_NAME, FORMAT)
            .metadata(JOB, &self.id)
            .body(ByteStream::from(bytes));
        let sent = request.customize().interceptor(self.meter.clone()).send().await;
        sent.map(|_| ()).map_err(classify_answer)
    }

    async fn digests_from(&self, output: GetObjectOutput, length: usize) -> Result<Option<Vec<u8>>, Error> {
        let ours = output.metadata().and_then(|metadata| metadata.get(JOB)) == Some(&self.id);
        let as_long = output.content_length().and_then(|bytes| usize::try_from(bytes).ok()) == Some(length);
        if !ours || !as_long {
            return Ok(None);
        }
        let body = output.body.collect().await.map_err(|broken| Error::Interrupted(broken.into()))?;
        Ok(Some(body.to_vec()))
    }

    async fn page(&self, prefix: &str, token: Option<String>) -> Result<(Vec<String>, Option<String>), Error> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(self.bucket.as_str())
            .prefix(prefix)
            .set_continuation_token(token);
        let sent = request.customize().interceptor(self.meter.clone()).send().await;
        let page = sent.map_err(classify_answer)?;
        let keys = page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect();
        Ok((keys, page.next_continuation_token().map(str::to_owned)))
    }

    async fn delete_keys(&self, keys: Vec<String>) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let objects = keys.into_iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(|error| Error::Unexpected(error.into()))?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| Error::Unexpected(error.into()))?;
        let request = self.client.delete_objects().bucket(self.bucket.as_str()).delete(delete);
        let sent = request.customize().interceptor(self.meter.clone()).send().await;
        let output = sent.map_err(classify_answer)?;
        match output.errors().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or("no code").to_owned();
                Err(Error::Unexpected(format!("not deleted: {code}").into()))
            }
        }
    }

    /// Twenty digits: in the order of the object's bytes.
    fn key_of(&self, span: ByteRange) -> String {
        format!("{}{SPANS}{:020}-{:020}", self.folder, span.start, span.end)
    }
}

/// Below the job's folder.
const SPANS: &str = "spans/";
