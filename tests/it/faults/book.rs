//! All that the object was, and the torrent that each of them has.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, UNIX_EPOCH},
};

use get_object_torrent::torrent::{Info, Metainfo};
use test_s3::{Content, Object, Store};

use super::plan::{BY_SIZE, PART, PIECE, Plan};
use crate::harness::model;

const FIRST_DATE: u64 = 1_700_000_000;

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
    let content = Content::random(plan.length + number % 2, number);
    let date = UNIX_EPOCH + Duration::from_secs(FIRST_DATE + number);
    let object = Object::new(content).last_modified(date);
    if plan.in_parts { object.parts(PART) } else { object }
}

impl Past {
    /// What the object's torrent may hold: of every piece length that it may have.
    pub(super) fn infos(&self, plan: &Plan, any_origin: bool) -> Vec<Info> {
        let others = [PIECE, PART, BY_SIZE].into_iter().filter(|_| any_origin && !plan.fixed_pieces);
        let info = |piece_length| {
            let content = &self.object.content;
            let pieces = model(content, piece_length);
            Info { length: content.length(), files: Vec::new(), name: "a".to_owned(), piece_length, pieces }
        };
        others.chain([plan.piece_length()]).map(info).collect()
    }

    /// The torrent around `info`; the date may be missing where S3 did not tell it.
    pub(super) fn has_torrent(&self, info: &Info, bytes: &[u8]) -> bool {
        let date = self.object.last_modified.duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let seeds = [
            "https://data.s3.us-east-1.amazonaws.com/a".to_owned(),
            "https://s3.dualstack.us-east-1.amazonaws.com/data/a".to_owned(),
        ];
        let torrent = |date| Metainfo::new(info.clone(), date, &[], seeds.to_vec()).to_bytes().expect("bencode");
        bytes == torrent(i64::try_from(date).ok()) || bytes == torrent(None)
    }
}
