//! The edge: Lambda events in, HTTP responses out. S3's REST form is spoken here and nowhere else.
//!
//! An expected failure is a response, never a Lambda error.

mod address;
mod api;
mod error_document;
mod event;
mod job_messages;
mod parameters;
mod request;
mod request_end;
mod response;

use std::convert::Infallible;

use lambda_http::{
    Adapter, Body, BoxFuture, LambdaEvent, Request, Response, Service,
    request::LambdaRequest,
    service_fn,
    tower::{ServiceBuilder, util::ServiceFn},
};

pub use self::api::Api;
use self::event::tamed;

type Answer = BoxFuture<'static, Result<Response<Body>, Infallible>>;
type Handler = ServiceFn<fn(Request) -> Answer>;

/// What Lambda is answered; `lambda_http` gives the type no name of its own.
pub type LambdaResponse =
    <Adapter<'static, Response<Body>, Handler> as Service<LambdaEvent<LambdaRequest>>>::Response;

/// `api` as the Lambda runtime calls it: events of a REST API, an HTTP API, a Function URL or an ALB in,
/// each one's kind of response out.
#[must_use]
pub fn service(
    api: Api,
) -> impl Service<
    LambdaEvent<LambdaRequest>,
    Response = LambdaResponse,
    Error = Infallible,
    Future = impl Future<Output = Result<LambdaResponse, Infallible>> + Send,
> {
    let handler = service_fn(move |request: Request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.handle(request).await) }
    });
    ServiceBuilder::new()
        .map_request(|event: LambdaEvent<_>| LambdaEvent { payload: tamed(event.payload), ..event })
        .service(Adapter::from(handler))
}
