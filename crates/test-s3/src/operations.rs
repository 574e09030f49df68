//! The operations themselves, on s3s's typed requests. Further ones (`CreateBucket`, `ListParts`) belong
//! here: what has no method answers 501 `NotImplemented`.

use std::sync::Arc;

use async_trait::async_trait;
use s3s::auth::Credentials;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput, CompleteMultipartUploadOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput,
    DeleteObjectsOutput, GetObjectAttributesInput, GetObjectAttributesOutput, GetObjectInput, GetObjectOutput,
    HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use super::checksum::Checksum;
use super::errors;
use super::fault::Overrides;
use super::listing;
use super::multipart;
use super::object::Object;
use super::outputs::{self, charge};
use super::policy::Rights;
use super::reading::{Reading, parse_etag};
use super::store::Store;
use super::writing::{Writing, received};

/// S3's answers to what the store holds.
pub(super) struct Operations {
    pub(super) store: Arc<Store>,
}

/// The [`Reading`] of a request, without conditions: the types of the requests differ, the names of their fields
/// don't.
macro_rules! reading {
    ($request:expr) => {
        Reading {
            bucket: &$request.input.bucket,
            key: &$request.input.key,
            version_id: $request.input.version_id.as_deref(),
            caller: caller($request.credentials.as_ref()),
            pays: $request.input.request_payer.is_some(),
            expected_owner: $request.input.expected_bucket_owner.as_deref(),
            if_match: None,
            if_none_match: None,
            customer_key: $request.input.sse_customer_algorithm.is_some(),
            also: Rights::NONE,
        }
    };
}

/// The [`Writing`] of a request, without conditions.
macro_rules! writing {
    ($request:expr) => {
        Writing {
            bucket: &$request.input.bucket,
            key: &$request.input.key,
            caller: caller($request.credentials.as_ref()),
            pays: $request.input.request_payer.is_some(),
            expected_owner: $request.input.expected_bucket_owner.as_deref(),
            if_match: None,
            if_none_match: None,
        }
    };
}

#[async_trait]
impl S3 for Operations {
    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let input = &request.input;
        let reading = reading!(request);
        let conditions = (input.if_match.as_ref(), input.if_none_match.as_ref());
        let found = reading.on_conditions(&overrides, conditions).find(&self.store)?;
        Ok(S3Response::new(outputs::head(&found, input.checksum_mode.is_some())))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let input = &request.input;
        let reading = reading!(request);
        let conditions = (input.if_match.as_ref(), input.if_none_match.as_ref());
        let found = reading.on_conditions(&overrides, conditions).find(&self.store)?;
        if found.object.is_archived() {
            return Err(errors::archived());
        }
        let length = found.object.content.length();
        let asked = input.range.filter(|_| !overrides.whole_body);
        let range = asked.map(|range| range.check(length)).transpose();
        let range = range.map_err(|_| errors::range_not_satisfiable(length))?;
        Ok(S3Response::new(outputs::get(&found, range, input.checksum_mode.is_some())))
    }

    async fn get_object_attributes(
        &self,
        request: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<S3Response<GetObjectAttributesOutput>> {
        let reading = Reading { also: Rights::ATTRIBUTES, ..reading!(request) };
        let found = reading.find(&self.store)?;
        Ok(S3Response::new(outputs::attributes(&found, &request.input)))
    }

    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let body = request.input.body.take();
        let (bytes, sent) = received(body, &request.headers, request.trailing_headers.as_ref()).await?;
        let mut object = Object::new(bytes);
        let input = &request.input;
        object.metadata = input.metadata.clone().unwrap_or_default().into_iter().collect();
        object.content_type.clone_from(&input.content_type);
        object.content_disposition.clone_from(&input.content_disposition);
        object.storage_class = input.storage_class.as_ref().map(|class| class.as_str().to_owned());
        object.checksum = sent.map(|(algorithm, value)| Checksum::new(algorithm, &value, None));
        let e_tag = Some(parse_etag(&object.etag));
        let conditions = (input.if_match.as_ref(), input.if_none_match.as_ref());
        let put = writing!(request).on_conditions(conditions).change(&self.store, |bucket| {
            let version_id = self.store.put_in(bucket, &input.key, object);
            let request_charged = charge(bucket.requester_pays);
            Ok(PutObjectOutput { e_tag, version_id, request_charged, ..PutObjectOutput::default() })
        });
        put.map(S3Response::new)
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        if request.input.version_id.is_some() {
            return Err(s3_error!(NotImplemented, "The test S3 deletes no versions"));
        }
        let writing = writing!(request);
        let marker = writing.change(&self.store, |bucket| Ok(self.store.delete_in(bucket, &request.input.key)))?;
        Ok(S3Response::new(DeleteObjectOutput {
            delete_marker: marker.is_some().then_some(true),
            version_id: marker,
            ..DeleteObjectOutput::default()
        }))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let caller = caller(request.credentials.as_ref());
        let DeleteObjectsInput { bucket, delete, .. } = request.input;
        listing::delete(&self.store, caller, &bucket, delete).map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let overrides = Overrides::of(&request.extensions);
        let caller = caller(request.credentials.as_ref());
        listing::list(&self.store, caller, &request.input, &overrides).map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let created = multipart::create(&self.store, &writing!(request), &request.input);
        created.map(S3Response::new)
    }

    async fn upload_part(&self, mut request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let body = request.input.body.take();
        let part = received(body, &request.headers, request.trailing_headers.as_ref()).await?;
        multipart::put(&self.store, &writing!(request), &request.input, part).map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        mut request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let listed = request.input.multipart_upload.take();
        let parts = listed.and_then(|listed| listed.parts).unwrap_or_default();
        let input = &request.input;
        let conditions = (input.if_match.as_ref(), input.if_none_match.as_ref());
        let writing = writing!(request).on_conditions(conditions);
        multipart::complete(&self.store, &writing, input, parts).map(S3Response::new)
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        multipart::abort(&self.store, &writing!(request), &request.input.upload_id).map(S3Response::new)
    }
}

fn caller(credentials: Option<&Credentials>) -> Option<&str> {
    credentials.map(|credentials| credentials.access_key.as_str())
}
