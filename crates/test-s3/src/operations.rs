//! S3's operations, on s3s's typed requests. An operation without a method answers 501 `NotImplemented`.

use std::sync::Arc;

use async_trait::async_trait;
use s3s::{
    S3, S3Request, S3Response, S3Result,
    dto::{
        CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CreateMultipartUploadInput,
        CreateMultipartUploadOutput, DeleteObjectsInput, DeleteObjectsOutput, GetObjectAttributesInput,
        GetObjectAttributesOutput, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
        ListObjectsV2Input, ListObjectsV2Output, PutObjectInput, PutObjectOutput, UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use crate::{
    asked::{Asked, asked},
    errors, etag,
    fault::Overrides,
    listing, multipart,
    object::Object,
    outputs,
    policy::Rights,
    reading::Reading,
    store::Store,
    writing::received,
};

/// S3's answers to requests for what the store holds.
pub(super) struct Operations {
    pub(super) store: Arc<Store>,
}

/// The [`Reading`] of a HEAD or a GET, without the conditions that a fault has the server ignore.
macro_rules! reading {
    ($request:expr, $overrides:expr) => {
        Reading {
            asked: Asked {
                if_match: $overrides.unless_ignored($request.input.if_match.as_ref()),
                if_none_match: $overrides.unless_ignored($request.input.if_none_match.as_ref()),
                ..asked!($request)
            },
            version_id: $request.input.version_id.as_deref(),
            also: Rights::empty(),
        }
    };
}

#[async_trait]
impl S3 for Operations {
    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let found = reading!(request, overrides).find(&self.store)?;
        Ok(S3Response::new(outputs::head(&found, request.input.checksum_mode.is_some())))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let overrides = Overrides::of(&request.extensions);
        let found = reading!(request, overrides).find(&self.store)?;
        if found.object.is_archived() {
            return Err(s3_error!(InvalidObjectState, "The operation is not valid for the object's storage class"));
        }
        let length = found.object.content.length();
        let asked = request.input.range.filter(|_| !overrides.whole_body);
        let range = asked.map(|range| range.check(length)).transpose();
        let range = range.map_err(|_| errors::range_not_satisfiable(length))?;
        Ok(S3Response::new(outputs::get(&found, range, request.input.checksum_mode.is_some())))
    }

    async fn get_object_attributes(
        &self,
        request: S3Request<GetObjectAttributesInput>,
    ) -> S3Result<S3Response<GetObjectAttributesOutput>> {
        let reading = Reading {
            asked: asked!(request),
            version_id: request.input.version_id.as_deref(),
            also: Rights::ATTRIBUTES,
        };
        Ok(S3Response::new(outputs::attributes(&reading.find(&self.store)?, &request.input)))
    }

    async fn put_object(&self, mut request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let body = request.input.body.take();
        let bytes = received(body).await?;
        let input = &request.input;
        let object = Object {
            metadata: input.metadata.clone().unwrap_or_default().into_iter().collect(),
            content_type: input.content_type.clone(),
            content_disposition: input.content_disposition.clone(),
            ..Object::new(bytes)
        };
        let e_tag = Some(etag::parse(&object.etag));
        let (if_match, if_none_match) = (input.if_match.as_ref(), input.if_none_match.as_ref());
        let put = Asked { if_match, if_none_match, ..asked!(request) }.change(&self.store, |bucket| {
            let version_id = self.store.put_in(bucket, &input.key, object);
            Ok(PutObjectOutput { e_tag, version_id, ..PutObjectOutput::default() })
        });
        put.map(S3Response::new)
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        listing::delete(&self.store, &asked!(request, ""), &request.input.delete).map(S3Response::new)
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let overrides = Overrides::of(&request.extensions);
        let asked = asked!(request, request.input.prefix.as_deref().unwrap_or_default());
        listing::list(&self.store, &asked, &request.input, &overrides).map(S3Response::new)
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        multipart::create(&self.store, &asked!(request), &request.input).map(S3Response::new)
    }

    async fn upload_part(&self, mut request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let body = request.input.body.take();
        let part = received(body).await?;
        multipart::put(&self.store, &asked!(request), &request.input, part).map(S3Response::new)
    }

    async fn complete_multipart_upload(
        &self,
        mut request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let listed = request.input.multipart_upload.take();
        let parts = listed.and_then(|listed| listed.parts).unwrap_or_default();
        multipart::complete(&self.store, &asked!(request), &request.input.upload_id, parts).map(S3Response::new)
    }
}
