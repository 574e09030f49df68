//! What a torrent describes: one object, or the collection at a prefix.

use std::sync::Arc;

use super::{
    BoundOperation, Error, Member,
    collection::{self, CollectionError},
};
use crate::{
    s3::{self, reading::ObjectHead},
    torrent::{File, Info, Pieces},
};

/// An object or a collection, as S3 described it.
#[derive(Debug)]
pub struct Subject {
    /// The object's HEAD, or the like for a collection.
    pub head: Arc<ObjectHead>,
    /// The objects of a collection in the order of their keys' bytes, if this is one.
    pub members: Option<Vec<Member>>,
}

impl Subject {
    /// Returns how many objects the collection has: 0 for a single object.
    pub fn objects(&self) -> usize {
        self.members.as_ref().map_or(0, Vec::len)
    }

    /// Returns whether these are the files of the torrent. A single object's torrent lists none.
    pub(super) fn has_files(&self, files: &[File]) -> bool {
        let is_file = |(member, file): (&Member, &File)| {
            member.size == file.length && member.key.split('/').eq(file.path.iter().map(String::as_str))
        };
        let members = self.members.as_deref().unwrap_or_default();
        members.len() == files.len() && members.iter().zip(files).all(is_file)
    }

    /// Returns the `info` with these `pieces`.
    pub(super) fn info(&self, name: &str, piece_length: u64, pieces: Pieces) -> Info {
        let path = |member: &Member| member.key.split('/').map(str::to_owned).collect();
        let members = self.members.as_deref().unwrap_or_default();
        let files = members.iter().map(|member| File { length: member.size, path: path(member) }).collect();
        Info { length: self.head.length, files, name: name.to_owned(), piece_length, pieces }
    }
}

impl BoundOperation {
    /// Returns the object or the collection as S3 describes it now. That also shows READ access.
    pub async fn find(&self) -> Result<Subject, Error> {
        let request = &self.request;
        let head = if request.may_be_prefix { self.source.find().await? } else { Some(self.source.head().await?) };
        match head {
            Some(head) => Ok(Subject { head: Arc::new(head), members: None }),
            None if request.object.version_id.is_some() || request.presigned.is_some() => {
                Err(CollectionError::OneObject.into())
            }
            None => self.find_collection().await,
        }
    }

    /// Lists the collection, and shows READ access to its first object.
    async fn find_collection(&self) -> Result<Subject, Error> {
        let subject = self.list().await?;
        if let Some(first) = subject.members.iter().flatten().next() {
            self.opener.head(first).await?;
        }
        self.meter.object_size.set(subject.head.length);
        self.meter.objects.set(subject.objects() as u64);
        Ok(subject)
    }

    /// Returns [`s3::Error::Changed`] if a collection has changed while its objects were read.
    pub(super) async fn check_again(&self, subject: &Subject) -> Result<(), Error> {
        if subject.members.is_none() {
            return Ok(());
        }
        match self.list().await {
            Ok(again) if again.head.etag == subject.head.etag => Ok(()),
            Ok(_) | Err(Error::Collection(_) | Error::S3(s3::Error::NoSuchKey { .. })) => {
                Err(s3::Error::Changed.into())
            }
            Err(error) => Err(error),
        }
    }

    async fn list(&self) -> Result<Subject, Error> {
        collection::list(&self.opener.bucket, &self.request.object, &self.config).await
    }
}
