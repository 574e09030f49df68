//! The API function's cold start: log, configuration, clients; then it serves events.

use std::{convert::Infallible, env, process::ExitCode};

use aws_config::BehaviorVersion;
use get_object_torrent::{
    config::{Config, ConfigFaults},
    lambda::{Api, tamed},
    logging, start,
};
use lambda_http::{Adapter, LambdaEvent, Request, service_fn, tower::ServiceBuilder};

#[tokio::main]
async fn main() -> ExitCode {
    match api().await {
        Ok(api) => serve(api).await,
        Err(faults) => {
            tracing::error!(faults = faults.0.join("; "), "{faults}: the function does not start");
            ExitCode::FAILURE
        }
    }
}

async fn api() -> Result<Api, ConfigFaults> {
    let config = Config::from_lookup(|name| env::var(name).ok());
    logging::init(&config.as_ref().map(|config| config.log_filter.clone()).unwrap_or_default());
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    start::api(config?, &sdk).await
}

async fn serve(api: Api) -> ExitCode {
    let handler = service_fn(move |request: Request| {
        let api = api.clone();
        async move { Ok::<_, Infallible>(api.handle(request).await) }
    });
    let service = ServiceBuilder::new()
        .map_request(|event: LambdaEvent<_>| LambdaEvent { payload: tamed(event.payload), ..event })
        .service(Adapter::from(handler));
    match lambda_runtime::run(service).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(cause = logging::causes(&*error), "the Lambda runtime failed");
            ExitCode::FAILURE
        }
    }
}
