//! A job's folder as a whole: how many spans are in it, and its removal.

use aws_sdk_s3::{
    Client,
    types::{Delete, ObjectIdentifier},
};

use super::{FAILURE, Fragments, ITEMS, MANIFEST, SPANS};
use crate::s3::{Error, classify_answer, is_transient_code};

/// S3 removes at most this many objects at once.
const KEYS_AT_A_TIME: usize = 1_000;

impl Fragments {
    /// Returns how many spans have been hashed.
    pub async fn count(&self) -> Result<u64, Error> {
        Ok(self.list(&self.key(SPANS)).await?.len() as u64)
    }

    /// Removes everything that belongs to the job.
    pub async fn delete(&self) -> Result<(), Error> {
        let mut keys = self.list(&self.folder).await?;
        keys.retain(|key| self.owns(key));
        for some in keys.chunks(KEYS_AT_A_TIME) {
            self.delete_keys(some.to_vec()).await?;
        }
        Ok(())
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, Error> {
        let (mut keys, mut token) = (Vec::new(), None);
        loop {
            let ask = |client: Client, call| {
                let request = client.list_objects_v2().bucket(self.bucket.name.as_str()).prefix(prefix);
                request.set_continuation_token(token.clone()).customize().interceptor(call).send()
            };
            let page = self.bucket.call(ask).await.map_err(classify_answer)?;
            keys.extend(page.contents().iter().filter_map(|object| object.key().map(str::to_owned)));
            let Some(next) = page.next_continuation_token else { return Ok(keys) };
            token = Some(next);
        }
    }

    pub(super) async fn delete_keys(&self, keys: Vec<String>) -> Result<(), Error> {
        if keys.is_empty() {
            return Ok(());
        }
        let objects = keys.into_iter().map(|key| ObjectIdentifier::builder().key(key).build());
        let objects: Vec<_> = objects.collect::<Result<_, _>>().map_err(|error| Error::Unexpected(error.into()))?;
        let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
        let delete = delete.map_err(|error| Error::Unexpected(error.into()))?;
        let ask = |client: Client, call| {
            let request = client.delete_objects().bucket(self.bucket.name.as_str()).delete(delete.clone());
            request.customize().interceptor(call).send()
        };
        let output = self.bucket.call(ask).await.map_err(classify_answer)?;
        match output.errors().first() {
            None => Ok(()),
            Some(error) => {
                let code = error.code().unwrap_or("no code");
                let cause = format!("an object was not deleted: {code}").into();
                Err(if is_transient_code(code) { Error::Unavailable(cause) } else { Error::Unexpected(cause) })
            }
        }
    }

    /// Returns whether this service writes such keys. No other key is ever deleted.
    fn owns(&self, key: &str) -> bool {
        let Some(name) = key.strip_prefix(&self.folder) else { return false };
        let is_offset = |text: &str| text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        let span = name.strip_prefix(SPANS).and_then(|span| span.split_once('-'));
        [ITEMS, MANIFEST, FAILURE].contains(&name)
            || span.is_some_and(|(start, end)| is_offset(start) && is_offset(end))
    }
}
