//! One object of a collection.

use crate::{
    object::{ByteRange, ETag, ObjectId, ObjectKey},
    operation::Error,
    s3::{
        self,
        access::Bucket,
        listing::ListedObject,
        reading::{ObjectHead, Source},
    },
};

/// An object of a collection. Key and `ETag` together are its identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What follows the prefix in the object's key.
    pub key: String,
    /// The object's `ETag`.
    pub etag: ETag,
    /// The object's size in bytes.
    pub size: u64,
}

impl From<ListedObject> for Member {
    fn from(object: ListedObject) -> Self {
        let ListedObject { key, etag, size, .. } = object;
        Self { key, etag, size }
    }
}

/// Reads members of the collection at one prefix.
#[derive(Clone, Debug)]
pub(in crate::operation) struct Opener {
    pub(in crate::operation) bucket: Bucket,
    pub(in crate::operation) prefix: ObjectKey,
}

impl Opener {
    pub(in crate::operation) fn open(&self, member: &Member) -> Result<Source, Error> {
        let key = format!("{}{}", self.prefix, member.key);
        let key = ObjectKey::try_from(key).map_err(|error| s3::Error::Malformed(error.to_string()))?;
        let object = ObjectId { bucket: self.bucket.name.clone(), key, version_id: None };
        Ok(Source::new(self.bucket.clone(), object, None))
    }

    /// Sends HEAD, whose success shows READ access to the member.
    pub(in crate::operation) async fn head(&self, member: &Member) -> Result<ObjectHead, Error> {
        let head = self.open(member)?.head().await.map_err(|error| self.failed(member, error))?;
        match head {
            ObjectHead { archived: true, .. } => Err(self.failed(member, s3::Error::Archived)),
            head if head.etag == member.etag && head.length == member.size => Ok(head),
            _ => Err(Error::S3(s3::Error::Changed)),
        }
    }

    /// Hands `range` of the member to `sink`, as [`Source::read_range`] does.
    pub(in crate::operation) async fn read(
        &self,
        member: &Member,
        range: ByteRange,
        sink: impl FnMut(&[u8]),
    ) -> Result<(), Error> {
        let head = ObjectHead::new(member.size, member.etag.clone());
        let read = self.open(member)?.read_range(&head, range, sink).await;
        read.map_err(|error| self.failed(member, error))
    }

    /// A member that is gone has changed. If one may not be read, the error names its key.
    fn failed(&self, member: &Member, error: s3::Error) -> Error {
        match error {
            s3::Error::NoSuchKey { .. } => Error::S3(s3::Error::Changed),
            error @ (s3::Error::AccessDenied | s3::Error::Archived | s3::Error::InvalidRequest) => {
                Error::Member { key: format!("{}{}", self.prefix, member.key), error }
            }
            error => Error::S3(error),
        }
    }
}
