//! `ETag`s, which the store keeps with their quotes and s3s without.

use s3s::dto::{ETag, ETagCondition};

/// Parses an `ETag` with its quotes.
pub(super) fn parse(etag: &str) -> ETag {
    ETag::parse_http_header(etag.as_bytes()).expect("the object's ETag is valid")
}

/// Whether the value of `If-Match` or `If-None-Match` includes the object's `ETag`.
pub(super) fn matches(condition: &ETagCondition, etag: &str) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(tag) => tag.value() == parse(etag).value(),
    }
}
