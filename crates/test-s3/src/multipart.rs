//! The requests of a multipart upload.

use hyper::body::Bytes;
use s3s::{
    S3Result,
    dto::{
        ChecksumAlgorithm, ChecksumType, CompleteMultipartUploadOutput, CompletedPart, CreateMultipartUploadInput,
        CreateMultipartUploadOutput, UploadPartInput, UploadPartOutput,
    },
};

use crate::{
    asked::Asked,
    checksum::{Algorithm, Sent, checksum_field},
    etag,
    object::{Object, described},
    outputs::charge,
    store::Store,
    uploads::Upload,
};

pub(super) fn create(
    store: &Store,
    asked: &Asked<'_>,
    input: &CreateMultipartUploadInput,
) -> S3Result<CreateMultipartUploadOutput> {
    let named = input.checksum_algorithm.as_ref().map(|name| Algorithm::named(name.as_str()));
    let algorithm = named.transpose()?;
    let kind = kind(algorithm, input.checksum_type.as_ref());
    let object = described!(Object::new(Bytes::new()), input);
    let full_object = kind.as_ref().is_some_and(|kind| kind.as_str() == ChecksumType::FULL_OBJECT);
    let upload = Upload::new(asked.key, object, algorithm, full_object);
    asked.change(store, |bucket| {
        let id = store.new_id();
        bucket.uploads.insert(id.clone(), upload);
        Ok(CreateMultipartUploadOutput {
            bucket: Some(asked.bucket.into()),
            checksum_algorithm: algorithm.map(|algorithm| ChecksumAlgorithm::from_static(algorithm.name())),
            checksum_type: kind,
            key: Some(asked.key.into()),
            request_charged: charge(bucket.requester_pays),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        })
    })
}

/// The type that a client asks for, or the usual one: a CRC-64 is of the whole object, others of the parts' checksums.
fn kind(algorithm: Option<Algorithm>, asked: Option<&ChecksumType>) -> Option<ChecksumType> {
    let usual = if algorithm? == Algorithm::Crc64Nvme { ChecksumType::FULL_OBJECT } else { ChecksumType::COMPOSITE };
    Some(asked.cloned().unwrap_or_else(|| ChecksumType::from_static(usual)))
}

pub(super) fn put(
    store: &Store,
    asked: &Asked<'_>,
    input: &UploadPartInput,
    (bytes, sent): (Bytes, Option<Sent>),
) -> S3Result<UploadPartOutput> {
    asked.change(store, |bucket| {
        let mut output =
            UploadPartOutput { request_charged: charge(bucket.requester_pays), ..UploadPartOutput::default() };
        if let Some((algorithm, value)) = sent.clone() {
            *checksum_field!(output, algorithm) = Some(value);
        }
        let upload = Upload::find(&mut bucket.uploads, &input.upload_id, asked.key)?;
        output.e_tag = Some(etag::parse(&upload.put(input.part_number, bytes, sent)));
        Ok(output)
    })
}

pub(super) fn complete(
    store: &Store,
    asked: &Asked<'_>,
    id: &str,
    parts: Vec<CompletedPart>,
) -> S3Result<CompleteMultipartUploadOutput> {
    asked.change(store, |bucket| {
        let object = Upload::find(&mut bucket.uploads, id, asked.key)?.complete(parts)?;
        bucket.uploads.remove(id);
        let mut output = CompleteMultipartUploadOutput {
            bucket: Some(asked.bucket.into()),
            e_tag: Some(etag::parse(&object.etag)),
            key: Some(asked.key.into()),
            request_charged: charge(bucket.requester_pays),
            ..CompleteMultipartUploadOutput::default()
        };
        if let Some(checksum) = &object.checksum {
            *checksum_field!(output, checksum.algorithm) = Some(checksum.numbered());
            output.checksum_type = Some(checksum.kind());
        }
        output.version_id = store.put_in(bucket, asked.key, object);
        Ok(output)
    })
}
