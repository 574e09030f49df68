//! The API's edge: Lambda events come in, HTTP responses go out, in S3's REST form. An expected failure is a response,
//! never an error of the Lambda.

mod address;
mod base_path;
mod error_document;
mod event;
mod handler;
mod request;
mod request_end;
mod response;
mod torrents;

use std::convert::Infallible;

use lambda_http::{
    Adapter, Body, BoxFuture, LambdaEvent, Request, Response, Service,
    request::LambdaRequest,
    service_fn,
    tower::{ServiceBuilder, util::ServiceFn},
};

use self::event::sanitize;
pub use self::{handler::Api, response::EXPOSED_HEADERS};

type Answer = BoxFuture<'static, Result<Response<Body>, Infallible>>;
type Handler = ServiceFn<fn(Request) -> Answer>;

/// The answer to Lambda, for which `lambda_http` has no name.
pub type LambdaResponse = <Adapter<'static, Response<Body>, Handler> as Service<LambdaEvent<LambdaRequest>>>::Response;

/// Makes the service that the Lambda runtime calls. It accepts events of a REST API, an HTTP API, a Function URL or an
/// ALB, and answers each in its own form.
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
        .map_request(|event: LambdaEvent<_>| LambdaEvent { payload: sanitize(event.payload), ..event })
        .service(Adapter::from(handler))
}
