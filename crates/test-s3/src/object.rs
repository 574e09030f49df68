//! An object, as a test describes it and as the store keeps it.

use std::{collections::BTreeMap, time::SystemTime};

use crate::{
    checksum::{Algorithm, Checksum},
    content::Content,
    parts::Parts,
};

/// An object. You make it from its bytes or from [`Content`] and then change it, as in
/// `Object::new("hello").etag("\"1\"").metadata("colour", "blue")`.
#[must_use]
#[derive(Clone, Debug)]
pub struct Object {
    /// The bytes.
    pub content: Content,
    /// The `ETag`, with its quotes.
    pub etag: String,
    /// When it was last modified.
    pub last_modified: SystemTime,
    /// The user's metadata by name, in lower case and without `x-amz-meta-`.
    pub metadata: BTreeMap<String, String>,
    /// The value of `Content-Type`.
    pub content_type: Option<String>,
    /// The value of `Content-Disposition`.
    pub content_disposition: Option<String>,
    /// The value of `x-amz-storage-class`. S3 leaves it out for STANDARD.
    pub storage_class: Option<String>,
    /// The value of `x-amz-archive-status`.
    pub archive_status: Option<String>,
    /// The value of `x-amz-restore`.
    pub restore: Option<String>,
    /// Whether it is encrypted with a key that the customer keeps.
    pub sse_c: bool,
    /// The version id that it gets. Without it, it gets one of thirty-two characters.
    pub version_id: Option<String>,
    /// The checksum that HEAD gives with `x-amz-checksum-mode: ENABLED`.
    pub checksum: Option<Checksum>,
    /// The parts that it was uploaded in.
    pub parts: Parts,
}

impl Object {
    /// Makes an object that was uploaded in one PUT.
    pub fn new(content: impl Into<Content>) -> Self {
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

    /// Makes it an object that was uploaded in parts of this size, with `--checksum-algorithm SHA1`. This takes as long
    /// as SHA-1 does, unless the content repeats with the parts.
    ///
    /// # Panics
    ///
    /// It panics when the size is 0.
    pub fn parts(self, part_size: u64) -> Self {
        let length = self.content.length();
        let starts = (0..length).step_by(usize::try_from(part_size).expect("a part's size"));
        self.part_sizes(starts.map(|start| part_size.min(length - start)))
    }

    /// Makes it an object that was uploaded in parts of these sizes.
    ///
    /// # Panics
    ///
    /// It panics when the sizes do not add up to the object's.
    pub fn part_sizes(mut self, sizes: impl IntoIterator<Item = u64>) -> Self {
        self.set_parts((1..).zip(sizes), Algorithm::Sha1);
        self
    }

    pub(super) fn set_parts(&mut self, sizes: impl IntoIterator<Item = (i32, u64)>, algorithm: Algorithm) {
        self.parts = Parts::of(&self.content, sizes, algorithm);
        self.checksum = Some(self.parts.composite(algorithm));
    }

    /// Sets the `ETag`, with its quotes.
    pub fn etag(mut self, etag: &str) -> Self {
        etag.clone_into(&mut self.etag);
        self
    }

    /// Sets when it was last modified.
    pub fn last_modified(mut self, at: SystemTime) -> Self {
        self.last_modified = at;
        self
    }

    /// Adds metadata of the user's.
    pub fn metadata(mut self, name: &str, value: &str) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// Sets the storage class.
    pub fn storage_class(mut self, value: &str) -> Self {
        self.storage_class = Some(value.into());
        self
    }

    /// Sets the archive status, as Intelligent-Tiering has it.
    pub fn archive_status(mut self, value: &str) -> Self {
        self.archive_status = Some(value.into());
        self
    }

    /// Makes it encrypted with a key that the customer keeps.
    pub fn sse_c(mut self) -> Self {
        self.sse_c = true;
        self
    }

    /// Whether it must be restored before a GET: in GLACIER, `DEEP_ARCHIVE` and Intelligent-Tiering's archive tiers, but
    /// not in `GLACIER_IR`.
    pub(super) fn is_archived(&self) -> bool {
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
