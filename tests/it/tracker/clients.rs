//! Clients of a tracker, and its responses.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    ops::Range,
    sync::Arc,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use get_object_torrent::{config::TrackerConfig, metrics::Metrics, table::Limits, tracker::function};
use lambda_http::{Context, LambdaEvent};
use serde::Deserialize;
use serde_bytes::ByteBuf;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::{
    fake_table::{FakeTable, TABLE},
    harness::{function_url, on_lambda},
    log::listen,
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

/// A response to an announce or a scrape, or a failure.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Response {
    pub(super) complete: u64,
    pub(super) downloaded: u64,
    pub(super) incomplete: u64,
    pub(super) interval: u64,
    #[serde(rename = "min interval")]
    pub(super) min_interval: u64,
    peers: ByteBuf,
    peers6: ByteBuf,
    pub(super) files: BTreeMap<ByteBuf, Response>,
    #[serde(rename = "failure reason")]
    pub(super) failure: String,
    #[serde(rename = "retry in")]
    pub(super) retry_in: u64,
    #[serde(rename = "warning message")]
    pub(super) warning: String,
}

#[derive(Clone, Copy)]
pub(super) struct Client {
    pub(super) address: SocketAddr,
    pub(super) left: u64,
}

impl Client {
    pub(super) fn seeder(address: &str) -> Self {
        Self { address: address.parse().expect("an address"), left: 0 }
    }

    pub(super) fn leecher(address: &str) -> Self {
        Self { left: 7, ..Self::seeder(address) }
    }

    /// The query, in which every byte of the hash is escaped. The peer ID follows from the address.
    pub(super) fn query(&self, torrent: [u8; 20], more: &str) -> String {
        let id = format!("{:-<20}", self.address.to_string().replace([':', '[', ']'], "x"));
        let Self { address, left } = self;
        format!("{}&peer_id={}&port={}&left={left}{more}", info_hash(&torrent), &id[..20], address.port())
    }
}

/// The parameter `info_hash`.
pub(super) fn info_hash(torrent: &[u8; 20]) -> String {
    format!("info_hash=%{}", torrent.map(|byte| format!("{byte:02x}")).join("%"))
}

impl Tracker {
    /// One that has registered [`TORRENT`], and the leechers 10.0.0.0 and up.
    pub(super) async fn start(leechers: u32) -> Self {
        Self::with(leechers, Limits::TRACKER, &[]).await
    }

    /// The same with other limits, and with variables.
    pub(super) async fn with(leechers: u32, limits: Limits, variables: &[(&str, &str)]) -> Self {
        listen();
        let table = FakeTable::start().await;
        table.put(TORRENT, &[0], json!({}));
        let variables = [&[("TRACKER_TABLE", TABLE)], variables].concat();
        let lookup = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
        let config = TrackerConfig::from_lookup(lookup).expect("a configuration");
        let function = function::Tracker::new(table.client(limits), &config);
        let tracker = Self { table, function, lambda: Arc::default() };
        tracker.plant(0..leechers, 7, FUTURE);
        tracker
    }

    /// The same where CloudWatch reads the log.
    pub(super) fn with_metrics(self, metrics: Metrics) -> Self {
        Self { function: self.function.with_metrics(metrics), lambda: on_lambda(), ..self }
    }

    /// Puts leechers at the addresses from 10.0.0.0 on into the table.
    pub(super) fn plant(&self, addresses: Range<u32>, left: u64, expires: u64) {
        for number in addresses {
            let address = [&[10][..], &number.to_be_bytes()[1..], &[0x1a, 0xe1]].concat();
            let number = |number: u64| json!({"N": number.to_string()});
            let item = json!({
                "id": {"B": BASE64_STANDARD.encode([&[0; 14][..], &address].concat())},
                "left": number(left), "up": number(0), "down": number(0), "expires": number(expires),
            });
            self.table.put(TORRENT, &[&Sha1::digest(&address[..4])[..8], &address].concat(), item);
        }
    }

    /// The function's answer to an event.
    pub(super) async fn send(&self, event: Value) -> Value {
        let mut context = Context::default();
        context.env_config = Arc::clone(&self.lambda);
        self.function.clone().handle(LambdaEvent::new(event, context)).await.expect("a response")
    }

    pub(super) async fn get(&self, address: &str, path: &str, query: &str) -> Response {
        let answer = self.send(event(address, path, query)).await;
        assert_eq!((&answer["statusCode"], &answer["headers"]["content-type"]), (&json!(200), &json!("text/plain")));
        assert_eq!(answer["isBase64Encoded"], true);
        let body = BASE64_STANDARD.decode(answer["body"].as_str().expect("a body")).expect("base64");
        serde_bencode::from_bytes(&body).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&body)))
    }

    pub(super) async fn announce(&self, client: Client, more: &str) -> Response {
        self.announce_from(&client.address.ip().to_string(), client, more).await
    }

    /// The same from another address of the client's.
    pub(super) async fn announce_from(&self, address: &str, client: Client, more: &str) -> Response {
        let response = self.get(address, "/announce", &client.query(TORRENT, more)).await;
        assert_eq!(response.failure, "");
        response
    }

    pub(super) async fn scrape(&self, torrents: &[[u8; 20]]) -> Response {
        let query = torrents.iter().map(info_hash).collect::<Vec<_>>().join("&");
        self.get("192.0.2.99", "/scrape", &query).await
    }

    /// The statistics of [`TORRENT`].
    pub(super) async fn statistics(&self) -> Response {
        self.scrape(&[TORRENT]).await.files.remove(&ByteBuf::from(TORRENT)).expect("a registered torrent")
    }
}

impl Response {
    /// The peers, in order.
    pub(super) fn peers(&self) -> Vec<String> {
        let (v4, v6) = (self.peers.chunks(6), self.peers6.chunks(18));
        let mut peers: Vec<String> = v4.chain(v6).map(|peer| address(peer).to_string()).collect();
        peers.sort();
        peers
    }
}

/// The address and port that are in network byte order in `compact`.
fn address(compact: &[u8]) -> SocketAddr {
    let (ip, port) = compact.split_last_chunk::<2>().expect("a port");
    let ip = <[u8; 4]>::try_from(ip).map(IpAddr::from).or_else(|_| <[u8; 16]>::try_from(ip).map(IpAddr::from));
    SocketAddr::new(ip.expect("an address"), u16::from_be_bytes(*port))
}

/// As a Function URL makes it.
pub(super) fn event(address: &str, path: &str, query: &str) -> Value {
    let mut event = function_url("GET", path, query, &[("user-agent", "test")]);
    event["requestContext"]["http"]["sourceIp"] = address.into();
    event
}
