//! Events and responses of a Function URL (payload version 2.0). An event without the fields that are read here is a
//! request for nothing, so no event can fail.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::tracker::{Query, Refusal};

/// What the tracker reads of an event.
pub(super) struct Request<'a> {
    /// What it asks for: `announce`, `scrape`, or nothing that the tracker serves.
    pub(super) action: &'a str,
    pub(super) query: Query<'a>,
    pub(super) address: Result<IpAddr, Refusal>,
}

impl<'a> Request<'a> {
    pub(super) fn of(event: &'a Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let is_get = text("/requestContext/http/method") == "GET";
        let action = text("/rawPath").strip_prefix('/').filter(|_| is_get).unwrap_or_default();
        let address = text("/requestContext/http/sourceIp").parse().map_err(|_| Refusal::Address);
        Self { action, query: Query::new(text("/rawQueryString")), address }
    }
}

/// Returns the response 200. A Function URL takes a binary body as base64.
pub(super) fn ok(body: &[u8]) -> Value {
    response(200, &BASE64_STANDARD.encode(body), true)
}

/// Returns the response 404.
pub(super) fn not_found() -> Value {
    response(404, "The tracker serves /announce and /scrape.\n", false)
}

fn response(status: u16, body: &str, is_base64: bool) -> Value {
    json!({
        "statusCode": status,
        "headers": {"content-type": "text/plain", "cache-control": "no-store"},
        "body": body,
        "isBase64Encoded": is_base64,
    })
}
