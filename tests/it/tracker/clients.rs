//! Clients of a tracker, and what they are answered.

use std::{collections::BTreeMap, fmt::Write, net::SocketAddr, ops::Range, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use get_object_torrent::{metrics::Metrics, tracker::function};
use lambda_http::{Context, LambdaEvent, Service};
use serde::Deserialize;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::{
    fake_table::{FakeTable, TABLE},
    harness::{on_lambda, sdk},
};

pub(super) const TORRENT: [u8; 20] = *b"\0\xff%&+= ?#abcdefghijk";
/// A time to come.
pub(super) const FUTURE: u64 = 1 << 40;

/// The function, and its table.
pub(super) struct Tracker {
    pub(super) table: FakeTable,
    function: function::Tracker,
    lambda: Arc<lambda_runtime::Config>,
}

/// What an announce is answered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Announced {
    pub(super) complete: u64,
    pub(super) downloaded: u64,
    pub(super) incomplete: u64,
    pub(super) interval: u64,
    #[serde(rename = "min interval")]
    pub(super) min_interval: u64,
    peers: ByteBuf,
    peers6: ByteBuf,
}

/// What a scrape is answered.
#[derive(Debug, Deserialize)]
pub(super) struct Scraped {
    pub(super) files: BTreeMap<ByteBuf, File>,
}

#[derive(Debug, Deserialize, PartialEq, Eq)]
pub(super) struct File {
    pub(super) complete: u64,
    pub(super) downloaded: u64,
    pub(super) incomplete: u64,
}

/// What a client gets that gets nothing else.
#[derive(Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub(super) struct Failed {
    #[serde(rename = "failure reason")]
    pub(super) reason: String,
    pub(super) interval: Option<u64>,
    #[serde(rename = "retry in")]
    pub(super) retry_in: Option<u64>,
}

/// A client.
#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) left: u64,
}

impl Client {
    pub(super) fn seed(address: &str) -> Self {
        Self { address: address.parse().expect("an address"), left: 0 }
    }

    pub(super) fn leecher(address: &str) -> Self {
        Self { left: 7, ..Self::seed(address) }
    }

    /// The query, in which every byte of the hash is escaped. The address is the name, too.
    pub(super) fn query(&self, torrent: [u8; 20], more: &str) -> String {
        let id = format!("{:-<20}", self.address.to_string().replace([':', '[', ']'], "x"));
        let Self { address, left } = self;
        format!("info_hash={}&peer_id={}&port={}&left={left}{more}", escaped(&torrent), &id[..20], address.port())
    }
}

pub(super) fn escaped(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "%{byte:02x}").expect("a text");
        text
    })
}

impl Tracker {
    /// One that has registered [`TORRENT`].
    pub(super) async fn start() -> Self {
        let table = FakeTable::start().await;
        table.register(TORRENT);
        let function =
            function::Tracker::new(&sdk(&table.endpoint, Some(&test_s3::Identity::role())), TABLE.to_owned());
        Self { table, function, lambda: Arc::default() }
    }

    /// The same where CloudWatch reads the log.
    pub(super) fn with_metrics(self, metrics: Metrics) -> Self {
        Self { function: self.function.with_metrics(metrics), lambda: on_lambda(), ..self }
    }

    /// The response to an event as it is.
    pub(super) async fn send(&self, event: Value) -> Value {
        let mut context = Context::default();
        "the-request".clone_into(&mut context.request_id);
        context.env_config = Arc::clone(&self.lambda);
        let answer = function::service(self.function.clone()).call(LambdaEvent::new(event, context)).await;
        answer.expect("a response, whatever happens")
    }

    /// The body of a 200.
    pub(super) async fn get(&self, address: &str, path: &str, query: &str) -> Vec<u8> {
        let response = self.send(event(address, path, query)).await;
        assert_eq!(
            (&response["statusCode"], &response["headers"]["content-type"]),
            (&json!(200), &json!("text/plain"))
        );
        assert_eq!(response["isBase64Encoded"], true);
        BASE64_STANDARD.decode(response["body"].as_str().expect("a body")).expect("base64")
    }

    pub(super) async fn announce(&self, client: Client, more: &str) -> Announced {
        self.announce_from(&client.address.ip().to_string(), client, more).await
    }

    /// The same from another address of the client's.
    pub(super) async fn announce_from(&self, address: &str, client: Client, more: &str) -> Announced {
        let query = client.query(TORRENT, more);
        let body = self.get(address, "/announce", &query).await;
        serde_bencode::from_bytes(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body)))
    }

    /// Puts leechers into the table, as versions before this one wrote them: one at each of the addresses 10.0.0.0 and up.
    pub(super) fn plant(&self, addresses: Range<u32>, left: u64, expires: u64) {
        for number in addresses {
            let address = [&[10][..], &number.to_be_bytes()[1..], &[0x1a, 0xe1]].concat();
            let number = |number: u64| json!({"N": number.to_string()});
            let item = json!({
                "id": {"B": BASE64_STANDARD.encode([&[0; 14][..], &address].concat())},
                "left": number(left), "up": number(0), "down": number(0), "expires": number(expires),
            });
            self.table.put(TORRENT, &[&Sha1::digest(&address)[..8], &address].concat(), item);
        }
    }

    pub(super) async fn scrape(&self, torrents: &[[u8; 20]]) -> Scraped {
        let query = torrents.iter().map(|torrent| format!("info_hash={}", escaped(torrent))).collect::<Vec<_>>();
        let body = self.get("192.0.2.99", "/scrape", &query.join("&")).await;
        serde_bencode::from_bytes(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body)))
    }

    pub(super) async fn failure(&self, path: &str, query: &str) -> Failed {
        let body = self.get("192.0.2.99", path, query).await;
        serde_bencode::from_bytes(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body)))
    }
}

impl Announced {
    /// The peers, in order.
    pub(super) fn peers(&self) -> Vec<String> {
        let port = |bytes: &[u8]| u16::from_be_bytes(bytes.try_into().expect("two bytes"));
        let (v4, v6) = (self.peers.as_chunks::<6>(), self.peers6.as_chunks::<18>());
        assert!(v4.1.is_empty() && v6.1.is_empty(), "{self:?}");
        let v4 = v4.0.iter().map(|peer| {
            let address: [u8; 4] = peer[..4].try_into().expect("four bytes");
            SocketAddr::from((address, port(&peer[4..])))
        });
        let v6 = v6.0.iter().map(|peer| {
            let address: [u8; 16] = peer[..16].try_into().expect("sixteen bytes");
            SocketAddr::from((address, port(&peer[16..])))
        });
        let mut peers: Vec<String> = v4.chain(v6).map(|peer| peer.to_string()).collect();
        peers.sort();
        peers
    }
}

/// As a Function URL makes it.
pub(super) fn event(address: &str, path: &str, query: &str) -> Value {
    let mut event = crate::harness::function_url("GET", path, query, &[("user-agent", "test")]);
    event["requestContext"]["http"]["sourceIp"] = address.into();
    event
}
