use super::*;
use crate::object::{BucketName, ObjectKey};

fn head() -> ObjectHead {
    let etag = ETag::new("\"e\"").unwrap();
    ObjectHead { version_id: Some("v1".to_owned()), ..ObjectHead::new(3, etag) }
}

fn object() -> ObjectId {
    let (bucket, key) = (BucketName::new("data").unwrap(), ObjectKey::try_from("a".to_owned()).unwrap());
    ObjectId { bucket, key, version_id: None }
}

fn sidecar() -> Sidecar {
    let metadata = metadata(&object(), &head(), "0a");
    Sidecar { etag: "\"s\"".to_owned(), metadata, bytes: Vec::new() }
}

#[test]
fn is_of_the_very_version_it_was_made_from() {
    assert!(sidecar().was_made_from(&head()));
    assert!(!sidecar().was_made_from(&ObjectHead { length: 4, ..head() }));
    assert!(!sidecar().was_made_from(&ObjectHead { etag: ETag::new("\"f\"").unwrap(), ..head() }));
    assert!(!sidecar().was_made_from(&ObjectHead { version_id: None, ..head() }));
}

#[test]
fn another_format_is_not_believed() {
    let mut sidecar = sidecar();
    sidecar.metadata.insert(FORMAT_NAME.to_owned(), "2".to_owned());
    assert!(!sidecar.was_made_from(&head()));
}

#[test]
fn the_source_is_named_by_the_hash_of_bucket_and_key() {
    // printf data/a | sha1sum
    assert_eq!(sidecar().metadata[KEY_SHA1], "9f09093e4b23584d5975610a1fabaabb49555c8b");
}
