//! Multipart uploads.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html>
//!
//! Parts may have any size. S3's minimum, 5 MiB, would make every test slow.

use std::collections::BTreeMap;

use hyper::body::Bytes;
use md5::{Digest, Md5};
use s3s::{
    S3Result,
    dto::{
        CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput,
        UploadPartInput, UploadPartOutput,
    },
    s3_error,
};

use crate::{
    asked::Asked,
    checksum::Algorithm,
    content::Content,
    etag,
    object::Object,
    store::{Bucket, Store},
};

/// An upload that is not completed.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    key: String,
    /// The algorithm of the parts' checksums.
    algorithm: Option<Algorithm>,
    parts: BTreeMap<i32, Bytes>,
}

pub(super) fn create(
    store: &Store,
    asked: &Asked<'_>,
    input: &CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let algorithm = input.checksum_algorithm.as_ref().and_then(|name| Algorithm::named(name.as_str()));
    let upload = Upload { key: asked.key.into(), algorithm, parts: BTreeMap::new() };
    asked.change(store, |bucket| {
        let id = store.new_id();
        bucket.uploads.insert(id.clone(), upload);
        Ok(CreateMultipartUploadOutput {
            bucket: Some(asked.bucket.into()),
            key: Some(asked.key.into()),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        })
    })
}

/// Takes a part instead of any earlier one with this number.
pub(super) fn put(
    store: &Store,
    asked: &Asked<'_>,
    input: &UploadPartInput,
    bytes: Bytes,
) -> S3Result<UploadPartOutput> {
    asked.change(store, |bucket| {
        let e_tag = Some(etag::parse(&Content::from(bytes.clone()).etag()));
        find(bucket, asked, &input.upload_id)?.parts.insert(input.part_number, bytes);
        Ok(UploadPartOutput { e_tag, ..UploadPartOutput::default() })
    })
}

/// Makes the object of the parts that the client lists.
pub(super) fn complete(
    store: &Store,
    asked: &Asked<'_>,
    id: &str,
    listed: Vec<CompletedPart>,
) -> S3Result<CompleteMultipartUploadOutput> {
    asked.change(store, |bucket| {
        let object = find(bucket, asked, id)?.complete(listed)?;
        bucket.uploads.remove(id);
        Ok(CompleteMultipartUploadOutput {
            bucket: Some(asked.bucket.into()),
            e_tag: Some(etag::parse(&object.etag)),
            key: Some(asked.key.into()),
            version_id: store.put_in(bucket, asked.key, object),
            ..CompleteMultipartUploadOutput::default()
        })
    })
}

/// Returns the upload with this ID, if it is of the key that was asked for.
fn find<'a>(bucket: &'a mut Bucket, asked: &Asked<'_>, id: &str) -> S3Result<&'a mut Upload> {
    let found = bucket.uploads.get_mut(id).filter(|upload| upload.key == asked.key);
    found.ok_or_else(|| s3_error!(NoSuchUpload, "The specified upload does not exist."))
}

impl Upload {
    fn complete(&self, listed: Vec<CompletedPart>) -> S3Result<Object> {
        let (mut bytes, mut digests, mut sizes) = (Vec::new(), Md5::new(), Vec::new());
        for part in listed {
            let number = part.part_number.unwrap_or_default();
            let received = self.parts.get(&number);
            let received = received.ok_or_else(|| s3_error!(InvalidPart, "One of the parts could not be found."))?;
            bytes.extend_from_slice(received);
            digests.update(Md5::digest(received));
            sizes.push((number, received.len() as u64));
        }
        let mut object = Object::new(bytes);
        object.etag = format!("\"{}-{}\"", hex::encode(digests.finalize()), sizes.len());
        match self.algorithm {
            Some(algorithm) => object.set_parts(sizes, algorithm),
            None => object.parts.total = sizes.len(),
        }
        Ok(object)
    }
}
