use super::*;
use crate::object::BucketName;

fn head() -> ObjectHead {
    ObjectHead { version_id: Some("v1".to_owned()), ..ObjectHead::of(3, "\"e\"".to_owned()) }
}

fn sidecar() -> Sidecar {
    let bucket = BucketName::new("data").unwrap();
    let object = ObjectId { bucket, key: "a".to_owned(), version_id: None };
    Sidecar { etag: "\"s\"".to_owned(), metadata: metadata_of(&object, &head(), "0a"), bytes: Vec::new() }
}

#[test]
fn is_of_the_very_version_it_was_made_from() {
    assert!(sidecar().is_of(&head()));
    assert!(!sidecar().is_of(&ObjectHead { length: 4, ..head() }));
    assert!(!sidecar().is_of(&ObjectHead { etag: "\"f\"".to_owned(), ..head() }));
    assert!(!sidecar().is_of(&ObjectHead { version_id: None, ..head() }));
}

#[test]
fn another_format_is_not_believed() {
    let mut sidecar = sidecar();
    sidecar.metadata.insert(FORMAT_NAME.to_owned(), "2".to_owned());
    assert!(!sidecar.is_of(&head()));
}

#[test]
fn the_source_is_named_by_the_hash_of_bucket_and_key() {
    // printf data/a | sha1sum
    assert_eq!(sidecar().metadata[KEY_SHA1], "9f09093e4b23584d5975610a1fabaabb49555c8b");
}
