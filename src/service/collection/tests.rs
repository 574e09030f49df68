use std::sync::Arc;

use super::{left_out::LeftOut, *};
use crate::{
    config::{Account, Config},
    object::{BucketName, ObjectId, SidecarLocation},
    service::{Subject, checks::choose_piece_length},
    torrent::PieceLength,
};

fn key(text: &str) -> ObjectKey {
    ObjectKey::try_from(text.to_owned()).unwrap()
}

fn listed(key: &str, size: u64) -> ListedObject {
    let etag = ETag::new("\"e\"").unwrap();
    ListedObject { key: key.to_owned(), etag, size, last_modified: Some(size.cast_signed()), archived: false }
}

fn checked(prefix: &str, keys: &[&str]) -> Result<(), (String, BadName)> {
    let members: Vec<_> = keys.iter().map(|key| Member::from(listed(key, 1))).collect();
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
    LeftOut::new(&id, location).retain(&mut objects);
    objects.into_iter().map(|object| object.key).collect()
}

fn location(bucket: Option<&str>, prefix: &str) -> SidecarLocation {
    let bucket = bucket.map(|name| BucketName::new(name).unwrap());
    SidecarLocation { bucket, prefix: prefix.to_owned(), suffix: ".torrent".to_owned() }
}

#[test]
fn names_that_clients_cannot_ask_for_or_store_are_refused() {
    assert_eq!(checked("a b/é/", &["CON", "a:b", " x.", "b", "b-c", &"n".repeat(255)]), Ok(()));
    for (name, fault) in [
        ("b//c", BadName::Empty),
        ("b/", BadName::Empty),
        ("b/./c", BadName::Dots),
        ("..", BadName::Dots),
        ("b\\c", BadName::Character),
        ("b\u{1}", BadName::Character),
        ("\u{7f}", BadName::Character),
        ("\u{85}/c", BadName::Character),
        (&"n".repeat(256), BadName::TooLong),
    ] {
        assert_eq!(checked("p/", &["a", name]), Err((format!("p/{name}"), fault)));
    }
    for prefix in ["p//", "/p/", "../p/", "p\\/"] {
        assert!(checked(prefix, &["a"]).is_err(), "{prefix}");
    }
}

#[test]
fn an_object_that_is_a_folder_too_is_refused() {
    assert_eq!(checked("p/", &["a", "a-b", "a/b"]), Err(("p/a".to_owned(), BadName::Folder)));
    assert_eq!(checked("p/", &["a-b", "a/b", "aa"]), Ok(()));
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
    let collection = Collection::new(&key("p/"), vec![listed("a", 0), listed("b", 5)], false).unwrap();
    let head = collection.head();
    let expected = hex::encode(Sha256::digest("p/a\0\"e\"\u{0}0\np/b\0\"e\"\u{0}5\n"));
    assert_eq!((head.etag.unquoted(), head.length, head.last_modified), (expected.as_str(), 5, Some(5)));
}

#[test]
fn only_empty_objects_make_no_torrent() {
    let only = Collection::new(&key("p/"), vec![listed("a", 0), listed("b", 0)], false);
    assert_eq!(only.map(|_| ()), Err(CollectionError::OnlyEmpty { count: 2 }));
    let endless = Collection::new(&key("p/"), vec![listed("a", u64::MAX), listed("b", 1)], false);
    assert_eq!(endless.map(|_| ()), Err(CollectionError::Endless));
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
        let collection = Collection::new(&key("p/"), objects, false).unwrap();
        let subject = Subject { head: Arc::new(collection.head()), collection: Some(Arc::new(collection)) };
        choose_piece_length(&subject, &config).map(PieceLength::get).map_err(|error| error.to_string())
    };
    assert_eq!(PieceLength::for_object_of(20_000 * (160 << 20)).get(), 16 << 20);
    assert_eq!(chosen(""), Ok(32 << 20));
    let fixed = chosen("16777216");
    assert!(
        fixed.as_ref().is_err_and(|message| message.contains("20000 objects") && message.contains("4500000")),
        "{fixed:?}"
    );
}
