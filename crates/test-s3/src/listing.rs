//! The operations on many keys: `ListObjectsV2` by prefix and page, and `DeleteObjects`.

use s3s::{
    S3Result,
    dto::{Delete, DeleteObjectsOutput, DeletedObject, Error, ListObjectsV2Input, ListObjectsV2Output},
    s3_error,
};

use crate::{
    asked::Asked,
    fault::Overrides,
    outputs::charge,
    page::{ListPage, ListedObject, continuation_token, key_of_token},
    policy::{self, Rights},
    store::{Bucket, Store},
};

/// The most keys in a page.
const PAGE: i32 = 1_000;

/// Returns a page, as the test's faults alter it.
pub(super) fn list(
    store: &Store,
    asked: &Asked<'_>,
    input: &ListObjectsV2Input,
    overrides: &Overrides,
) -> S3Result<ListObjectsV2Output> {
    if input.delimiter.is_some() || input.start_after.is_some() {
        return Err(s3_error!(NotImplemented, "The test S3 lists all keys of a prefix"));
    }
    let (mut page, request_charged) = asked.in_bucket(store, |bucket| {
        asked.need(bucket, Rights::LIST)?;
        Ok((page(bucket, asked.key, input)?, charge(bucket.requester_pays)))
    })?;
    overrides.alter(&mut page);
    Ok(ListObjectsV2Output {
        name: Some(input.bucket.clone()),
        max_keys: Some(input.max_keys.unwrap_or(PAGE).min(PAGE)),
        request_charged,
        ..page.output()
    })
}

fn page(bucket: &Bucket, prefix: &str, input: &ListObjectsV2Input) -> S3Result<ListPage> {
    let token = input.continuation_token.clone();
    let after = token.as_deref().map(|token| {
        let wrong = || s3_error!(InvalidArgument, "The continuation token provided is incorrect");
        key_of_token(token).ok_or_else(wrong)
    });
    let after = after.transpose()?;
    let most = usize::try_from(input.max_keys.unwrap_or(PAGE).min(PAGE));
    let most = most.map_err(|_| s3_error!(InvalidArgument, "Argument max-keys must be an integer from 0"))?;
    let mut present = bucket.present(prefix, after.as_deref());
    let objects = present.by_ref().take(most).map(|(key, object)| ListedObject::new(key, object));
    let objects: Vec<_> = objects.collect();
    let is_truncated = most > 0 && present.next().is_some();
    let next_token = objects.last().filter(|_| is_truncated).map(|last| continuation_token(&last.key));
    let encoding = input.encoding_type.as_ref().map(|encoding| encoding.as_str().to_owned());
    Ok(ListPage { prefix: prefix.into(), token, objects, is_truncated, next_token, encoding })
}

/// Deletes the keys that the caller may delete, and reports the others.
pub(super) fn delete(store: &Store, asked: &Asked<'_>, delete: &Delete) -> S3Result<DeleteObjectsOutput> {
    asked.in_bucket(store, |bucket| {
        let (mut gone, mut refused) = (Vec::new(), Vec::new());
        for key in delete.objects.iter().map(|object| object.key.clone()) {
            if policy::allows(&bucket.policy, asked.caller, &key, Rights::WRITE) {
                store.delete_in(bucket, &key);
                gone.push(DeletedObject { key: Some(key), ..DeletedObject::default() });
            } else {
                let code = Some("AccessDenied".into());
                refused.push(Error { key: Some(key), code, ..Error::default() });
            }
        }
        let deleted = (!delete.quiet.unwrap_or_default()).then_some(gone);
        Ok(DeleteObjectsOutput { deleted, errors: Some(refused), ..DeleteObjectsOutput::default() })
    })
}
