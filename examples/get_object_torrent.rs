//! Gets a torrent with the AWS SDK's own, unchanged call, as any Rust program would:
//! `cargo run --example get_object_torrent -- ENDPOINT_URL BUCKET KEY FILE`

use std::{env, error::Error, fs};

use aws_sdk_s3::config::Builder;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [endpoint, bucket, key, file] = arguments.as_slice() else {
        return Err("give ENDPOINT_URL BUCKET KEY FILE".into());
    };
    let sdk = aws_config::load_from_env().await;
    let config = Builder::from(&sdk).endpoint_url(endpoint).force_path_style(true).build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let output = client.get_object_torrent().bucket(bucket).key(key).send().await?;
    let torrent = output.body.collect().await?.to_vec();
    fs::write(file, &torrent)?;
    println!("{} bytes", torrent.len());
    Ok(())
}
