//! Faults: what can go wrong with a request.

use std::{fmt, sync::Arc, time::Duration};

use hyper::http::Extensions;

use crate::{
    object::Object,
    page::ListPage,
    policy::{Rights, Who},
    store::Store,
};

/// Something that goes wrong with a request. A request can meet several faults, which take effect in the order in
/// which they were added.
#[must_use]
#[derive(Clone, Debug)]
pub enum Fault {
    /// The answer is this error, and the request changes nothing.
    Error {
        /// The HTTP status.
        status: u16,
        /// The code in the error document.
        code: &'static str,
    },
    /// The answer is exactly this, and the request changes nothing.
    Answer {
        /// The HTTP status.
        status: u16,
        /// The body, as it is sent.
        body: String,
    },
    /// The answer begins this much later.
    Delay(Duration),
    /// The store is changed just before the request is carried out.
    Before(Change<Arc<Store>>),
    /// The connection is reset before any byte of an answer.
    Reset,
    /// The connection is closed before any byte of an answer.
    Close,
    /// The request is carried out, and the connection is closed before any byte of the answer.
    Lost,
    /// The connection is closed after this many bytes of the body, although `Content-Length` promises more.
    CutBody(u64),
    /// The connection is reset after this many bytes of the body. Some of these bytes may be lost.
    ResetBody(u64),
    /// The body stops after some bytes, and the connection stays open.
    StallBody {
        /// How many bytes are sent before.
        after: u64,
        /// How long nothing is sent. Without it the rest never comes.
        pause: Option<Duration>,
    },
    /// Only this many bytes of the body are sent, and `Content-Length` says so. As HTTP the answer is whole, but it is
    /// too short for the range.
    ShortBody(u64),
    /// This many bytes too many are sent, and `Content-Length` says so.
    OverlongBody(u64),
    /// `Range` is ignored, so that the answer is 200 with the whole object instead of 206.
    WholeBody,
    /// `If-Match` and `If-None-Match` are ignored.
    IgnoreConditions,
    /// A page of `ListObjectsV2` is altered before it is sent.
    ListPage(Change<ListPage>),
    /// A header of the answer gets another value or is left out. Without its `Content-Length` the body is sent chunked.
    Header {
        /// The header's name, in lower case.
        name: &'static str,
        /// The value. Without it the header is left out.
        value: Option<String>,
    },
}

impl Fault {
    /// Faults that may pass when the client tries again, and that give it no byte of a body.
    pub const BEFORE_THE_BODY: [Self; 5] = [
        Self::Error { status: 500, code: "InternalError" },
        Self::Error { status: 503, code: "SlowDown" },
        Self::Reset,
        Self::Close,
        Self::CutBody(0),
    ];

    /// Answers 500 `InternalError`.
    pub fn internal_error() -> Self {
        Self::error(500, "InternalError")
    }

    /// Answers 503 `SlowDown`.
    pub fn slow_down() -> Self {
        Self::error(503, "SlowDown")
    }

    /// Answers 403 `AccessDenied`.
    pub fn access_denied() -> Self {
        Self::error(403, "AccessDenied")
    }

    /// Answers this error.
    pub fn error(status: u16, code: &'static str) -> Self {
        Self::Error { status, code }
    }

    /// Gives the answer this `Content-Range`.
    pub fn content_range(value: &str) -> Self {
        let (name, value) = ("content-range", Some(value.into()));
        Self::Header { name, value }
    }

    /// Leaves a header out of the answer.
    pub fn without(name: &'static str) -> Self {
        Self::Header { name, value: None }
    }

    /// Changes the store just before the request is carried out.
    pub fn before(change: impl Fn(&Store) + Send + Sync + 'static) -> Self {
        Self::Before(Change(Arc::new(move |store| change(store))))
    }

    /// Replaces an object just before the request is carried out.
    pub fn replace(bucket: &str, key: &str, object: impl Into<Object>) -> Self {
        let (bucket, key, object) = (bucket.to_owned(), key.to_owned(), object.into());
        Self::before(move |store| {
            store.put(&bucket, &key, object.clone());
        })
    }

    /// Deletes an object just before the request is carried out.
    pub fn delete(bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Self::before(move |store| {
            store.delete(&bucket, &key);
        })
    }

    /// Takes away everyone's right to read an object just before the request is carried out.
    pub fn make_private(bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Self::before(move |store| {
            store.alter(&bucket, |bucket| bucket.deny(Who::Everyone, &key, Rights::READ));
        })
    }

    /// Alters a page of `ListObjectsV2` before it is sent. Errors and other answers stay as they are.
    pub fn list_page(change: impl Fn(&mut ListPage) + Send + Sync + 'static) -> Self {
        Self::ListPage(Change(Arc::new(change)))
    }
}

/// A change to the store, or to a page of a listing.
#[derive(Clone)]
pub struct Change<T>(Arc<dyn Fn(&mut T) + Send + Sync>);

impl<T> Change<T> {
    pub(super) fn make(&self, changed: &mut T) {
        (self.0)(changed);
    }
}

impl<T> fmt::Debug for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change")
    }
}

/// The faults that change how an operation works. They are an extension of the request, since its headers are signed.
#[derive(Clone, Debug, Default)]
pub(super) struct Overrides {
    pub(super) whole_body: bool,
    pub(super) ignore_conditions: bool,
    pub(super) page_changes: Vec<Change<ListPage>>,
}

impl Overrides {
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    pub(super) fn unless_ignored<T>(&self, condition: Option<T>) -> Option<T> {
        condition.filter(|_| !self.ignore_conditions)
    }

    pub(super) fn alter(&self, page: &mut ListPage) {
        for change in &self.page_changes {
            change.make(page);
        }
    }
}
