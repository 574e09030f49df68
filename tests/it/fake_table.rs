//! `DynamoDB` in this process: one table of torrents and peers, and just the calls that the tracker makes. The
//! end-to-end tests use one that is not ours.

use std::collections::BTreeMap;

use base64::{Engine, prelude::BASE64_STANDARD};
use get_object_torrent::table::{Limits, Table};
use serde_json::{Value, json};
use test_s3::Identity;

use super::{
    fake_json::{FakeJson, lock},
    harness::sdk,
};

pub(crate) const TABLE: &str = "peers";

/// By torrent and sort key.
type Items = BTreeMap<(Vec<u8>, Vec<u8>), Value>;

pub(crate) type FakeTable = FakeJson<Items>;

impl FakeJson<Items> {
    pub(crate) async fn start() -> Self {
        Self::serve(|items, operation, input| answer(&mut lock(items), operation, input)).await
    }

    /// A client of the table.
    pub(crate) fn client(&self, limits: Limits) -> Table {
        Table::new(&sdk(self.endpoint(), Some(&Identity::role())), TABLE.to_owned(), limits)
    }

    /// The items of `torrent` by sort key, the mark first.
    pub(crate) fn items(&self, torrent: [u8; 20]) -> Vec<(Vec<u8>, Value)> {
        let items = lock(&self.kept).clone().into_iter();
        items.filter(|((of, _), _)| *of == torrent).map(|((_, sort_key), item)| (sort_key, item)).collect()
    }

    /// Puts an item of `torrent`.
    pub(crate) fn put(&self, torrent: [u8; 20], sort_key: &[u8], mut item: Value) {
        let binary = |bytes: &[u8]| json!({"B": BASE64_STANDARD.encode(bytes)});
        (item["torrent"], item["peer"]) = (binary(&torrent), binary(sort_key));
        lock(&self.kept).insert(key(&item), item);
    }

    /// Changes every item.
    pub(crate) fn change(&self, change: impl FnMut(&mut Value)) {
        lock(&self.kept).values_mut().for_each(change);
    }

    /// The size of all that a Query reads, by the rules of `DynamoDB`: two digits of a number take one byte, and one
    /// more is for all.
    pub(crate) fn bytes_of(&self, input: &Value) -> u32 {
        let size = |value: &Value| match (&value["N"], &value["B"]) {
            (Value::String(digits), _) => digits.len().div_ceil(2) + 1,
            (_, Value::String(_)) => binary(value).len(),
            _ => 1,
        };
        let output = query(&lock(&self.kept), input);
        let items = output["Items"].as_array().expect("items").iter().filter_map(Value::as_object);
        let sizes = items.flat_map(|item| item.iter().map(|(name, value)| name.len() + size(value)));
        u32::try_from(sizes.sum::<usize>()).expect("a page")
    }
}

fn answer(items: &mut Items, operation: &str, input: &Value) -> (u16, Value) {
    assert_eq!(input["TableName"], TABLE);
    match operation {
        "Query" => return (200, query(items, input)),
        "GetItem" => return (200, items.get(&key(&input["Key"])).map_or(json!({}), |item| json!({"Item": item}))),
        _ => {}
    }
    let key = key(if operation == "PutItem" { &input["Item"] } else { &input["Key"] });
    let old = items.get(&key).cloned();
    if !is_met(input, &old.clone().unwrap_or_default()) {
        let mut failure = json!({"__type": "ConditionalCheckFailedException", "message": "no"});
        if let Some(old) = old.filter(|_| input["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD") {
            failure["Item"] = old;
        }
        return (400, failure);
    }
    match operation {
        "PutItem" => drop(items.insert(key, input["Item"].clone())),
        "DeleteItem" => drop(items.remove(&key)),
        "UpdateItem" => drop(items.insert(key, updated(input, old.clone()))),
        other => panic!("{other} is not there"),
    }
    (200, old.filter(|_| input["ReturnValues"] == "ALL_OLD").map_or(json!({}), |old| json!({"Attributes": old})))
}

fn query(items: &Items, input: &Value) -> Value {
    let values = &input["ExpressionAttributeValues"];
    let (from, to) = match input["KeyConditionExpression"].as_str() {
        Some("torrent = :torrent") => (Vec::new(), vec![0xff; 32]),
        Some("torrent = :torrent AND peer BETWEEN :from AND :to") => (binary(&values[":from"]), binary(&values[":to"])),
        other => panic!("{other:?} is not known"),
    };
    let torrent = binary(&values[":torrent"]);
    let limit = usize::try_from(input["Limit"].as_u64().expect("a limit")).expect("a number");
    let found = items.range((torrent.clone(), from)..=(torrent, to)).map(|(_, item)| item);
    let read: Vec<&Value> = match input["ScanIndexForward"].as_bool() {
        Some(false) => found.rev().take(limit).collect(),
        _ => found.take(limit).collect(),
    };
    let is_wanted = |item: &&&Value| match input["FilterExpression"].as_str() {
        None => true,
        Some("expires > :now") => number(&item["expires"]) > number(&values[":now"]),
        other => panic!("{other:?} is not known"),
    };
    let mut output = json!({"Items": read.iter().filter(is_wanted).collect::<Vec<_>>()});
    // Like the real one, it does not look whether anything follows.
    if let Some(last) = read.last().filter(|_| read.len() == limit) {
        output["LastEvaluatedKey"] = json!({"torrent": last["torrent"], "peer": last["peer"]});
    }
    output
}

fn updated(input: &Value, old: Option<Value>) -> Value {
    let mut item = old.unwrap_or_else(|| input["Key"].clone());
    let expression = input["UpdateExpression"].as_str().expect("an expression");
    let (set, removed) = expression.split_once(" REMOVE ").unwrap_or((expression, ""));
    if set == "ADD completed :one" {
        item["completed"] = json!({"N": (number(&item["completed"]) + 1).to_string()});
    } else {
        for pair in set.strip_prefix("SET ").expect("what to set").split(", ") {
            let (name, value) = pair.split_once(" = ").expect("a value");
            item[name] = input["ExpressionAttributeValues"][value].clone();
        }
    }
    let attributes = item.as_object_mut().expect("an item");
    attributes.retain(|name, _| !removed.split(", ").any(|removed| removed == name));
    item
}

/// Whether the condition of a write is met by the item that is there.
fn is_met(input: &Value, old: &Value) -> bool {
    let values = &input["ExpressionAttributeValues"];
    let at_most = |name: &str, value: &str| number(&old[name]) <= number(&values[value]);
    let is_later = || old["up"].is_null() || at_most("up", ":up") && at_most("down", ":down");
    match input["ConditionExpression"].as_str() {
        None => true,
        Some("attribute_not_exists(torrent)") => old.is_null(),
        Some("attribute_exists(peer)") => !old.is_null(),
        Some("attribute_exists(peer) AND (attribute_not_exists(slow_until) OR slow_until <= :slow_until)") => {
            !old.is_null() && at_most("slow_until", ":slow_until")
        }
        Some("expires = :expires") => old["expires"] == values[":expires"],
        Some("attribute_not_exists(up) OR (up <= :up AND down <= :down)") => is_later(),
        Some("attribute_exists(ipv6) AND (attribute_not_exists(up) OR (up <= :up AND down <= :down))") => {
            !old["ipv6"].is_null() && is_later()
        }
        other => panic!("{other:?} is not known"),
    }
}

fn number(value: &Value) -> u64 {
    value["N"].as_str().unwrap_or("0").parse().expect("a number")
}

fn key(item: &Value) -> (Vec<u8>, Vec<u8>) {
    (binary(&item["torrent"]), binary(&item["peer"]))
}

fn binary(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value["B"].as_str().expect("bytes")).expect("base64")
}
