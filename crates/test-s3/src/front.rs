//! What stands between the connection and s3s. It logs the call, makes the faults happen, and gives the answer what
//! S3's has and s3s's lacks: no body on HEAD, request IDs, and an `ETag` without quotes.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Body as _, Bytes, Frame, Incoming},
    header::{CONTENT_LENGTH, HeaderName, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use s3s::{Body, HttpResponse, StdError, service::S3Service};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::{
    auth,
    body::{self, BodyStream},
    calls::{Call, CallLog, Ticket},
    connection::{Connection, Stream},
    errors,
    fault::{Fault, Overrides},
    matcher::Faults,
    region,
    store::Store,
};

/// The message of errors that a test added.
const FAULT: &str = "A fault that the test added.";
/// Without an answer, hyper closes the connection.
const NO_ANSWER: &str = "the test S3 gives no answer";

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

type AnswerBody = StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, StdError>>>;

/// What all connections share.
pub(super) struct Front {
    service: S3Service,
    pub(super) store: Arc<Store>,
    pub(super) log: Arc<CallLog>,
    pub(super) faults: Faults,
    requests: AtomicU64,
}

/// Serves until it is aborted, which closes the connections too.
pub(super) async fn serve(listener: TcpListener, front: Arc<Front>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve_connection(stream, Arc::clone(&front)));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve_connection(stream: TcpStream, front: Arc<Front>) {
    let connection = Arc::new(Connection::default());
    // It fails only if the client has closed the connection already.
    let _ = stream.set_nodelay(true);
    let stream = Stream::new(stream, Arc::clone(&connection));
    let service = service_fn(|request| front.answer(&connection, request));
    // An error is a fault that the test added, or a client that closed the connection.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Front {
    pub(super) fn new(service: S3Service, store: Arc<Store>) -> Self {
        Self { service, store, log: Arc::default(), faults: Faults::default(), requests: AtomicU64::new(0) }
    }

    async fn answer(
        &self,
        connection: &Arc<Connection>,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, StdError> {
        let (mut parts, incoming) = request.into_parts();
        let call = Call::read(&parts);
        auth::token_as_header(&mut parts);
        let faults = self.faults.of(&call);
        let region = self.store.get(&call.bucket, |bucket| bucket.region.clone()).flatten();
        let misdirected = region.and_then(|region| region::misdirected(&parts, &region));
        let ticket = self.log.begin(call);
        // It is read to its end first, so that no client gets an error while it still writes.
        let sent = incoming.collect().await?.to_bytes();
        let method = parts.method.clone();
        let request = Request::from_parts(parts, Body::from(sent));
        let response = match misdirected {
            Some(answer) => answer,
            None => self.carry_out(request, &faults, connection).await?,
        };
        Ok(hand_over(self.finish(response, &method, &faults, connection), ticket))
    }

    /// The answer of s3s, or of a fault instead.
    async fn carry_out(
        &self,
        mut request: Request<Body>,
        faults: &[Fault],
        connection: &Connection,
    ) -> Result<HttpResponse, StdError> {
        let mut overrides = Overrides::default();
        for fault in faults {
            match fault {
                Fault::Delay(delay) => tokio::time::sleep(*delay).await,
                Fault::Before(change) => change.make(&mut Arc::clone(&self.store)),
                Fault::Error { status, code } => return Ok(errors::response(*status, code, FAULT)),
                Fault::Answer { status, body } => return Ok(raw_response(*status, body)),
                Fault::Close => return Err(NO_ANSWER.into()),
                Fault::Reset => {
                    connection.end_with_reset();
                    return Err(NO_ANSWER.into());
                }
                Fault::WholeBody => overrides.whole_body = true,
                Fault::IgnoreConditions => overrides.ignore_conditions = true,
                Fault::ListPage(change) => overrides.page_changes.push(change.clone()),
                _ => {}
            }
        }
        request.extensions_mut().insert(overrides);
        let response = self.service.call(request).await?;
        let is_lost = faults.iter().any(|fault| matches!(fault, Fault::Lost));
        if is_lost { Err(NO_ANSWER.into()) } else { Ok(response) }
    }

    fn finish(
        &self,
        response: HttpResponse,
        method: &Method,
        faults: &[Fault],
        connection: &Arc<Connection>,
    ) -> Response<BodyStream> {
        let (mut parts, body) = response.into_parts();
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{number:016X}").parse().expect("hexadecimal digits");
        parts.headers.insert(REQUEST_ID, id);
        let bodiless =
            method == Method::HEAD || matches!(parts.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let mut body: BodyStream = if bodiless {
            Box::pin(stream::empty())
        } else {
            if let Some(length) = body.size_hint().exact() {
                let length = HeaderValue::from(length);
                parts.headers.entry(CONTENT_LENGTH).or_insert(length);
            }
            Box::pin(body)
        };
        for fault in faults {
            if !bodiless {
                body = body::with_fault(body, fault, &mut parts.headers, connection);
            }
            if let Fault::Header { name, value } = fault {
                parts.headers.remove(*name);
                if let Some(value) = value {
                    let value = value.parse().expect("a header value");
                    parts.headers.insert(*name, value);
                }
            }
        }
        Response::from_parts(parts, body)
    }
}

/// Turns the answer into one for hyper. The call ends when the body is dropped.
fn hand_over(response: Response<BodyStream>, ticket: Ticket) -> Response<AnswerBody> {
    ticket.answered(response.status().as_u16());
    response.map(|body| {
        let counted = body.inspect_ok(move |chunk| ticket.sent(chunk.len()));
        StreamBody::new(counted.map_ok(Frame::data).boxed())
    })
}

fn raw_response(status: u16, body: &str) -> HttpResponse {
    let mut response = HttpResponse::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).expect("an HTTP status");
    response
}
