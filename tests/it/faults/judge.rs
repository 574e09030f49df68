//! What must hold after a run, whatever went wrong in it.

use std::{collections::BTreeMap, time::Duration};

use get_object_torrent::torrent::Info;
use sha1::{Digest, Sha1};
use test_s3::Object;

use super::{
    book::Past,
    plan::Plan,
    trouble::Trouble,
    world::{World, users},
};
use crate::harness::Answer;

/// A sidecar's write may end so much later than the budget.
const SIDECAR: Duration = Duration::from_secs(2);
/// Whatever went wrong.
const SLOW_DOWN: [(u16, &str); 1] = [(503, "SlowDown")];
/// A busy machine's.
const SLACK: Duration = Duration::from_secs(4);

/// Right, or an error that the plan explains, in time.
pub(super) fn judge(world: &World, plan: &Plan, answer: &Answer, took: Duration) {
    let in_time = Duration::from_millis(plan.budget_ms) + SIDECAR + SLACK;
    assert!(took < in_time, "it took {took:?}");
    if answer.status == 200 {
        let any_origin = plan.troubles.iter().any(Trouble::may_change_the_origin);
        assert_right(&world.book.pasts(), plan, answer, any_origin);
        return;
    }
    let code = if plan.is_head { None } else { Some(answer.error().1) };
    let told = |allowed: &(u16, &str)| allowed.0 == answer.status && code.as_ref().is_none_or(|code| code == allowed.1);
    let allowed = plan.troubles.iter().flat_map(Trouble::may_end_in);
    let is_allowed = allowed.chain(&SLOW_DOWN).any(told);
    assert!(is_allowed, "status {}, nothing explains it: {}", answer.status, answer.text());
    assert!(!plan.must_succeed(), "it should have succeeded: {} {}", answer.status, answer.text());
    assert_eq!(answer.header("retry-after").is_some(), answer.status == 503);
    assert!(!plan.is_head || answer.body.is_empty());
}

/// The torrent of one of the objects that were there.
#[track_caller]
pub(super) fn assert_right(pasts: &[Past], plan: &Plan, answer: &Answer, any_origin: bool) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let told = answer.header("x-torrent-info-hash").expect("an info hash");
    let mut infos =
        pasts.iter().flat_map(|past| past.infos(plan, any_origin).into_iter().map(move |info| (past, info)));
    let (past, info) = infos.find(|(_, info)| info_hash(info) == told).expect("an info hash of none of the objects");
    if answer.body.is_empty() && plan.is_head {
        return;
    }
    assert!(past.has_torrent(&info, &answer.body), "not the torrent: {}", answer.text());
    let etag = format!("\"{}\"", hex::encode(Sha1::digest(&answer.body)));
    assert_eq!(answer.header("etag"), Some(etag.as_str()));
}

/// What lies at the sidecar's key is the user's as it was, what lay there before, or right.
pub(super) fn judge_sidecar(world: &World, plan: &Plan) {
    let found = world.sidecar(plan);
    if world.is_users() {
        let found = found.expect("the user's object is gone");
        assert!(is_same(&found, &users()), "the user's object was touched: {:?}", found.metadata);
        return;
    }
    let Some(found) = found else { return };
    if world.left.as_ref().is_some_and(|left| is_same(left, &found)) {
        return;
    }
    let etag = &found.metadata["torrent-source-etag"];
    let pasts = world.book.pasts();
    let past = pasts.iter().find(|past| past.object.etag == *etag).expect("an object that never was");
    let bytes = found.content.to_bytes();
    let infos = past.infos(plan, true);
    let info = infos.iter().find(|info| past.has_torrent(info, &bytes)).expect("a bad sidecar was stored");
    let info_hash = info_hash(info);
    let length = past.object.content.length().to_string();
    let mut expected = BTreeMap::from([
        ("torrent-format", "1"),
        ("torrent-source-key-sha1", "9f09093e4b23584d5975610a1fabaabb49555c8b"),
        ("torrent-source-etag", etag),
        ("torrent-source-length", &length),
        ("torrent-info-hash", &info_hash),
    ]);
    expected.extend(past.version.as_deref().map(|version| ("torrent-source-version", version)));
    let metadata = found.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(metadata.collect::<BTreeMap<_, _>>(), expected);
}

fn info_hash(info: &Info) -> String {
    info.info_hash().expect("an info hash").to_string()
}

fn is_same(one: &Object, other: &Object) -> bool {
    one.content.to_bytes() == other.content.to_bytes() && one.metadata == other.metadata
}
