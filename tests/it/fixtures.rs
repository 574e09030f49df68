//! Torrents made by mktorrent, transmission-create and libtorrent for the same bytes, name and piece length have
//! the info hash that this service gives. tests/fixtures/README.md has the commands that made them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use get_object_torrent::torrent::{File, Info, PieceHasher, PieceLength, Pieces};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use test_s3::{Bucket, FakeS3};

use super::{collections, harness::Function};

/// Whatever else a tool writes beside it.
#[derive(serde::Deserialize)]
struct Torrent {
    info: Info,
}

fn bytes_of(file: &str) -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file)).expect(file)
}

/// The descriptions of files or torrents: each member that is asked for must be there.
fn described(name: &str) -> Value {
    serde_json::from_slice(&bytes_of(name)).expect(name)
}

fn list<'a>(described: &'a Value, name: &str) -> &'a [Value] {
    described[name].as_array().expect(name)
}

fn text<'a>(described: &'a Value, name: &str) -> &'a str {
    described[name].as_str().expect(name)
}

fn number(described: &Value, name: &str) -> u64 {
    described[name].as_u64().expect(name)
}

fn read(file: &str) -> Info {
    serde_bencode::from_bytes::<Torrent>(&bytes_of(file)).expect(file).info
}

/// The rule of tests/fixtures/README.md.
fn content(length: u64) -> Vec<u8> {
    let length = u32::try_from(length).expect("a length");
    (0..length).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

fn info(name: &str, content: &[u8], files: Vec<File>, piece_length: u64) -> Info {
    let mut hasher = PieceHasher::new(PieceLength::new(piece_length).expect("a piece length"));
    content.chunks(7_919).for_each(|chunk| hasher.update(chunk));
    let pieces = Pieces::from(hasher.finish());
    Info { length: content.len() as u64, files, name: name.to_owned(), piece_length, pieces }
}

async fn served_info_hash(s3: &FakeS3, path: &str, piece_length: u64) -> String {
    let function = Function::start(s3, &[("PIECE_LENGTH", &piece_length.to_string())]).await;
    let path: Vec<_> =
        path.split('/').map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()).collect();
    let answer = function.get(&format!("/data/{}", path.join("/"))).await;
    answer.header("x-torrent-info-hash").expect("an info hash").to_owned()
}

#[tokio::test]
async fn infos_and_info_hashes_equal_those_of_three_other_tools() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    let mut tools = BTreeSet::new();
    let fixtures = described("fixtures.json");
    for fixture in fixtures.as_array().expect("fixtures") {
        let (file, tool, name) = (text(fixture, "file"), text(fixture, "tool"), text(fixture, "name"));
        let (content, piece_length) = (content(number(fixture, "length")), number(fixture, "piece_length"));
        let (info, info_hash) =
            (info(name, &content, Vec::new(), piece_length), text(fixture, "info_hash_of_the_four_keys"));
        assert_eq!(info.info_hash().expect("an info hash").to_string(), info_hash, "{file}");
        if list(fixture, "extra_info_keys").is_empty() {
            assert_eq!(read(file), info, "{file}");
        }
        if tool == "libtorrent" {
            s3.put("data", name, content);
            assert_eq!(served_info_hash(&s3, name, piece_length).await, info_hash, "{file}");
        }
        tools.insert(tool);
    }
    assert_eq!(tools, ["libtorrent", "mktorrent", "transmission"].into());
}

#[tokio::test]
async fn a_tree_of_files_has_the_info_that_two_other_tools_wrote() {
    let s3 = FakeS3::start([collections::bucket()]).await;
    let tree = described("tree.json");
    let name = text(&tree, "name");
    let files = list(&tree, "files").iter().map(|file| collections::file(text(file, "path"), number(file, "length")));
    let files: Vec<_> = files.collect();
    let content = content(files.iter().map(|file| file.length).sum());
    let mut rest = &content[..];
    for file in &files {
        let (body, after) = rest.split_at(usize::try_from(file.length).expect("a length"));
        s3.put("data", &format!("{name}/{}", file.path.join("/")), body.to_vec());
        rest = after;
    }
    let mut tools = BTreeSet::new();
    for torrent in list(&tree, "torrents") {
        let (file, info_hash) = (text(torrent, "file"), text(torrent, "info_hash"));
        let piece_length = number(torrent, "piece_length");
        let info = info(name, &content, files.clone(), piece_length);
        assert_eq!(read(file), info, "{file}");
        assert_eq!(info.info_hash().expect("an info hash").to_string(), info_hash, "{file}");
        assert_eq!(served_info_hash(&s3, &format!("{name}/"), piece_length).await, info_hash, "{file}");
        tools.insert(text(torrent, "tool"));
    }
    assert_eq!(tools, ["libtorrent", "mktorrent"].into());
}
