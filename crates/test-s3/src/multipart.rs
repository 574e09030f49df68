//! The four requests of a multipart upload.

use hyper::body::Bytes;
use s3s::dto::{
    AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput, CreateMultipartUploadOutput,
    UploadPartInput, UploadPartOutput,
};
use s3s::{S3Result, s3_error};

use super::checksum::{Algorithm, Sent, checksum_field};
use super::object::Object;
use super::outputs::charge;
use super::reading::parse_etag;
use super::store::Store;
use super::uploads::Upload;
use super::writing::Writing;

pub(super) fn create(
    store: &Store,
    writing: &Writing<'_>,
    input: &CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let named = input.checksum_algorithm.as_ref().map(|name| Algorithm::named(name.as_str()));
    let algorithm = named.transpose()?;
    let kind = kind(algorithm, input.checksum_type.as_ref().map(ChecksumType::as_str))?;
    let mut object = Object::new(Bytes::new());
    object.metadata = input.metadata.clone().unwrap_or_default().into_iter().collect();
    object.content_type.clone_from(&input.content_type);
    object.content_disposition.clone_from(&input.content_disposition);
    object.storage_class = input.storage_class.as_ref().map(|class| class.as_str().to_owned());
    let upload = Upload::new(writing.key, object, algorithm, kind == Some(ChecksumType::FULL_OBJECT));
    writing.change(store, |bucket| {
        let id = store.new_id();
        bucket.uploads.insert(id.clone(), upload);
        Ok(CreateMultipartUploadOutput {
            bucket: Some(writing.bucket.into()),
            checksum_algorithm: algorithm.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: kind.map(ChecksumType::from_static),
            key: Some(writing.key.into()),
            request_charged: charge(bucket.requester_pays),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        })
    })
}

/// CRC-64 goes over the whole object only, SHA over the parts' checksums only.
fn kind(algorithm: Option<Algorithm>, asked: Option<&str>) -> S3Result<Option<&'static str>> {
    let composite = asked.map(|kind| kind == ChecksumType::COMPOSITE);
    match (algorithm, composite) {
        (None, None) => Ok(None),
        (Some(Algorithm::Crc64Nvme), None | Some(false))
        | (Some(Algorithm::Crc32 | Algorithm::Crc32c), Some(false)) => Ok(Some(ChecksumType::FULL_OBJECT)),
        (Some(algorithm), None | Some(true)) if algorithm != Algorithm::Crc64Nvme => Ok(Some(ChecksumType::COMPOSITE)),
        _ => Err(s3_error!(InvalidRequest, "The checksum type cannot be used with the checksum algorithm.")),
    }
}

pub(super) fn put(
    store: &Store,
    writing: &Writing<'_>,
    input: &UploadPartInput,
    (bytes, sent): (Bytes, Option<Sent>),
) -> S3Result<UploadPartOutput> {
    writing.change(store, |bucket| {
        let mut output =
            UploadPartOutput { request_charged: charge(bucket.requester_pays), ..UploadPartOutput::default() };
        if let Some((algorithm, value)) = sent.clone() {
            *checksum_field!(output, algorithm) = Some(value);
        }
        let upload = Upload::find(&mut bucket.uploads, &input.upload_id, writing.key)?;
        output.e_tag = Some(parse_etag(&upload.put(input.part_number, bytes, sent)?));
        Ok(output)
    })
}

pub(super) fn complete(
    store: &Store,
    writing: &Writing<'_>,
    input: &CompleteMultipartUploadInput,
    parts: Vec<CompletedPart>,
) -> S3Result<CompleteMultipartUploadOutput> {
    writing.change(store, |bucket| {
        let object = Upload::find(&mut bucket.uploads, &input.upload_id, writing.key)?.complete(parts)?;
        bucket.uploads.remove(&input.upload_id);
        let mut output = CompleteMultipartUploadOutput {
            bucket: Some(writing.bucket.into()),
            e_tag: Some(parse_etag(&object.etag)),
            key: Some(writing.key.into()),
            request_charged: charge(bucket.requester_pays),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some(checksum) = &object.checksum {
            *checksum_field!(output, checksum.algorithm) = Some(checksum.numbered());
            output.checksum_type = Some(checksum.kind());
        }
        output.version_id = store.put_in(bucket, writing.key, object);
        Ok(output)
    })
}

pub(super) fn abort(store: &Store, writing: &Writing<'_>, id: &str) -> S3Result<AbortMultipartUploadOutput> {
    writing.change(store, |bucket| {
        Upload::find(&mut bucket.uploads, id, writing.key)?;
        bucket.uploads.remove(id);
        Ok(AbortMultipartUploadOutput { request_charged: charge(bucket.requester_pays) })
    })
}
