//! What goes over many keys: `ListObjectsV2` by prefix and page, and `DeleteObjects`.

use s3s::dto::{Delete, DeleteObjectsOutput, DeletedObject, Error, ListObjectsV2Input, ListObjectsV2Output, Object};
use s3s::{S3Result, s3_error};

use super::errors;
use super::policy::Rights;
use super::reading::admit;
use super::store::{Bucket, Store};

/// The most that S3 lists at once.
const PAGE: usize = 1_000;

pub(super) fn list(store: &Store, caller: Option<&str>, input: &ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    if input.delimiter.is_some() || input.start_after.is_some() {
        return Err(s3_error!(NotImplemented, "The test S3 lists all keys of a prefix"));
    }
    let prefix = input.prefix.as_deref().unwrap_or_default();
    let after = input.continuation_token.as_deref().unwrap_or_default();
    let most = input.max_keys.map_or(PAGE, |most| usize::try_from(most).unwrap_or(PAGE).min(PAGE));
    let listed = store.get(&input.bucket, |bucket| {
        let owner = input.expected_bucket_owner.as_deref();
        admit(bucket, caller, input.request_payer.is_some(), owner)?;
        if !bucket.policy.allows(caller, prefix, Rights::LIST) {
            return Err(errors::access_denied());
        }
        let mut keys = bucket.present_keys(prefix);
        keys.retain(|key| key.as_str() > after);
        let is_truncated = keys.len() > most;
        keys.truncate(most);
        Ok(ListObjectsV2Output {
            key_count: Some(i32::try_from(keys.len()).expect("a page")),
            next_continuation_token: keys.last().filter(|_| is_truncated).cloned(),
            is_truncated: Some(is_truncated),
            contents: Some(keys.into_iter().map(|key| listed(bucket, key)).collect()),
            ..ListObjectsV2Output::default()
        })
    });
    listed.unwrap_or_else(|| Err(errors::no_such_bucket()))
}

fn listed(bucket: &Bucket, key: String) -> Object {
    let size = bucket.latest(&key).map(|object| object.content.length());
    let size = size.map(|size| i64::try_from(size).expect("S3's lengths fit"));
    Object { key: Some(key), size, ..Object::default() }
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
