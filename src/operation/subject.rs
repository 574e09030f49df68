//! What a torrent is of: one object, or the collection at a prefix.

use std::sync::Arc;

use super::{
    Error, Member, TorrentRequest,
    collection::{self, Collection, CollectionError, Opener},
};
use crate::{
    config::Config,
    s3::{
        self,
        access::Bucket,
        reading::{ObjectHead, Source},
    },
    torrent::{File, Info, Pieces},
};

/// An object or a collection, as S3 told of it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What HEAD told of the object, or what the listing told of the collection.
    pub head: Arc<ObjectHead>,
    /// The collection, where it is one.
    pub collection: Option<Arc<Collection>>,
}

impl Subject {
    /// Returns how many objects the collection has. One object is none, and counts 0.
    pub fn objects(&self) -> usize {
        self.members().map_or(0, <[Member]>::len)
    }

    /// Returns the objects of a collection.
    pub fn members(&self) -> Option<&[Member]> {
        self.collection.as_ref().map(|collection| &*collection.members)
    }

    /// Returns whether a torrent of these files can be the subject's. The torrent of one object has none.
    pub(super) fn has_files(&self, files: &[File]) -> bool {
        self.collection.as_ref().map_or(files.is_empty(), |collection| collection.has_files(files))
    }

    /// Returns the `info` that these `pieces` make.
    pub(super) fn info(&self, name: &str, piece_length: u64, pieces: Pieces) -> Info {
        let files = self.collection.as_ref().map(|collection| collection.files()).unwrap_or_default();
        Info { length: self.head.length, files, name: name.to_owned(), piece_length, pieces }
    }
}

/// Finds what one request asks for, by the rights that count.
#[derive(Debug)]
pub(super) struct Finder {
    pub(super) source: Source,
    /// Reads the members of a collection.
    pub(super) opener: Opener,
}

impl Finder {
    pub(super) fn new(source: Source, bucket: Bucket, request: &TorrentRequest) -> Self {
        Self { source, opener: Opener { bucket, prefix: request.object.key.clone() } }
    }

    /// Asks for HEAD of the object. Where a prefix may be meant, and there is no object with content, this lists the
    /// collection, and asks for HEAD of its first object.
    ///
    /// # Errors
    /// Returns what S3 says instead, or why there can be no torrent.
    pub(super) async fn find(&self, request: &TorrentRequest, config: &Config) -> Result<Subject, Error> {
        let head = if request.may_be_prefix { self.source.find().await? } else { Some(self.source.head().await?) };
        match head {
            Some(head) => Ok(Subject { head: Arc::new(head), collection: None }),
            None if request.object.version_id.is_some() || request.presigned.is_some() => {
                Err(CollectionError::OneObject.into())
            }
            None => self.list(request, config).await,
        }
    }

    /// Lists the collection, and shows READ access to its first object.
    async fn list(&self, request: &TorrentRequest, config: &Config) -> Result<Subject, Error> {
        let collection = collection::list(&self.opener.bucket, &request.object, config).await?;
        if let Some(first) = collection.members.first() {
            self.opener.head(first).await?;
        }
        let head = collection.head();
        let meter = self.opener.bucket.meter();
        meter.object_size.set(head.length);
        meter.objects.set(collection.members.len() as u64);
        Ok(Subject { head: Arc::new(head), collection: Some(Arc::new(collection)) })
    }

    /// Checks that the prefix still has the collection whose objects were just read.
    ///
    /// # Errors
    /// Returns [`s3::Error::Changed`] where it has another.
    pub(super) async fn check_again(
        &self,
        subject: &Subject,
        request: &TorrentRequest,
        config: &Config,
    ) -> Result<(), Error> {
        if subject.collection.is_none() {
            return Ok(());
        }
        match collection::list(&self.opener.bucket, &request.object, config).await {
            Ok(again) if again.head().etag == subject.head.etag => Ok(()),
            Ok(_) | Err(Error::Collection(_) | Error::S3(s3::Error::NoSuchKey { .. })) => {
                Err(s3::Error::Changed.into())
            }
            Err(error) => Err(error),
        }
    }
}
