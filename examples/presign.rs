//! Signs a `GetObject` URL with the AWS SDK, as any Rust program would, and prints it:
//! `cargo run --example presign -- ENDPOINT_URL BUCKET KEY [VERSION_ID]`

use std::{env, error::Error, time::Duration};

use aws_sdk_s3::{config::Builder, presigning::PresigningConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [endpoint, bucket, key, version_id @ ..] = arguments.as_slice() else {
        return Err("give ENDPOINT_URL BUCKET KEY [VERSION_ID]".into());
    };
    let sdk = aws_config::load_from_env().await;
    let config = Builder::from(&sdk).endpoint_url(endpoint).force_path_style(true).build();
    let request = aws_sdk_s3::Client::from_conf(config).get_object().bucket(bucket).key(key);
    let request = request.set_version_id(version_id.first().cloned());
    let presigned = request.presigned(PresigningConfig::expires_in(Duration::from_mins(10))?).await?;
    println!("{}", presigned.uri());
    Ok(())
}
