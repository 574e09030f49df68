//! A job's folder as a whole: how many spans are in it, and its removal.

use aws_sdk_s3::{
    Client,
    types::{Delete, ObjectIdentifier},
};

use super::{FAILURE, Fragments, ITEMS, MANIFEST, SPANS};
use crate::s3::{Error, classify_answer, is_transient_code};

impl Fragments {
    /// Returns how many spans have been hashed.
    pub async fn count(&self) -> Result<u64, Error> {
        let (mut count, mut token) = (0, None);
        loop {
            let (keys, next) = self.list(&self.key(SPANS), token).await?;
            count += keys.len() as u64;
            if next.is_none() {
                return Ok(count);
            }
            token = next;
        }
    }

    /// Removes everything that belongs to the job.
    pub async fn delete(&self) -> Result<(), Error> {
        let mut token = None;
        loop {
            let (keys, next) = self.list(&self.folder, token).await?;
            self.delete_keys(keys.into_iter().filter(|key| self.owns(key)).collect()).await?;
            if next.is_none() {
                return Ok(());
            }
            token = next;
        }
    }

    /// Returns a page of keys, and the token of the next page.
    async fn list(&self, prefix: &str, token: Option<String>) -> Result<(Vec<String>, Option<String>), Error> {
        let ask = |client: Client, call| {
            let request = client.list_objects_v2().bucket(self.bucket.name.as_str()).prefix(prefix);
            request.set_continuation_token(token.clone()).customize().interceptor(call).send()
        };
        let page = self.bucket.call(ask).await.map_err(classify_answer)?;
        let keys = page.contents().iter().filter_map(|object| object.key().map(str::to_owned)).collect();
        Ok((keys, page.next_continuation_token().map(str::to_owned)))
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
