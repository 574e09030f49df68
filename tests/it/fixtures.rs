//! Torrents made by mktorrent, transmission-create and libtorrent for the same bytes, name and piece length have
//! the info hash that this service gives. tests/fixtures/README.md has the commands that made them.

use std::{collections::BTreeSet, fs, path::PathBuf};

use get_object_torrent::torrent::{File, Info, PieceHasher, PieceLength, Pieces};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use test_s3::{Bucket, FakeS3, Rights, Who};

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

/// One folder, and the torrents that were made of it.
#[derive(serde::Deserialize)]
struct Tree {
    name: String,
    files: Vec<TreeFile>,
    torrents: Vec<TreeTorrent>,
}

#[derive(serde::Deserialize)]
struct TreeFile {
    path: String,
    length: u32,
}

#[derive(serde::Deserialize)]
struct TreeTorrent {
    file: String,
    tool: String,
    piece_length: u64,
    info_hash: String,
}

/// Whatever else a tool writes beside it.
#[derive(serde::Deserialize)]
struct Torrent {
    info: Info,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn described<T: serde::de::DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(folder().join(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

fn fixtures() -> Vec<Fixture> {
    described("fixtures.json")
}

fn read(file: &str) -> Info {
    let bytes = fs::read(folder().join(file)).expect(file);
    serde_bencode::from_bytes::<Torrent>(&bytes).expect(file).info
}

/// The rule of tests/fixtures/README.md.
fn content(length: u32) -> Vec<u8> {
    (0..length).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}

fn info(name: &str, length: u32, files: Vec<File>, piece_length: u64) -> Info {
    let mut hasher = PieceHasher::new(PieceLength::new(piece_length).expect("a piece length"));
    content(length).chunks(7_919).for_each(|chunk| hasher.update(chunk));
    let pieces = Pieces::from(hasher.finish());
    Info { length: u64::from(length), files, name: name.to_owned(), piece_length, pieces }
}

impl Fixture {
    fn info(&self) -> Info {
        info(&self.name, self.length, Vec::new(), self.piece_length)
    }
}

impl Tree {
    fn length(&self) -> u32 {
        self.files.iter().map(|file| file.length).sum()
    }

    fn info(&self, piece_length: u64) -> Info {
        let path = |file: &TreeFile| file.path.split('/').map(str::to_owned).collect();
        let files = self.files.iter().map(|file| File { length: u64::from(file.length), path: path(file) });
        info(&self.name, self.length(), files.collect(), piece_length)
    }
}

async fn info_hash(s3: &FakeS3, path: &str, piece_length: u64) -> String {
    let function = Function::start(s3, &[("PIECE_LENGTH", &piece_length.to_string())]).await;
    let path: Vec<_> =
        path.split('/').map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string()).collect();
    let answer = function.get(&format!("/data/{}", path.join("/"))).await;
    answer.header("x-torrent-info-hash").expect("an info hash").to_owned()
}

#[test]
fn info_hashes_equal_those_of_three_other_tools() {
    let mut tools = BTreeSet::new();
    for fixture in fixtures() {
        let hash = fixture.info().info_hash().expect("an info hash").to_string();
        assert_eq!(hash, fixture.info_hash_of_the_four_keys, "{}", fixture.file);
        tools.insert(fixture.tool);
    }
    assert_eq!(tools, ["libtorrent", "mktorrent", "transmission"].map(str::to_owned).into());
}

#[test]
fn what_other_tools_wrote_is_read_as_the_same_info() {
    for fixture in fixtures().into_iter().filter(|fixture| fixture.extra_info_keys.is_empty()) {
        assert_eq!(read(&fixture.file), fixture.info(), "{}", fixture.file);
    }
}

#[test]
fn a_tree_of_files_has_the_info_that_two_other_tools_wrote() {
    let tree: Tree = described("tree.json");
    let mut tools = BTreeSet::new();
    for TreeTorrent { file, tool, piece_length, info_hash } in &tree.torrents {
        let info = tree.info(*piece_length);
        assert_eq!(read(file), info, "{file}");
        assert_eq!(info.info_hash().expect("an info hash").to_string(), *info_hash, "{file}");
        tools.insert(tool.as_str());
    }
    assert_eq!(tools, ["libtorrent", "mktorrent"].into());
}

#[tokio::test]
async fn the_service_gives_the_same_info_hash() {
    let s3 = FakeS3::start([Bucket::public("data")]).await;
    for fixture in fixtures().iter().filter(|fixture| fixture.tool == "libtorrent") {
        s3.put("data", &fixture.name, content(fixture.length));
        let hash = info_hash(&s3, &fixture.name, fixture.piece_length).await;
        assert_eq!(hash, fixture.info_hash_of_the_four_keys, "{}", fixture.file);
    }
}

#[tokio::test]
async fn the_service_gives_a_tree_of_objects_the_same_info_hash() {
    let s3 = FakeS3::start([Bucket::public("data").allow(Who::Everyone, "*", Rights::LIST)]).await;
    let tree: Tree = described("tree.json");
    let bytes = content(tree.length());
    let mut rest = &bytes[..];
    for file in &tree.files {
        let (body, after) = rest.split_at(file.length as usize);
        s3.put("data", &format!("{}/{}", tree.name, file.path), body.to_vec());
        rest = after;
    }
    for torrent in &tree.torrents {
        let hash = info_hash(&s3, &format!("{}/", tree.name), torrent.piece_length).await;
        assert_eq!(hash, torrent.info_hash, "{}", torrent.file);
    }
}
