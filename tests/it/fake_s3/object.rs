//! An object as a test describes it and as the store keeps it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use super::checksum::{Algorithm, Checksum};
use super::content::Content;
use super::parts::Parts;

/// An object, made from its bytes (`Object::new("hello")`) or from [`Content`], then altered:
/// `Object::new("hello").etag("\"1\"").metadata("colour", "blue")`.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub(crate) content: Content,
    /// With its quotes.
    pub(crate) etag: String,
    pub(crate) last_modified: SystemTime,
    /// Without `x-amz-meta-`, lower case.
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) content_type: Option<String>,
    pub(crate) content_disposition: Option<String>,
    /// As `x-amz-storage-class` gives it; `None` is STANDARD, which S3 leaves out.
    pub(crate) storage_class: Option<String>,
    /// `x-amz-archive-status`.
    pub(crate) archive_status: Option<String>,
    /// `x-amz-restore`.
    pub(crate) restore: Option<String>,
    /// Encrypted with a key the customer keeps.
    pub(crate) sse_c: bool,
    /// The version id it is to get, instead of one of thirty-two characters.
    pub(crate) version_id: Option<String>,
    /// What HEAD says with `x-amz-checksum-mode: ENABLED`.
    pub(crate) checksum: Option<Checksum>,
    pub(crate) parts: Parts,
}

impl Object {
    pub(crate) fn new(content: impl Into<Content>) -> Self {
        let content = content.into();
        Self {
            etag: content.etag(),
            content,
            last_modified: SystemTime::now(),
            metadata: BTreeMap::new(),
            content_type: None,
            content_disposition: None,
            storage_class: None,
            archive_status: None,
            restore: None,
            sse_c: false,
            version_id: None,
            checksum: None,
            parts: Parts::default(),
        }
    }

    /// As uploaded in parts of this size, with `--checksum-algorithm SHA1`. Takes as long as SHA-1 does, but where
    /// the content repeats with the parts.
    pub(crate) fn parts(self, part_size: u64) -> Self {
        let length = self.content.length();
        let starts = (0..length).step_by(usize::try_from(part_size).expect("a part's size"));
        self.part_sizes(starts.map(|start| part_size.min(length - start)))
    }

    /// As uploaded in parts of these sizes, which make up the object.
    pub(crate) fn part_sizes(mut self, sizes: impl IntoIterator<Item = u64>) -> Self {
        self.parts = Parts::of(&self.content, sizes);
        self.checksum = self.parts.composite(Algorithm::Sha1);
        self
    }

    /// Another `ETag` than the content's MD5, with its quotes.
    pub(crate) fn etag(mut self, etag: &str) -> Self {
        etag.clone_into(&mut self.etag);
        self
    }

    pub(crate) fn last_modified(mut self, at: SystemTime) -> Self {
        self.last_modified = at;
        self
    }

    pub(crate) fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    pub(crate) fn content_type(mut self, value: &str) -> Self {
        self.content_type = Some(value.into());
        self
    }

    pub(crate) fn content_disposition(mut self, value: &str) -> Self {
        self.content_disposition = Some(value.into());
        self
    }

    pub(crate) fn storage_class(mut self, value: &str) -> Self {
        self.storage_class = Some(value.into());
        self
    }

    pub(crate) fn archive_status(mut self, value: &str) -> Self {
        self.archive_status = Some(value.into());
        self
    }

    pub(crate) fn restore(mut self, value: &str) -> Self {
        self.restore = Some(value.into());
        self
    }

    pub(crate) fn sse_c(mut self) -> Self {
        self.sse_c = true;
        self
    }

    pub(crate) fn version_id(mut self, id: &str) -> Self {
        self.version_id = Some(id.into());
        self
    }

    /// Whether a GET is refused until it is restored: GLACIER and `DEEP_ARCHIVE`, and Intelligent-Tiering's
    /// archive tiers. `GLACIER_IR` can be read.
    pub(crate) fn is_archived(&self) -> bool {
        let cold = matches!(self.storage_class.as_deref(), Some("GLACIER" | "DEEP_ARCHIVE"));
        let restored = self.restore.as_deref().is_some_and(|restore| restore.contains("ongoing-request=\"false\""));
        (cold || self.archive_status.is_some()) && !restored
    }
}

impl<T: Into<Content>> From<T> for Object {
    fn from(content: T) -> Self {
        Self::new(content)
    }
}
