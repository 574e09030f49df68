//! The test S3 as a program, for unmodified clients and for benchmarks. Its objects take little memory, whatever their size,
//! and its answers can be as late as S3's.
//!
//! `cargo run -p test-s3 -- --public data --object data/movie.mkv=5000000000`
//!
//! It prints its address on 127.0.0.1, and serves until it is killed. Requests are signed as `Identity::role`.

use std::{
    convert::Infallible,
    env, future,
    io::{self, Write as _},
    process::ExitCode,
    str::FromStr,
    time::Duration,
};

use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Object, Rights, Who};

const USAGE: &str = "options, all with a value:
  --public BUCKET                     anyone may read its objects; may be repeated
  --listed BUCKET                     anyone may read and list them; may be repeated
  --private BUCKET                    only the role may; may be repeated
  --object BUCKET/KEY=BYTES           a made-up object of this length; may be repeated
  --many BUCKET/PREFIX=COUNTxBYTES    objects of this length, with keys PREFIX000000 and so on; may be repeated
  --multipart BUCKET/KEY=PARTSxBYTES  one that was uploaded in parts with SHA-1 checksums; may be repeated
  --latency-ms MILLISECONDS           before every answer";

/// The block that the content of a multipart object repeats, unless a part is smaller.
const BLOCK: u64 = 1024 * 1024;

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
    let s3 = FakeS3::start(options.buckets).await;
    for (bucket, key, object) in options.objects {
        s3.put(&bucket, &key, object);
    }
    s3.fault(Matcher::any(), Fault::Delay(options.latency));
    println!("listening on {}", s3.endpoint());
    io::stdout().flush()?;
    future::pending().await
}

#[derive(Default)]
struct Options {
    buckets: Vec<Bucket>,
    objects: Vec<(String, String, Object)>,
    latency: Duration,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{name}: no such option, or no value"))?;
            options.take(&name, &value).map_err(|fault| format!("{name} {value}: {fault}"))?;
        }
        Ok(options)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "--public" => self.buckets.push(Bucket::public(value)),
            "--listed" => self.buckets.push(Bucket::public(value).allow(Who::Anonymous, "*", Rights::LIST)),
            "--private" => self.buckets.push(Bucket::private(value)),
            "--latency-ms" => self.latency = Duration::from_millis(parsed(value)?),
            "--object" => {
                let (bucket, key, length) = object(value)?;
                let seed = self.objects.len() as u64;
                let content = Content::random(parsed(length)?, seed);
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
}

/// Splits a value into bucket, key, and what comes after `=`.
fn object(value: &str) -> Result<(String, String, &str), String> {
    let (path, shape) = value.rsplit_once('=').ok_or("no `=`")?;
    let (bucket, key) = path.split_once('/').ok_or("no key")?;
    Ok((bucket.into(), key.into(), shape))
}

/// Makes objects that differ because each begins elsewhere in the same bytes. They share the memory.
fn many(count: usize, length: u64) -> impl Iterator<Item = Object> {
    let block = Content::random(2 * BLOCK, 0).to_bytes();
    let starts = (0..block.len() / 2).cycle().take(count);
    starts.map(move |start| Object::new(Content::repeated(length, block.slice(start..))))
}

fn multipart(parts: u64, part_size: u64) -> Result<Object, String> {
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
