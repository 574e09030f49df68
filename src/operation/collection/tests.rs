use proptest::{
    collection::{btree_set, vec},
    prelude::*,
    sample::select,
};

use super::{exclusions::Exclusions, *};
use crate::{
    config::Account,
    object::{BucketName, SidecarLocation},
    operation::checks::check,
    torrent::{File, PieceLength, Pieces},
};

fn key(text: &str) -> ObjectKey {
    ObjectKey::try_from(text.to_owned()).unwrap()
}

fn listed(key: &str, size: u64) -> ListedObject {
    let etag = ETag::new("\"e\"").unwrap();
    ListedObject { key: key.to_owned(), etag, size, last_modified: Some(size.cast_signed()), archived: false }
}

fn checked(prefix: &str, keys: &[&str]) -> Result<(), (String, BadName)> {
    let mut members: Vec<_> = keys.iter().map(|key| Member::from(listed(key, 1))).collect();
    members.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    names::check(&key(prefix), &members).map_err(|error| match error {
        CollectionError::Name { key, name } => (key, name),
        other => panic!("{other}"),
    })
}

/// What is kept of objects with a byte each; a size of 0 is written as a leading `-`.
fn kept(prefix: &str, location: &SidecarLocation, keys: &[&str]) -> Vec<String> {
    let id = ObjectId { bucket: BucketName::new("data").unwrap(), key: key(prefix), version_id: None };
    let object = |text: &&str| text.strip_prefix('-').map_or_else(|| listed(text, 1), |key| listed(key, 0));
    let mut objects: Vec<_> = keys.iter().map(object).collect();
    objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    Exclusions::new(&id, location).remove_from(&mut objects);
    objects.into_iter().map(|object| object.key).collect()
}

fn location(bucket: Option<&str>, prefix: &str) -> SidecarLocation {
    let bucket = bucket.map(|name| BucketName::new(name).unwrap());
    SidecarLocation { bucket, prefix: prefix.to_owned(), suffix: ".torrent".to_owned() }
}

/// The rule of docs/SEMANTICS.md, for one path beside another.
fn are_in_each_others_way(one: &str, other: &str) -> bool {
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(one), parts(other));
    let differ_in_case = (1..=one.len().min(other.len())).any(|depth| {
        let (one, other) = (one[..depth].join("/"), other[..depth].join("/"));
        one != other && one.eq_ignore_ascii_case(&other)
    });
    differ_in_case || (other.len() > one.len() && other.starts_with(&one))
}

proptest! {
    #[test]
    fn the_first_name_in_the_way_of_another_is_refused(
        keys in btree_set(vec(select(vec!["a", "A", "b", "a-", "A-"]), 1..4).prop_map(|parts| parts.join("/")), 1..6),
    ) {
        let expected = keys.iter().find(|key| keys.iter().any(|other| are_in_each_others_way(key, other)));
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        prop_assert_eq!(checked("p/", &keys).err().map(|(key, _)| key), expected.map(|key| format!("p/{key}")));
    }
}

#[test]
fn folder_markers_and_what_this_service_writes_are_left_out() {
    let version = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH";
    let of_version = format!("a.{version}.torrent");
    let keys = ["-", "-sub/", "sub/b", "a", "a.torrent", "sub/.torrent", ".torrent", &of_version, "a.null.torrent"];
    assert_eq!(kept("p/", &location(None, ""), &keys), ["a", "sub/b"]);
    let others = ["other.torrent", "a", "a.v2.torrent", "-empty", "torrent-jobs/x"];
    assert_eq!(
        kept("p/", &location(None, ""), &others),
        ["a", "a.v2.torrent", "empty", "other.torrent", "torrent-jobs/x"]
    );
}

#[test]
fn sidecars_are_known_by_their_own_place() {
    let keys = ["a", "a.torrent", "t/p/a.torrent", "t/torrent-jobs/id/items.json"];
    assert_eq!(kept("p/", &location(None, "p/t/"), &keys), ["a", "a.torrent"]);
    assert_eq!(kept("p/", &location(Some("other"), ""), &keys), keys);
    assert_eq!(kept("p/", &location(Some("data"), "p/"), &["a", "data/p/a.torrent"]), ["a"]);
}

#[test]
fn the_etag_covers_keys_etags_and_sizes() {
    let head = subject(&key("p/"), vec![listed("a", 0), listed("b", 5)], false).unwrap().head;
    let expected = hex::encode(Sha256::digest("p/a\0\"e\"\u{0}0\np/b\0\"e\"\u{0}5\n"));
    assert_eq!((head.etag.unquoted(), head.length, head.last_modified), (expected.as_str(), 5, Some(5)));
    let endless = subject(&key("p/"), vec![listed("a", u64::MAX), listed("b", 1)], false);
    assert_eq!(endless.map(|_| ()), Err(CollectionError::Endless));
}

#[test]
fn a_torrent_s_files_are_the_objects_in_order() {
    let subject = subject(&key("p/"), vec![listed("a", 1), listed("b/c", 2)], false).unwrap();
    let files = subject.info("", 0, Pieces::from(Vec::new())).files;
    assert!(subject.has_files(&files) && !subject.has_files(&files[..1]) && !subject.has_files(&[]));
    let [a, b] = &files[..] else { panic!("{files:?}") };
    assert!(!subject.has_files(&[b.clone(), a.clone()]));
    assert!(!subject.has_files(&[a.clone(), File { length: 3, ..b.clone() }]));
    assert!(!subject.has_files(&[a.clone(), File { path: vec!["b/c".to_owned()], ..b.clone() }]));
}

#[test]
fn pieces_grow_until_the_torrent_fits_a_response_unless_their_length_is_fixed() {
    let chosen = |fixed: &str| {
        let account = Account { region: Some("us-east-1".to_owned()), ..Account::default() };
        let lookup = |name: &str| match name {
            "BUCKETS" => Some("data".to_owned()),
            "PIECE_LENGTH" => Some(fixed.to_owned()),
            _ => None,
        };
        let config = Config::from_lookup(lookup, account).unwrap();
        // 1.7 MB of names, and 200,000 pieces of 16 MiB.
        let objects = (0..20_000).map(|number| listed(&format!("{number:060}"), 160 << 20)).collect();
        let subject = subject(&key("p/"), objects, false).unwrap();
        check(&subject, &config).map(PieceLength::get).map_err(|error| error.to_string())
    };
    assert_eq!(PieceLength::for_object_of(20_000 * (160 << 20)).get(), 16 << 20);
    assert_eq!(chosen(""), Ok(32 << 20));
    let fixed = chosen("16777216");
    assert!(
        fixed.as_ref().is_err_and(|message| message.contains("20000 objects") && message.contains("4500000")),
        "{fixed:?}"
    );
}
