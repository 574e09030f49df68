//! The faults in an answer's body and its `Content-Length`.

use std::{pin::Pin, sync::Arc, time::Duration};

use futures::stream::{self, Stream, StreamExt as _};
use hyper::{HeaderMap, body::Bytes, header::CONTENT_LENGTH};
use s3s::StdError;

use crate::{connection::Connection, fault::Fault};

pub(super) type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, StdError>> + Send>>;

/// Puts the fault into the body, if it is one of the body.
pub(super) fn with_fault(
    body: BodyStream,
    fault: &Fault,
    headers: &mut HeaderMap,
    connection: &Arc<Connection>,
) -> BodyStream {
    let connection = Arc::clone(connection);
    match *fault {
        Fault::CutBody(after) => stop(body, after, Then::Close(connection)),
        Fault::ResetBody(after) => stop(body, after, Then::Reset(connection)),
        Fault::StallBody { after, pause } => stop(body, after, Then::Stall(pause)),
        Fault::ShortBody(length) => {
            change_length(headers, |promised| promised.min(length));
            stop(body, length, Then::End)
        }
        Fault::OverlongBody(extra) => {
            change_length(headers, |promised| promised + extra);
            let extra = usize::try_from(extra).expect("an excess that fits in memory");
            let excess = Bytes::from(vec![b'!'; extra]);
            Box::pin(body.chain(stream::iter([Ok(excess)])))
        }
        _ => body,
    }
}

fn change_length(headers: &mut HeaderMap, change: impl FnOnce(u64) -> u64) {
    if let Some(length) = headers.get_mut(CONTENT_LENGTH) {
        let promised = length.to_str().expect("digits").parse().expect("a number");
        *length = change(promised).into();
    }
}

/// What happens after the bytes that pass.
enum Then {
    End,
    Close(Arc<Connection>),
    Reset(Arc<Connection>),
    /// Nothing is sent for this time, or ever again.
    Stall(Option<Duration>),
}

/// A body that passes up to a byte.
struct Stopped {
    body: BodyStream,
    /// Bytes that were read and have not passed yet.
    held: Bytes,
    left: u64,
    /// `None` once it has happened.
    then: Option<Then>,
}

fn stop(body: BodyStream, after: u64, then: Then) -> BodyStream {
    let stopped = Stopped { body, held: Bytes::new(), left: after, then: Some(then) };
    Box::pin(stream::unfold(stopped, |mut stopped| async { Some((stopped.next().await?, stopped)) }))
}

impl Stopped {
    async fn next(&mut self) -> Option<Result<Bytes, StdError>> {
        if self.left == 0
            && let Some(then) = self.then.take()
        {
            match then {
                Then::End => {
                    self.body = Box::pin(stream::empty());
                    return None;
                }
                Then::Close(connection) => {
                    connection.flushed().await;
                    return Some(Err("the body is cut here".into()));
                }
                Then::Reset(connection) => {
                    connection.flushed().await;
                    connection.end_with_reset();
                    return Some(Err("the connection is reset here".into()));
                }
                Then::Stall(Some(pause)) => tokio::time::sleep(pause).await,
                Then::Stall(None) => std::future::pending().await,
            }
        }
        let mut chunk = match std::mem::take(&mut self.held) {
            held if held.is_empty() => match self.body.next().await? {
                Ok(chunk) => chunk,
                error => return Some(error),
            },
            held => held,
        };
        if self.then.is_some() {
            let pass = usize::try_from(self.left).unwrap_or(usize::MAX).min(chunk.len());
            self.held = chunk.split_off(pass);
            self.left -= pass as u64;
        }
        Some(Ok(chunk))
    }
}
