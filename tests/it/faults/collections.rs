//! The same of collections: objects are replaced, deleted, added and made private between any two requests, and listings
//! fail half-way. A torrent is always of one state that the prefix was in.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use get_object_torrent::torrent::{File, Info, Metainfo};
use serde_json::json;
use test_s3::{Bucket, Content, FakeS3, Fault, Matcher, Rights, Store, Who};

use super::{
    dice::Dice,
    run::{assert_no_secret, on_a_runtime},
    seeds::Trial,
};
use crate::{
    collections::shorten,
    harness::{Answer, Function, model, worker},
    jobs::runner::run_job,
    log::Written,
};

const PIECE: u64 = 16 * 1024;

/// A run: objects at the start, and what happens just before which request.
#[derive(Debug)]
struct Plan {
    seed: u64,
    sizes: Vec<u64>,
    is_job: bool,
    is_cached: bool,
    /// How many objects S3 lists at once.
    page: usize,
    concurrency: u64,
    troubles: Vec<(Target, u64, What)>,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Any,
    Listing,
    Head,
    Read,
}

#[derive(Clone, Debug)]
enum What {
    Fault(Fault),
    /// A change of the object that has this number, counted round and round.
    Change(Change, u64),
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Replace,
    Delete,
    Add,
    MakePrivate,
}

/// A state of the prefix: its objects in order.
type State = Vec<(String, Content)>;

/// Every state that the prefix was in. The clones of a history are one.
#[derive(Clone, Debug, Default)]
struct History(Arc<Mutex<Vec<State>>>);

impl Plan {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let sizes = (0..=dice.below(24)).map(|_| size(&mut dice)).chain([1]).collect();
        let troubles = (0..=dice.below(4)).map(|_| trouble(&mut dice)).collect();
        Self {
            seed,
            sizes,
            is_job: dice.one_in(6),
            is_cached: dice.one_in(4),
            page: dice.pick(&[2, 3, 1_000]),
            concurrency: dice.pick(&[1, 3, 8, 64]),
            troubles,
        }
    }
}

fn size(dice: &mut Dice) -> u64 {
    let any = dice.below(3 * PIECE);
    dice.pick(&[0, 1, 500, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE, any])
}

fn trouble(dice: &mut Dice) -> (Target, u64, What) {
    let target = dice.pick(&[Target::Any, Target::Listing, Target::Listing, Target::Head, Target::Read]);
    let cut = dice.below(900);
    let what = if dice.one_in(3) {
        What::Fault(dice.pick(&[
            Fault::slow_down(),
            Fault::internal_error(),
            Fault::Reset,
            Fault::CutBody(cut),
            Fault::ShortBody(cut),
            Fault::access_denied(),
        ]))
    } else {
        let changes = [Change::Replace, Change::Replace, Change::Delete, Change::Add, Change::Add, Change::MakePrivate];
        What::Change(dice.pick(&changes), dice.below(25))
    };
    (target, dice.below(if matches!(target, Target::Head) { 3 } else { 20 }), what)
}

impl Target {
    fn matcher(self, after: u64) -> Matcher {
        let matcher = match self {
            // The workflow reads the list of spans by itself.
            Self::Any => Matcher::any().when(|call| !call.key.ends_with("items.json")),
            Self::Listing => Matcher::list(),
            Self::Head => Matcher::head(),
            Self::Read => Matcher::get().when(|call| call.range.is_some()),
        };
        matcher.skip(after).times(1)
    }
}

impl History {
    /// Notes the state that the prefix is in.
    fn note(&self, store: &Store) {
        let keys = store.keys("data").into_iter().filter(|key| key.starts_with("p/") && !key.ends_with(".torrent"));
        let state = keys.map(|key| (key.clone(), store.object("data", &key).expect("an object").content));
        self.0.lock().expect("the history's lock").push(state.collect());
    }

    fn change(&self, store: &Store, change: Change, victim: u64, number: u64) {
        let state = self.0.lock().expect("the history's lock").last().cloned().unwrap_or_default();
        let victim = state.get(usize::try_from(victim).expect("a small number") % state.len().max(1));
        let Some((key, content)) = victim else { return };
        match change {
            Change::Replace => {
                store.put("data", key, Content::random(content.length() + number % 2, 900 + number));
            }
            Change::Delete => {
                store.delete("data", key);
            }
            Change::Add => {
                store.put("data", &format!("{key}+{number}"), Content::random(number * 999, number));
            }
            Change::MakePrivate => store.alter("data", |bucket| bucket.deny(Who::Anonymous, key, Rights::READ)),
        }
        self.note(store);
    }

    /// The torrent must be of one of the states.
    fn assert_has(&self, info: &Info) {
        let states = self.0.lock().expect("the history's lock").clone();
        let found = states.iter().any(|state| {
            let files = state.iter().map(|(key, content)| File {
                length: content.length(),
                path: key.split('/').skip(1).map(str::to_owned).collect(),
            });
            files.collect::<Vec<_>>() == info.files && {
                let bytes: Vec<_> = state.iter().map(|(_, content)| content.to_bytes()).collect();
                model(&Content::from(bytes.concat()), info.piece_length) == info.pieces
            }
        });
        assert!(found, "a torrent of no state that the prefix was in: {:?}", info.files);
    }
}

/// Anyone may read and list it.
fn bucket() -> Bucket {
    Bucket::public("data").allow(Who::Everyone, "*", Rights::LIST)
}

fn run(plan: &Plan, is_alone: bool) -> String {
    on_a_runtime(plan, is_alone, async |written| carry_out(plan, written).await)
}

async fn carry_out(plan: &Plan, written: &Written) -> String {
    let s3 = FakeS3::start([bucket()]).await;
    let history = History::default();
    for (number, size) in (0..).zip(&plan.sizes) {
        let folder = if number % 3 == 0 { "d/" } else { "" };
        s3.put("data", &format!("p/{folder}{number:02}"), Content::random(*size, plan.seed * 100 + number));
    }
    history.note(&s3);
    let concurrency = plan.concurrency.to_string();
    let variables = [("PIECE_LENGTH", "16384"), ("FETCH_CONCURRENCY", &concurrency), ("RANGE_SIZE", "65536")];
    let function = Function::start(&s3, &variables).await;
    if plan.is_cached {
        history.assert_has(&function.get("/data/p/").await.torrent().info);
    }
    let page = plan.page;
    s3.fault(Matcher::list(), Fault::list_page(move |listed| shorten(listed, page)));
    for (number, (target, after, what)) in (1..).zip(plan.troubles.clone()) {
        let fault = match what {
            What::Fault(fault) => fault,
            What::Change(change, victim) => {
                let history = history.clone();
                Fault::before(move |store| history.change(store, change, victim, number))
            }
        };
        s3.fault(target.matcher(after), fault);
    }
    let told = if plan.is_job { job(&s3).await } else { judge(&history, &function.get("/data/p/").await) };
    s3.clear_faults();
    if let Some(sidecar) = s3.object("data", "p/.torrent") {
        history.assert_has(&Metainfo::from_bytes(&sidecar.content.to_bytes()).expect("a torrent").info);
    }
    afterwards(&s3, &history, &function).await;
    assert_no_secret(written);
    told
}

/// A job's own GETs are of its manifest and fragments too.
async fn job(s3: &FakeS3) -> String {
    let worker = worker(s3, &[("PIECE_LENGTH", "16384"), ("SPAN_SIZE", "65536")]).await;
    let input = json!({"bucket": "data", "key": "p/", "collection": true});
    match run_job(&worker, &s3.client(), input).await {
        Ok(()) => "job".to_owned(),
        Err(reason) => format!("job {}", reason.error),
    }
}

/// Right, or an error that changes and faults explain.
fn judge(history: &History, answer: &Answer) -> String {
    if answer.status == 200 {
        history.assert_has(&answer.torrent().info);
        return format!("200 {}", answer.origin());
    }
    let (status, code) = answer.error();
    let allowed = [(503, "SlowDown"), (403, "AccessDenied"), (404, "NoSuchKey"), (400, "InvalidRequest")];
    assert!(allowed.contains(&(status, &*code)), "{status} {code}");
    format!("{status} {code}")
}

/// With nothing wrong any more, the next torrent is of the state that the prefix is in now.
async fn afterwards(s3: &FakeS3, history: &History, function: &Function) {
    let object = |key: String| Some((s3.object("data", &key)?, key));
    let objects: Vec<_> = s3.keys("data").into_iter().filter_map(object).collect();
    s3.add(bucket());
    for (object, key) in objects {
        s3.put("data", &key, object);
    }
    let now = History::default();
    now.note(s3);
    let answer = tokio::time::timeout(Duration::from_secs(30), function.get("/data/p/")).await.expect("an answer");
    if answer.status == 200 {
        now.assert_has(&answer.torrent().info);
        assert_eq!(function.get("/data/p/").await.origin(), "sidecar");
    }
    let state = history.0.lock().expect("the history's lock").last().cloned().unwrap_or_default();
    let has_content = state.iter().any(|(_, content)| content.length() > 0);
    assert_eq!(answer.status == 200, has_content, "{}", answer.text());
}

#[test]
fn under_any_seed_a_collection_is_of_one_state() {
    Trial { plan: Plan::of, run }.run_all(4);
}
