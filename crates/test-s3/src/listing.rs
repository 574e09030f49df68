//! What goes over many keys: `ListObjectsV2` by prefix and page, and `DeleteObjects`.

use s3s::dto::{Delete, DeleteObjectsOutput, DeletedObject, Error, ListObjectsV2Input, ListObjectsV2Output};
use s3s::{S3Result, s3_error};

use super::errors;
use super::fault::Overrides;
use super::outputs::charge;
use super::page::{ListPage, ListedObject, continuation_token, key_of_token};
use super::policy::Rights;
use super::reading::admit;
use super::store::{Bucket, Store};

/// The most that S3 lists at once.
const PAGE: i32 = 1_000;

/// A page, with what the test alters in it.
pub(super) fn list(
    store: &Store,
    caller: Option<&str>,
    input: &ListObjectsV2Input,
    overrides: &Overrides,
) -> S3Result<ListObjectsV2Output> {
    if input.delimiter.is_some() || input.start_after.is_some() {
        return Err(s3_error!(NotImplemented, "The test S3 lists all keys of a prefix"));
    }
    let listed = store.get(&input.bucket, |bucket| {
        let owner = input.expected_bucket_owner.as_deref();
        admit(bucket, caller, input.request_payer.is_some(), owner)?;
        let prefix = input.prefix.as_deref().unwrap_or_default();
        if !bucket.policy.allows(caller, prefix, Rights::LIST) {
            return Err(errors::access_denied());
        }
        Ok((page(bucket, prefix, input)?, charge(bucket.requester_pays)))
    });
    let (mut page, request_charged) = listed.unwrap_or_else(|| Err(errors::no_such_bucket()))?;
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

pub(super) fn delete(
    store: &Store,
    caller: Option<&str>,
    bucket: &str,
    delete: Delete,
) -> S3Result<DeleteObjectsOutput> {
    let deleted = store.get(bucket, |bucket| {
        let (mut gone, mut refused) = (Vec::new(), Vec::new());
        for key in delete.objects.into_iter().map(|object| object.key) {
            if bucket.policy.allows(caller, &key, Rights::WRITE) {
                store.delete_in(bucket, &key);
                gone.push(DeletedObject { key: Some(key), ..DeletedObject::default() });
            } else {
                let code = Some("AccessDenied".into());
                refused.push(Error { key: Some(key), code, ..Error::default() });
            }
        }
        let gone = (!delete.quiet.unwrap_or_default()).then_some(gone);
        DeleteObjectsOutput { deleted: gone, errors: Some(refused), ..DeleteObjectsOutput::default() }
    });
    deleted.ok_or_else(errors::no_such_bucket)
}
