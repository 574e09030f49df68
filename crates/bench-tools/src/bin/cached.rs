//! Compares a cached answer with a plain GET of its sidecar. `benches/cached.py` builds and runs it.
//!
//! `cached BUCKET KEY ROUNDS` reads the function's environment. By turns it runs the whole function, event in and JSON
//! out, and GETs the sidecar with the same SDK client, in one process. It prints the microseconds of each as JSON.

use std::{
    env,
    error::Error,
    io,
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_s3::Client;
use get_object_torrent::{
    api::{self, Api},
    config::Config,
    logging,
    s3::access::{self, Clients},
    start,
};
use lambda_http::{Context, LambdaEvent, Service};
use serde_json::{Value, json};
use tracing_subscriber::util::SubscriberInitExt as _;

/// Not counted: connections, and a CPU that wakes up.
const WARM_UP: usize = 20;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let [bucket, key, rounds] = <[String; 3]>::try_from(env::args().skip(1).collect::<Vec<_>>())
        .map_err(|_| "usage: cached BUCKET KEY ROUNDS")?;
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let api = api(&sdk).await?;
    let client = Clients::new(&sdk, true, access::Waits::default()).signed.home;
    let event = event(&bucket, &key)?;
    // Makes the sidecar.
    answer(&api, &event).await?;
    let torrent_bytes = sidecar(&client, &bucket, &key).await?;
    let (mut function, mut plain) = (Vec::new(), Vec::new());
    for round in 0..WARM_UP + rounds.parse::<usize>()? {
        let started = Instant::now();
        let answer = answer(&api, &event).await?;
        let function_took = started.elapsed();
        check(&answer, torrent_bytes)?;
        let started = Instant::now();
        sidecar(&client, &bucket, &key).await?;
        let plain_took = started.elapsed();
        if round >= WARM_UP {
            function.push(microseconds(function_took));
            plain.push(microseconds(plain_took));
        }
    }
    println!("{}", json!({"torrent_bytes": torrent_bytes, "function_us": function, "get_us": plain}));
    Ok(())
}

/// The function as `main` starts it; its log is written, to nowhere.
async fn api(sdk: &SdkConfig) -> Result<Api> {
    let account = start::account(sdk).await;
    let config = Config::from_lookup(|name| env::var(name).ok(), account).map_err(|faults| faults.0.join("; "))?;
    logging::subscriber(&config.log_filter, io::sink).try_init()?;
    Ok(start::api(config, sdk, start::Waits::default()))
}

/// The bytes that Lambda is sent for the bytes of an event.
async fn answer(api: &Api, event: &[u8]) -> Result<Vec<u8>> {
    let mut context = Context::default();
    "request".clone_into(&mut context.request_id);
    let event = LambdaEvent::new(serde_json::from_slice(event)?, context);
    let response = api::service(api.clone()).call(event).await?;
    Ok(serde_json::to_vec(&response)?)
}

/// What the function cannot do without, done alone.
async fn sidecar(client: &Client, bucket: &str, key: &str) -> Result<usize> {
    let output = client.get_object().bucket(bucket).key(format!("{key}.torrent")).send().await?;
    Ok(output.body.collect().await?.into_bytes().len())
}

fn check(answer: &[u8], torrent_bytes: usize) -> Result<()> {
    let answer: Value = serde_json::from_slice(answer)?;
    let origin = &answer["headers"]["x-torrent-origin"];
    let length = answer["body"].as_str().unwrap_or_default().len();
    if answer["statusCode"] != 200 || origin != "sidecar" || length != torrent_bytes.div_ceil(3) * 4 {
        let status = &answer["statusCode"];
        return Err(format!("not a cached answer: {status} from {origin}, {length} bytes").into());
    }
    Ok(())
}

/// A GET of a Function URL.
fn event(bucket: &str, key: &str) -> Result<Vec<u8>> {
    let mut event: Value = serde_json::from_str(include_str!("../../../../events/function-url.json"))?;
    event["rawPath"] = json!(format!("/{bucket}/{key}"));
    Ok(serde_json::to_vec(&event)?)
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
