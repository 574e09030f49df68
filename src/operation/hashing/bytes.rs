//! What is read: one object, or the objects of a collection in order.

use std::sync::Arc;

use crate::{
    object::ByteRange,
    operation::{
        Error,
        collection::{Member, Opener},
    },
    s3::reading::{ObjectHead, Source},
};

/// Bytes that can be read.
#[derive(Clone, Copy, Debug)]
pub(in crate::operation) enum Bytes<'a> {
    /// The object that the head describes.
    Object(&'a Source, &'a Arc<ObjectHead>),
    /// These objects of a collection. The first begins at this offset.
    Members(&'a Opener, &'a [Member], u64),
}

/// Reads one of the objects.
#[derive(Debug)]
pub(super) enum ObjectReader {
    Object(Source, Arc<ObjectHead>),
    Member(Opener, Member),
}

impl<'a> Bytes<'a> {
    /// Returns the range of each object in the torrent.
    pub(super) fn objects(self) -> impl Iterator<Item = ByteRange> + use<'a> {
        let (head, members, offset) = match self {
            Self::Object(_, head) => (Some(head.length), &[][..], 0),
            Self::Members(_, members, offset) => (None, members, offset),
        };
        let sizes = head.into_iter().chain(members.iter().map(|member| member.size));
        sizes.scan(offset, |end, size| {
            let start = *end;
            *end += size;
            Some(ByteRange { start, end: *end })
        })
    }

    pub(super) fn reader(self, object: usize) -> ObjectReader {
        match self {
            Self::Object(source, head) => ObjectReader::Object(source.clone(), Arc::clone(head)),
            Self::Members(opener, members, _) => ObjectReader::Member(opener.clone(), members[object].clone()),
        }
    }
}

impl ObjectReader {
    /// Hands `range` of the object to `sink`, each byte once and in order.
    pub(super) async fn read(&self, range: ByteRange, sink: impl FnMut(&[u8])) -> Result<(), Error> {
        match self {
            Self::Object(source, head) => Ok(source.read_range(head, range, sink).await?),
            Self::Member(opener, member) => opener.read(member, range, sink).await,
        }
    }
}
