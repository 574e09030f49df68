//! Torrents made by mktorrent, transmission-create and libtorrent for the same bytes, name and piece length have
//! the info hash that this service gives. tests/fixtures/README.md has the commands that made them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use get_object_torrent::torrent::{Info, PieceHasher, PieceLength, Pieces};
use test_s3::{Bucket, FakeS3};

use super::harness::Function;

#[derive(serde::Deserialize)]
struct Fixture {
    file: String,
    tool: String,
    name: String,
    length: u32,
    piece_length: u64,
    extra_info_keys: Vec<String>,
    info_hash_of_the_four_keys: String,
}

/// Whatever else a tool writes beside it.
#[derive(serde::Deserialize)]
struct Torrent {
    info: Info,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn fixtures() -> Vec<Fixture> {
    let text = fs::read_to_string(folder().join("fixtures.json")).expect("fixtures.json");
    serde_json::from_str(&text).expect("a list of fixtures")
}

/// The rule of tests/fixtures/README.md.
fn content(length: u32) -> Vec<u8> {
    (0..length).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

fn info(fixture: &Fixture) -> Info {
    let piece_length = PieceLength::new(fixture.piece_length).expect("a piece length");
    let mut hasher = PieceHasher::new(piece_length);
    content(fixture.length).chunks(7_919).for_each(|chunk| hasher.update(chunk));
    Info {
        length: u64::from(fixture.length),
        files: Vec::new(),
        name: fixture.name.clone(),
        piece_length: fixture.piece_length,
        pieces: Pieces::from(hasher.finish()),
    }
}

#[test]
fn info_hashes_equal_those_of_three_other_tools() {
    let mut tools = BTreeSet::new();
    for fixture in fixtures() {
        let hash = info(&fixture).info_hash().expect("an info hash").to_string();
        assert_eq!(hash, fixture.info_hash_of_the_four_keys, "{}", fixture.file);
        tools.insert(fixture.tool);
    }
    let expected = ["libtorrent", "mktorrent", "transmission"].map(str::to_owned);
    assert_eq!(tools, BTreeSet::from(expected));
}

#[test]
fn what_other_tools_wrote_is_read_as_the_same_info() {
    for fixture in fixtures().into_iter().filter(|fixture| fixture.extra_info_keys.is_empty()) {
        let bytes = fs::read(folder().join(&fixture.file)).expect("the fixture");
        let torrent: Torrent = serde_bencode::from_bytes(&bytes).expect("a torrent");
        assert_eq!(torrent.info, info(&fixture), "{}", fixture.file);
    }
}

#[tokio::test]
async fn the_service_gives_the_same_info_hash() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    for fixture in fixtures().iter().filter(|fixture| fixture.tool == "libtorrent") {
        s3.put("data", &fixture.name, content(fixture.length));
        let piece_length = fixture.piece_length.to_string();
        let function = Function::start(&s3, &[("PIECE_LENGTH", &piece_length)]).await;
        let path = format!(
            "/data/{}",
            percent_encoding::utf8_percent_encode(&fixture.name, percent_encoding::NON_ALPHANUMERIC)
        );
        let answer = function.get(&path).await;
        assert_eq!(
            answer.header("x-torrent-info-hash"),
            Some(fixture.info_hash_of_the_four_keys.as_str()),
            "{}",
            fixture.file
        );
    }
}
