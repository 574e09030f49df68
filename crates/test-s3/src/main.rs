//! The test S3 as a program, for unmodified clients and for benchmarks. It can be as slow as S3 is, and has objects of
//! any size that take no memory.
//!
//! `cargo run -p test-s3 -- --public data --object data/movie.mkv=5000000000`
//!
//! It listens on loopback only, and serves until it is killed. Requests are signed as `Identity::role`.

use std::convert::Infallible;
use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;
use std::{env, future, io};

use test_s3::{Bucket, Content, FakeS3, Object, Rights, Who};
use tokio::net::TcpListener;

const USAGE: &str = "options, all with a value:
  --listen ADDRESS:PORT               loopback only; by default 127.0.0.1:0, any free port
  --public BUCKET                     anyone may read its objects; may be repeated
  --listed BUCKET                     anyone may read and list them; may be repeated
  --private BUCKET                    only the role may; may be repeated
  --object BUCKET/KEY=BYTES           a made-up object of this length; may be repeated
  --many BUCKET/PREFIX=COUNTxBYTES    objects of this length, with keys PREFIX000000 and so on; may be repeated
  --multipart BUCKET/KEY=PARTSxBYTES  one that was uploaded in parts with SHA-1 checksums; may be repeated
  --latency-ms MILLISECONDS           before every answer
  --bytes-per-second BYTES            what a connection may send; 0 for as fast as it goes";

/// The block that the content of a multipart object repeats, unless a part is smaller.
const BLOCK: u64 = 1024 * 1024;
const MOST_PARTS: u64 = 10_000;

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(options) => options,
        Err(fault) => {
            eprintln!("test-s3: {fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Err(error) = serve(options).await;
    eprintln!("test-s3: {error}");
    ExitCode::FAILURE
}

async fn serve(options: Options) -> Result<Infallible, io::Error> {
    let listener = TcpListener::bind(options.listen).await?;
    let s3 = FakeS3::start_on(listener, options.buckets, []);
    for (bucket, key, object) in options.objects {
        s3.put(&bucket, &key, object);
    }
    s3.set_latency(options.latency);
    s3.set_bytes_per_second(options.bytes_per_second);
    println!("listening on {}", s3.endpoint());
    io::stdout().flush()?;
    future::pending().await
}

struct Options {
    listen: SocketAddr,
    buckets: Vec<Bucket>,
    names: Vec<String>,
    objects: Vec<(String, String, Object)>,
    latency: Duration,
    bytes_per_second: u64,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            buckets: Vec::new(),
            names: Vec::new(),
            objects: Vec::new(),
            latency: Duration::ZERO,
            bytes_per_second: 0,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name}: no such option, or no value"))?;
            options.take(&name, &value).map_err(|fault| format!("{name} {value}: {fault}"))?;
        }
        match options.objects.iter().find(|(bucket, ..)| !options.names.contains(bucket)) {
            Some((bucket, key, _)) => Err(format!("{bucket}/{key}: no such bucket: add --public {bucket}")),
            None => Ok(options),
        }
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--listen" => self.listen = loopback(value)?,
            "--public" => self.add(value, Bucket::public),
            "--listed" => self.add(value, |name| Bucket::public(name).allow(Who::Anonymous, "*", Rights::LIST)),
            "--private" => self.add(value, Bucket::private),
            "--latency-ms" => self.latency = Duration::from_millis(parsed(value)?),
            "--bytes-per-second" => self.bytes_per_second = parsed(value)?,
            "--object" => {
                let (bucket, key, length) = object(value)?;
                let seed = self.objects.len() as u64;
                let content = Content::cheap(parsed(length)?, seed);
                self.objects.push((bucket, key, Object::new(content)));
            }
            "--many" => {
                let (bucket, prefix, shape) = object(value)?;
                let (count, length) = shape.split_once('x').ok_or("not COUNTxBYTES")?;
                let objects = many(parsed(count)?, parsed(length)?);
                let keys = (0..).map(|number| format!("{prefix}{number:06}"));
                self.objects.extend(keys.zip(objects).map(|(key, object)| (bucket.clone(), key, object)));
            }
            "--multipart" => {
                let (bucket, key, shape) = object(value)?;
                let (parts, part_size) = shape.split_once('x').ok_or("not PARTSxBYTES")?;
                let object = multipart(parsed(parts)?, parsed(part_size)?)?;
                self.objects.push((bucket, key, object));
            }
            _ => return Err("no such option".into()),
        }
        Ok(())
    }

    fn add(&mut self, name: &str, bucket: fn(&str) -> Bucket) {
        self.buckets.push(bucket(name));
        self.names.push(name.into());
    }
}

/// Whoever is let in reads all there is.
fn loopback(value: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = parsed(value)?;
    if address.ip().is_loopback() { Ok(address) } else { Err("not a loopback address".into()) }
}

/// Bucket, key, and what comes behind `=`.
fn object(value: &str) -> Result<(String, String, &str), String> {
    let (path, shape) = value.rsplit_once('=').ok_or("no `=`")?;
    let (bucket, key) = path.split_once('/').ok_or("no key")?;
    Ok((bucket.into(), key.into(), shape))
}

/// Objects that differ, because each begins elsewhere in the same bytes. They take no memory of their own.
fn many(count: usize, length: u64) -> impl Iterator<Item = Object> {
    let block = Content::cheap(2 * BLOCK, 0).to_bytes();
    let starts = (0..block.len() / 2).cycle().take(count);
    starts.map(move |start| Object::new(Content::repeated(length, block.slice(start..))))
}

fn multipart(parts: u64, part_size: u64) -> Result<Object, String> {
    if !(1..=MOST_PARTS).contains(&parts) {
        return Err(format!("not 1 to {MOST_PARTS} parts"));
    }
    let block = BLOCK.min(part_size);
    if part_size == 0 || !part_size.is_multiple_of(block) {
        return Err("a part larger than 1 MiB must be whole MiB".into());
    }
    let content = Content::repeated(parts * part_size, Content::random(block, 0).to_bytes());
    Ok(Object::new(content).parts(part_size))
}

fn parsed<T: FromStr>(value: &str) -> Result<T, String>
where
    T::Err: ToString,
{
    value.parse().map_err(|error: T::Err| error.to_string())
}
