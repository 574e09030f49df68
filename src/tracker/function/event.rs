//! Events and responses of a Function URL (payload version 2.0). An event without the fields that are read here is a
//! request for nothing, so no event can fail.
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>

use std::net::IpAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use crate::tracker::{Query, RequestError};

/// What the tracker reads of an event.
pub(super) struct Request<'a> {
    pub(super) action: Action,
    pub(super) query: Query<'a>,
    pub(super) address: Result<IpAddr, RequestError>,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Announce,
    Scrape,
    Other,
}

impl Action {
    /// Returns the action's name in the log.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Announce => "announce",
            Self::Scrape => "scrape",
            Self::Other => "other",
        }
    }
}

impl<'a> Request<'a> {
    pub(super) fn of(event: &'a Value) -> Self {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let action = match (text("/requestContext/http/method"), text("/rawPath")) {
            ("GET", "/announce") => Action::Announce,
            ("GET", "/scrape") => Action::Scrape,
            _ => Action::Other,
        };
        let address = text("/requestContext/http/sourceIp").parse().map_err(|_| RequestError::Address);
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
