//! The operations themselves, on s3s's typed requests. Further ones (multipart uploads,
//! `GetObjectAttributes`, `CreateBucket`) belong here: what has no method answers 501 `NotImplemented`.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt as _;
use s3s::auth::Credentials;
use s3s::dto::{
    ArchiveStatus, DeleteObjectInput, DeleteObjectOutput, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, PutObjectInput, PutObjectOutput, RequestCharged, StorageClass, StreamingBlob,
    Timestamp,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::errors;
use super::fault::Overrides;
use super::object::Object;
use super::policy::Rights;
use super::reading::{Found, Reading, admit, holds, parse_etag};
use super::store::{Bucket, Store};

/// S3's answers to what the store holds.
pub(super) struct Operations {
    pub(super) store: Arc<Store>,
}

#[async_trait]
impl S3 for Operations {
    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let input = &request.input;
        let found = Reading {
            bucket: &input.bucket,
            key: &input.key,
            version_id: input.version_id.as_deref(),
            caller: caller(request.credentials.as_ref()),
            pays: input.request_payer.is_some(),
            expected_owner: input.expected_bucket_owner.as_deref(),
            if_match: overrides.unless_ignored(input.if_match.as_ref()),
            if_none_match: overrides.unless_ignored(input.if_none_match.as_ref()),
            customer_key: input.sse_customer_algorithm.is_some(),
        }
        .find(&self.store)?;
        Ok(S3Response::new(head_output(found)))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let input = &request.input;
        let found = Reading {
            bucket: &input.bucket,
            key: &input.key,
            version_id: input.version_id.as_deref(),
            caller: caller(request.credentials.as_ref()),
            pays: input.request_payer.is_some(),
            expected_owner: input.expected_bucket_owner.as_deref(),
            if_match: overrides.unless_ignored(input.if_match.as_ref()),
            if_none_match: overrides.unless_ignored(input.if_none_match.as_ref()),
            customer_key: input.sse_customer_algorithm.is_some(),
        }
        .find(&self.store)?;
        if found.object.is_archived() {
            return Err(errors::archived());
        }
        let length = found.object.content.length();
        let asked = input.range.filter(|_| !overrides.whole_body);
        let range = asked.map(|range| range.check(length)).transpose();
        let range = range.map_err(|_| errors::range_not_satisfiable(length))?;
        Ok(S3Response::new(get_output(found, range)))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let caller = caller(request.credentials.as_ref()).map(str::to_owned);
        let mut input = request.input;
        let object = received(&mut input).await?;
        let e_tag = Some(parse_etag(&object.etag));
        let put = self.store.get(&input.bucket, |bucket| {
            check_put(bucket, caller.as_deref(), &input)?;
            let version_id = self.store.put_in(bucket, &input.key, object);
            Ok(PutObjectOutput {
                e_tag,
                version_id,
                request_charged: charge(bucket.requester_pays),
                ..PutObjectOutput::default()
            })
        });
        put.unwrap_or_else(|| Err(errors::no_such_bucket())).map(S3Response::new)
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let caller = caller(request.credentials.as_ref());
        let input = &request.input;
        if input.version_id.is_some() {
            return Err(s3_error!(NotImplemented, "The fake S3 deletes no versions"));
        }
        let deleted = self.store.get(&input.bucket, |bucket| {
            let owner = input.expected_bucket_owner.as_deref();
            admit(bucket, caller, input.request_payer.is_some(), owner)?;
            if !bucket.policy.allows(caller, &input.key, Rights::WRITE) {
                return Err(errors::access_denied());
            }
            Ok(self.store.delete_in(bucket, &input.key))
        });
        let marker = deleted.unwrap_or_else(|| Err(errors::no_such_bucket()))?;
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: marker.is_some().then_some(true),
            version_id: marker,
            ..DeleteObjectOutput::default()
        }))
    }
}

fn caller(credentials: Option<&Credentials>) -> Option<&str> {
    credentials.map(|credentials| credentials.access_key.as_str())
}

fn head_output(found: Found) -> HeadObjectOutput {
    let Found { object, version_id, charged } = found;
    HeadObjectOutput {
        accept_ranges: Some("bytes".into()),
        archive_status: object.archive_status.map(ArchiveStatus::from),
        content_disposition: object.content_disposition,
        content_length: Some(signed(object.content.length())),
        content_type: Some(content_type(object.content_type)),
        e_tag: Some(parse_etag(&object.etag)),
        last_modified: Some(Timestamp::from(object.last_modified)),
        metadata: Some(object.metadata.into_iter().collect()),
        request_charged: charge(charged),
        restore: object.restore,
        storage_class: object.storage_class.map(StorageClass::from),
        version_id,
        ..HeadObjectOutput::default()
    }
}

fn get_output(found: Found, range: Option<Range<u64>>) -> GetObjectOutput {
    let Found { object, version_id, charged } = found;
    let length = object.content.length();
    let content_range =
        range.as_ref().map(|range| format!("bytes {}-{}/{length}", range.start, range.end - 1));
    let range = range.unwrap_or(0..length);
    GetObjectOutput {
        accept_ranges: Some("bytes".into()),
        content_disposition: object.content_disposition,
        content_length: Some(signed(range.end - range.start)),
        content_range,
        content_type: Some(content_type(object.content_type)),
        e_tag: Some(parse_etag(&object.etag)),
        last_modified: Some(Timestamp::from(object.last_modified)),
        metadata: Some(object.metadata.into_iter().collect()),
        request_charged: charge(charged),
        restore: object.restore,
        storage_class: object.storage_class.map(StorageClass::from),
        version_id,
        body: Some(StreamingBlob::wrap(object.content.stream(range).map(Ok::<_, std::io::Error>))),
        ..GetObjectOutput::default()
    }
}

/// The object that a PUT brings.
async fn received(input: &mut PutObjectInput) -> S3Result<Object> {
    let mut bytes = Vec::new();
    if let Some(mut body) = input.body.take() {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|error| {
                let mut refused = s3_error!(IncompleteBody, "{error}");
                refused.set_source(error);
                refused
            })?;
            bytes.extend_from_slice(&chunk);
        }
    }
    let mut object = Object::new(bytes);
    object.metadata = input.metadata.take().unwrap_or_default().into_iter().collect();
    object.content_type = input.content_type.take();
    object.content_disposition = input.content_disposition.take();
    object.storage_class = input.storage_class.take().map(|class| class.as_str().to_owned());
    Ok(object)
}

/// Rights and conditions. `If-Match` needs the right to read as well.
fn check_put(bucket: &Bucket, caller: Option<&str>, input: &PutObjectInput) -> S3Result<()> {
    let owner = input.expected_bucket_owner.as_deref();
    admit(bucket, caller, input.request_payer.is_some(), owner)?;
    let rights = match input.if_match {
        Some(_) => Rights::WRITE | Rights::READ,
        None => Rights::WRITE,
    };
    if !bucket.policy.allows(caller, &input.key, rights) {
        return Err(errors::access_denied());
    }
    let present = bucket.latest(&input.key).map(|object| object.etag.as_str());
    if let Some(condition) = &input.if_match {
        let etag = present.ok_or_else(errors::no_such_key)?;
        if !holds(condition, etag) {
            return Err(errors::precondition_failed());
        }
    }
    match (&input.if_none_match, present) {
        (Some(condition), Some(etag)) if holds(condition, etag) => Err(errors::precondition_failed()),
        _ => Ok(()),
    }
}

fn content_type(set: Option<String>) -> String {
    set.unwrap_or_else(|| "binary/octet-stream".into())
}

fn charge(charged: bool) -> Option<RequestCharged> {
    charged.then(|| RequestCharged::from_static(RequestCharged::REQUESTER))
}

/// Lengths are signed in s3s.
fn signed(length: u64) -> i64 {
    i64::try_from(length).expect("S3's lengths fit")
}
