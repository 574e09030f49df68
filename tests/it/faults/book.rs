//! All that the object was, and the torrent that each of them has: made here without any of the service's code, from
//! BEP 3 and the contract.

use std::{
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use hyper::body::Bytes;
use sha1::{Digest, Sha1};
use test_s3::{Content, Object, Store};

use super::plan::{BY_SIZE, PART, PIECE, Plan};

const FIRST_DATE: u64 = 1_700_000_000;

/// The longest block that comes round: no two pieces of one object are alike.
static BLOCK: LazyLock<Bytes> = LazyLock::new(|| Content::random(1_100_003, 1).to_bytes());

/// One object that was put at the key.
#[derive(Clone, Debug)]
pub(super) struct Past {
    pub(super) object: Object,
    pub(super) version: Option<String>,
}

/// What was put, in order. The clones of a book are one book.
#[derive(Clone, Debug, Default)]
pub(super) struct Book(Arc<Mutex<Vec<Past>>>);

impl Book {
    /// Puts the `number`th object of a plan, and notes it.
    pub(super) fn put(&self, store: &Store, plan: &Plan, number: u64) {
        let object = object(plan, number);
        // Noted first: no answer may be of what the book does not know.
        let mut pasts = self.0.lock().expect("the book's lock");
        let version = store.put("data", "a", object.clone());
        pasts.push(Past { object, version });
    }

    pub(super) fn pasts(&self) -> Vec<Past> {
        self.0.lock().expect("the book's lock").clone()
    }

    /// Forgets all but what is there now.
    pub(super) fn keep_last(&self) {
        let mut pasts = self.0.lock().expect("the book's lock");
        *pasts = pasts.pop().into_iter().collect();
    }
}

/// The even ones are of the same length.
fn object(plan: &Plan, number: u64) -> Object {
    let start = usize::try_from(number * 101 % 10_000).expect("a small number");
    let content = Content::repeated(plan.length + number % 2, BLOCK.slice(start..));
    let date = UNIX_EPOCH + Duration::from_secs(FIRST_DATE + number);
    let object = Object::new(content).last_modified(date);
    if plan.in_parts { object.parts(PART) } else { object }
}

impl Past {
    pub(super) fn torrent(&self, piece_length: u64, region: &'static str) -> Expected {
        let content = &self.object.content;
        let length = content.length();
        let starts = (0..length).step_by(usize::try_from(piece_length).expect("a length"));
        let hash = |start: u64| Sha1::digest(content.slice(start..length.min(start + piece_length)));
        let pieces: Vec<u8> = starts.flat_map(hash).collect();
        let head = format!("d6:lengthi{length}e4:name1:a12:piece lengthi{piece_length}e6:pieces{}:", pieces.len());
        let info = [head.as_bytes(), &pieces, b"e"].concat();
        let date = self.object.last_modified.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        Expected { info_hash: hex::encode(Sha1::digest(&info)), info, date, region }
    }

    /// Of every piece length that such an object's torrent may have.
    pub(super) fn torrents(&self, plan: &Plan, any_origin: bool) -> Vec<Expected> {
        let others = [PIECE, PART, BY_SIZE].into_iter().filter(|_| any_origin && !plan.fixed_pieces);
        let mut piece_lengths: Vec<_> = others.chain([plan.piece_length()]).collect();
        piece_lengths.dedup();
        piece_lengths.into_iter().map(|piece_length| self.torrent(piece_length, plan.region())).collect()
    }
}

/// The one torrent of an object at a piece length.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    info: Vec<u8>,
    pub(super) info_hash: String,
    date: u64,
    region: &'static str,
}

impl Expected {
    /// The file; the date may be missing where S3 did not tell it.
    pub(super) fn is(&self, bytes: &[u8]) -> bool {
        let date = format!("13:creation datei{}e", self.date);
        [date.as_str(), ""].iter().any(|date| self.file(date) == bytes)
    }

    fn file(&self, date: &str) -> Vec<u8> {
        let region = self.region;
        let seeds = [
            format!("https://data.s3.{region}.amazonaws.com/a"),
            format!("https://s3.{region}.amazonaws.com/data/a"),
            format!("https://s3.dualstack.{region}.amazonaws.com/data/a"),
        ];
        let seeds = seeds.map(|seed| format!("{}:{seed}", seed.len())).concat();
        let head = format!("d10:created by18:get-object-torrent{date}4:info");
        [head.as_bytes(), &self.info, format!("8:url-listl{seeds}ee").as_bytes()].concat()
    }
}
