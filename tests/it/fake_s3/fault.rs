//! Faults: what can go wrong with a request.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::http::Extensions;

use super::object::Object;
use super::store::Store;

/// Something that goes wrong with a request. Several may befall the same one: they take effect in the
/// order they were scripted.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// This error is the answer; the request changes nothing.
    Error { status: u16, code: &'static str },
    /// This is the answer, whatever it is; the request changes nothing.
    Answer { status: u16, body: String },
    /// The answer begins this much later.
    Delay(Duration),
    /// Runs just before the request is carried out.
    Before(Action),
    /// The connection is reset before any byte of an answer.
    Reset,
    /// The connection is closed before any byte of an answer.
    Close,
    /// The request is carried out, and the connection closed before any byte of the answer.
    Lost,
    /// The connection is closed after so many bytes of the body, while `Content-Length` promises more.
    CutBody(u64),
    /// The connection is reset then. Of the bytes before, some may be lost.
    ResetBody(u64),
    /// Nothing more comes after so many bytes, for a while or for ever; the connection stays open.
    StallBody { after: u64, pause: Option<Duration> },
    /// Only so many bytes of the body are sent, and `Content-Length` says so: whole as HTTP, too short
    /// for the range.
    ShortBody(u64),
    /// So many bytes too many are sent, and `Content-Length` says so.
    OverlongBody(u64),
    /// `Range` is ignored: 200 and the whole object, instead of 206.
    WholeBody,
    /// `If-Match` and `If-None-Match` are ignored.
    IgnoreConditions,
    /// This header of the answer gets another value, or is left out. Without its `Content-Length` the body
    /// is sent chunked.
    Header { name: &'static str, value: Option<String> },
}

impl Fault {
    /// What may pass, and leaves a client without any byte of a body.
    pub(crate) const BEFORE_THE_BODY: [Self; 5] = [
        Self::Error { status: 500, code: "InternalError" },
        Self::Error { status: 503, code: "SlowDown" },
        Self::Reset,
        Self::Close,
        Self::CutBody(0),
    ];

    pub(crate) fn internal_error() -> Self {
        Self::error(500, "InternalError")
    }

    pub(crate) fn slow_down() -> Self {
        Self::error(503, "SlowDown")
    }

    pub(crate) fn access_denied() -> Self {
        Self::error(403, "AccessDenied")
    }

    pub(crate) fn precondition_failed() -> Self {
        Self::error(412, "PreconditionFailed")
    }

    /// A conditional write that lost a race.
    pub(crate) fn conflict() -> Self {
        Self::error(409, "ConditionalRequestConflict")
    }

    pub(crate) fn error(status: u16, code: &'static str) -> Self {
        Self::Error { status, code }
    }

    pub(crate) fn content_range(value: &str) -> Self {
        let (name, value) = ("content-range", Some(value.into()));
        Self::Header { name, value }
    }

    pub(crate) fn without(name: &'static str) -> Self {
        Self::Header { name, value: None }
    }

    pub(crate) fn before(action: impl Fn(&Store) + Send + Sync + 'static) -> Self {
        Self::Before(Action(Arc::new(action)))
    }

    /// The object is replaced just before the request is carried out.
    pub(crate) fn replace(bucket: &str, key: &str, object: impl Into<Object>) -> Self {
        let (bucket, key, object) = (bucket.to_owned(), key.to_owned(), object.into());
        Self::before(move |store| {
            store.put(&bucket, &key, object.clone());
        })
    }

    /// The object is deleted just before the request is carried out.
    pub(crate) fn delete(bucket: &str, key: &str) -> Self {
        let (bucket, key) = (bucket.to_owned(), key.to_owned());
        Self::before(move |store| {
            store.delete(&bucket, &key);
        })
    }
}

/// A change to the store.
#[derive(Clone)]
pub(crate) struct Action(Arc<dyn Fn(&Store) + Send + Sync>);

impl Action {
    pub(super) fn run(&self, store: &Store) {
        (self.0)(store);
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Action")
    }
}

/// The faults that change how the request is carried out, told to the operations by the request's
/// extensions (headers can't be changed: they are signed).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Overrides {
    pub(super) whole_body: bool,
    pub(super) ignore_conditions: bool,
}

impl Overrides {
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or_default()
    }

    pub(super) fn unless_ignored<T>(self, condition: Option<T>) -> Option<T> {
        condition.filter(|_| !self.ignore_conditions)
    }
}
