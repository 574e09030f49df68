//! Between the connection and s3s: notes the call, lets the scripted faults happen, and gives the answer the
//! form S3's has where s3s can't (no body on HEAD, request ids, an `ETag` without quotes).

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Body as _, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use s3s::service::S3Service;
use s3s::{Body, HttpResponse, S3Error, S3ErrorCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::auth;
use super::body::{self, BodyStream};
use super::calls::{Call, CallLog, Operation, Ticket};
use super::connection::{Connection, PacedStream, Speed};
use super::fault::{Fault, Overrides};
use super::matcher::Faults;
use super::region;
use super::store::Store;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

type AnswerBody = StreamBody<stream::BoxStream<'static, Result<Frame<Bytes>, s3s::StdError>>>;

/// All that connections share.
pub(super) struct Front {
    service: S3Service,
    pub(super) store: Arc<Store>,
    pub(super) log: Arc<CallLog>,
    pub(super) faults: Faults,
    pub(super) speed: Arc<Speed>,
    pub(super) connections: AtomicUsize,
    requests: AtomicU64,
}

/// No answer: hyper closes the connection when it gets this.
#[derive(Debug)]
struct NoAnswer;

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the test S3 gives no answer")
    }
}

impl std::error::Error for NoAnswer {}

/// Serves until it is aborted; the connections go with it.
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
        front.connections.store(connections.len(), Ordering::SeqCst);
    }
}

async fn serve_connection(stream: TcpStream, front: Arc<Front>) {
    let connection = Arc::new(Connection::default());
    // Fails only where the client is gone already.
    let _ = stream.set_nodelay(true);
    let stream = PacedStream::new(stream, Arc::clone(&connection), Arc::clone(&front.speed));
    let service = service_fn(|request| front.answer(&connection, request));
    // An error here is a fault that was asked for, or a client that left.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

impl Front {
    pub(super) fn new(service: S3Service, store: Arc<Store>) -> Self {
        Self {
            service,
            store,
            log: Arc::default(),
            faults: Faults::default(),
            speed: Arc::default(),
            connections: AtomicUsize::new(0),
            requests: AtomicU64::new(0),
        }
    }

    async fn answer(
        &self,
        connection: &Arc<Connection>,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, NoAnswer> {
        let (mut parts, incoming) = request.into_parts();
        let call = Call::read(&parts);
        auth::token_as_header(&mut parts);
        let faults = self.faults.befalling(&call);
        let operation = call.operation;
        let region = self.store.get(&call.bucket, |bucket| bucket.region.clone()).flatten();
        let misdirected = region.and_then(|region| region::misdirected(&parts, &region));
        let is_odd = auth::has_odd_date(&parts);
        let refused = misdirected.or_else(|| is_odd.then(|| error_response(400, "AuthorizationQueryParametersError")));
        let ticket = self.log.begin(call);
        // Whole before anything is answered, so that a client never gets an error while it still writes.
        let sent = incoming.collect().await.map_err(|_| NoAnswer)?.to_bytes();
        let latency = self.speed.latency();
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let method = parts.method.clone();
        let request = Request::from_parts(parts, Body::from(sent));
        let mut response = match refused {
            Some(answer) => answer,
            None => self.carry_out(request, &faults, connection).await?,
        };
        if operation == Operation::GetObjectAttributes {
            response = response.map(body::without_etag_quotes);
        }
        let response = self.finish(response, &method, &faults, connection);
        connection.start_answer();
        Ok(hand_over(response, ticket))
    }

    /// The answer of s3s, or of a fault in its place.
    async fn carry_out(
        &self,
        mut request: Request<Body>,
        faults: &[Fault],
        connection: &Connection,
    ) -> Result<HttpResponse, NoAnswer> {
        let mut overrides = Overrides::default();
        for fault in faults {
            match fault {
                Fault::Delay(delay) => tokio::time::sleep(*delay).await,
                Fault::Before(action) => action.run(&self.store),
                Fault::Error { status, code } => return Ok(error_response(*status, code)),
                Fault::Answer { status, body } => return Ok(raw_response(*status, body)),
                Fault::Close => return Err(NoAnswer),
                Fault::Reset => {
                    connection.end_with_reset();
                    return Err(NoAnswer);
                }
                Fault::WholeBody => overrides.whole_body = true,
                Fault::IgnoreConditions => overrides.ignore_conditions = true,
                Fault::ListPage(change) => overrides.page_changes.push(change.clone()),
                _ => {}
            }
        }
        request.extensions_mut().insert(overrides);
        let response = self.service.call(request).await.map_err(|_| NoAnswer)?;
        let is_lost = faults.iter().any(|fault| matches!(fault, Fault::Lost));
        if is_lost { Err(NoAnswer) } else { Ok(response) }
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

/// The answer as hyper takes it; the call is over when its body is dropped.
fn hand_over(response: Response<BodyStream>, ticket: Ticket) -> Response<AnswerBody> {
    ticket.answered(response.status().as_u16());
    response.map(|body| {
        let counted = body.inspect_ok(move |chunk| ticket.sent(chunk.len()));
        StreamBody::new(counted.map_ok(Frame::data).boxed())
    })
}

fn error_response(status: u16, code: &str) -> HttpResponse {
    let code = code.parse::<S3ErrorCode>().expect("any text is a code");
    let mut error = S3Error::with_message(code, "A fault that the test asked for.");
    error.set_status_code(StatusCode::from_u16(status).expect("an HTTP status"));
    error.to_http_response().expect("an error document")
}

fn raw_response(status: u16, body: &str) -> HttpResponse {
    let mut response = HttpResponse::new(Body::from(body.to_owned()));
    *response.status_mut() = StatusCode::from_u16(status).expect("an HTTP status");
    response
}
