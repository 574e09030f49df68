//! The same of collections: objects are replaced, deleted, added and made private between any two requests, and listings
//! fail half-way. A torrent is always of one state that the prefix was in.

use std::sync::{Arc, Mutex};

use get_object_torrent::torrent::{Info, Metainfo};
use serde_json::json;
use test_s3::{Content, FakeS3, Fault, Matcher, Rights, Store, Who};

use super::{
    dice::Dice,
    run::{assert_no_secret, on_a_runtime},
    seeds::Trial,
};
use crate::{
    collections::{bucket, file, shorten},
    harness::{Answer, Function, model},
    jobs::runner::run_job,
    log::Written,
    setup::Setup,
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

/// Changes are of the object that has this number, counted round and round.
#[derive(Clone, Debug)]
enum What {
    Fault(Fault),
    Replace(u64),
    Delete(u64),
    Add(u64),
    MakePrivate(u64),
}

/// The objects of the prefix in order.
type State = Vec<(String, Content)>;

/// Every state that the prefix was in. The clones of a history are one.
#[derive(Clone, Debug, Default)]
struct History(Arc<Mutex<Vec<State>>>);

impl Plan {
    fn of(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        Self {
            seed,
            sizes: (0..=dice.below(24)).map(|_| size(&mut dice)).chain([1]).collect(),
            is_job: dice.one_in(6),
            is_cached: dice.one_in(4),
            page: dice.pick(&[2, 3, 1_000]),
            concurrency: dice.pick(&[1, 3, 8, 64]),
            troubles: (0..=dice.below(4)).map(|_| trouble(&mut dice)).collect(),
        }
    }
}

fn size(dice: &mut Dice) -> u64 {
    let any = dice.below(3 * PIECE);
    dice.pick(&[0, 1, 500, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE, any])
}

fn trouble(dice: &mut Dice) -> (Target, u64, What) {
    let target = dice.pick(&[Target::Any, Target::Listing, Target::Listing, Target::Head, Target::Read]);
    let (cut, victim) = (dice.below(900), dice.below(25));
    let faults = [
        Fault::slow_down(),
        Fault::internal_error(),
        Fault::Reset,
        Fault::CutBody(cut),
        Fault::ShortBody(cut),
        Fault::access_denied(),
    ];
    let changes = [What::Replace, What::Replace, What::Delete, What::Add, What::Add, What::MakePrivate];
    let what = if dice.one_in(3) { What::Fault(dice.pick(&faults)) } else { dice.pick(&changes)(victim) };
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

impl What {
    fn fault(self, history: &History, number: u64) -> Fault {
        if let Self::Fault(fault) = self {
            return fault;
        }
        let history = history.clone();
        Fault::before(move |store| self.change(&history, store, number))
    }

    fn change(&self, history: &History, store: &Store, number: u64) {
        let (Self::Replace(victim) | Self::Delete(victim) | Self::Add(victim) | Self::MakePrivate(victim)) = *self
        else {
            return;
        };
        let objects = history.last();
        let Some((key, content)) = objects.iter().cycle().nth(usize::try_from(victim).expect("a small number")) else {
            return;
        };
        match self {
            Self::Replace(_) => {
                store.put("data", key, Content::random(content.length() + number % 2, 900 + number));
            }
            Self::Delete(_) => drop(store.delete("data", key)),
            Self::Add(_) => {
                store.put("data", &format!("{key}+{number}"), Content::random(number * 999, number));
            }
            _ => store.alter("data", |bucket| bucket.deny(Who::Anonymous, key, Rights::READ)),
        }
        history.note(store);
    }
}

impl History {
    /// Notes the state that the prefix is in.
    fn note(&self, store: &Store) {
        let keys = store.keys("data").into_iter().filter(|key| key.starts_with("p/") && !key.ends_with(".torrent"));
        let state = keys.map(|key| (key.clone(), store.object("data", &key).expect("an object").content));
        self.0.lock().expect("the history's lock").push(state.collect());
    }

    fn last(&self) -> State {
        self.0.lock().expect("the history's lock").last().cloned().unwrap_or_default()
    }

    /// The torrent must be of one of the states.
    fn assert_has(&self, info: &Info) {
        let states = self.0.lock().expect("the history's lock").clone();
        let found = states.iter().any(|state| {
            let files = state.iter().map(|(key, content)| file(&key["p/".len()..], content.length()));
            files.collect::<Vec<_>>() == info.files && {
                let bytes: Vec<_> = state.iter().map(|(_, content)| content.to_bytes()).collect();
                model(&Content::from(bytes.concat()), info.piece_length) == info.pieces
            }
        });
        assert!(found, "a torrent of no state that the prefix was in: {:?}", info.files);
    }
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
    let setup = || Setup::new(&s3).set("PIECE_LENGTH", "16384");
    let setup_inline = setup().set("RANGE_SIZE", "65536").set("FETCH_CONCURRENCY", plan.concurrency.to_string());
    let function = setup_inline.function().await;
    if plan.is_cached {
        history.assert_has(&function.get("/data/p/").await.torrent().info);
    }
    let page = plan.page;
    s3.fault(Matcher::list(), Fault::list_page(move |listed| shorten(listed, page)));
    for (number, (target, after, what)) in (1..).zip(plan.troubles.clone()) {
        s3.fault(target.matcher(after), what.fault(&history, number));
    }
    let told = if plan.is_job {
        let worker = setup().set("SPAN_SIZE", "65536").worker().await;
        let input = json!({"bucket": "data", "key": "p/", "collection": true});
        let ended = run_job(&worker, &s3.client(), input).await;
        ended.map_or_else(|reason| format!("job {}", reason.error), |()| "job".to_owned())
    } else {
        judge(&history, &function.get("/data/p/").await)
    };
    s3.clear_faults();
    if let Some(sidecar) = s3.object("data", "p/.torrent") {
        history.assert_has(&Metainfo::from_bytes(&sidecar.content.to_bytes()).expect("a torrent").info);
    }
    afterwards(&s3, &history, &function).await;
    assert_no_secret(written);
    told
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
    let objects = s3.keys("data").into_iter().filter_map(|key| Some((s3.object("data", &key)?, key)));
    let objects: Vec<_> = objects.collect();
    s3.add(bucket());
    for (object, key) in objects {
        s3.put("data", &key, object);
    }
    let answer = function.get("/data/p/").await;
    let state = history.last();
    if state.iter().all(|(_, content)| content.length() == 0) {
        assert!(answer.status != 200, "{}", answer.text());
        return;
    }
    let now = History::default();
    now.note(s3);
    now.assert_has(&answer.torrent().info);
    assert_eq!(function.get("/data/p/").await.origin(), "sidecar");
}

#[test]
fn under_any_seed_a_collection_is_of_one_state() {
    Trial { plan: Plan::of, run }.run_all(4);
}
