//! A test S3 in this process, on 127.0.0.1, for the real SDK over real TCP. s3s speaks the protocol and
//! verifies signatures; the rest is ours: objects (synthetic ones of any length too), versions, rights,
//! scripted faults, a log of the calls.
//!
//! ```
//! let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
//! s3.put("data", "movie.mkv", Content::random(5 << 30, 7));
//! s3.fault(Matcher::get().nth(3), Fault::CutBody(1000));
//! // … point AWS_ENDPOINT_URL_S3 at s3.endpoint(), or use s3.client() …
//! assert!(s3.peak_gets() <= 8);
//! ```
//!
//! It answers as Amazon S3 does, down to what S3 leaves unsaid (HEAD errors without a body, 403 in place of
//! 404 for who may not list). It ends when it is dropped, its connections with it.
//! It runs on the test's runtime: a test that blocks a single-threaded one waits for itself.
//!
//! Objects are uploaded in parts too, with the checksums clients like to send; `Object::parts` makes one that was.
//! `examples/test_s3.rs` is this server as a program.
//!
//! Not there yet: lists of uploads and parts.

#![allow(dead_code, unused_imports, reason = "it offers more than the tests of the day use")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aws_sdk_s3::config::SharedHttpClient;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod auth;
mod body;
mod calls;
mod checksum;
mod client;
mod connection;
mod content;
mod errors;
mod fault;
mod front;
mod hosts;
mod listing;
mod matcher;
mod multipart;
mod object;
mod operations;
mod outputs;
mod parts;
mod policy;
mod reading;
mod region;
mod store;
#[cfg(test)]
mod tests;
mod uploads;
mod writing;

pub(crate) use auth::Identity;
pub(crate) use calls::{Call, Operation};
pub(crate) use checksum::{Algorithm, Checksum};
pub(crate) use content::Content;
pub(crate) use fault::Fault;
pub(crate) use matcher::Matcher;
pub(crate) use object::Object;
pub(crate) use parts::{Part, Parts};
pub(crate) use policy::{Rights, Who};
pub(crate) use store::{Bucket, Store};

use auth::Identities;
use front::Front;
use hosts::{Hosts, Network};
use operations::Operations;

/// A running server. What it holds is changed through [`Store`]'s methods, which it has as its own.
pub(crate) struct FakeS3 {
    address: SocketAddr,
    front: Arc<Front>,
    serving: JoinHandle<Infallible>,
}

impl FakeS3 {
    /// A server with these buckets, that knows [`Identity::role`].
    pub(crate) async fn start(buckets: impl IntoIterator<Item = Bucket>) -> Self {
        Self::start_with(buckets, []).await
    }

    /// One that knows further identities.
    pub(crate) async fn start_with(
        buckets: impl IntoIterator<Item = Bucket>,
        identities: impl IntoIterator<Item = Identity>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        Self::start_on(listener, buckets, identities)
    }

    /// One that listens where it is told to.
    pub(crate) fn start_on(
        listener: TcpListener,
        buckets: impl IntoIterator<Item = Bucket>,
        identities: impl IntoIterator<Item = Identity>,
    ) -> Self {
        let identities: Identities = [Identity::role()].into_iter().chain(identities).collect();
        let store = Arc::new(Store::default());
        for bucket in buckets {
            store.add(bucket);
        }
        let mut service = S3ServiceBuilder::new(Operations { store: Arc::clone(&store) });
        service.set_auth(identities.clone());
        service.set_access(identities);
        service.set_host(Hosts);
        let front = Arc::new(Front::new(service.build(), store));
        let address = listener.local_addr().expect("a bound listener");
        let serving = tokio::spawn(front::serve(listener, Arc::clone(&front)));
        Self { address, front, serving }
    }

    /// For `AWS_ENDPOINT_URL_S3`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// For an SDK without an endpoint: S3's own host names, of every region, lead here.
    pub(crate) fn as_aws(&self) -> SharedHttpClient {
        SharedHttpClient::new(Network::new(self.endpoint()))
    }

    /// The SDK, signing as [`Identity::role`].
    pub(crate) fn client(&self) -> aws_sdk_s3::Client {
        self.client_of(&Identity::role())
    }

    /// The SDK, signing as someone, whom the server need not know.
    pub(crate) fn client_of(&self, identity: &Identity) -> aws_sdk_s3::Client {
        client::client(&self.endpoint(), Some(identity))
    }

    /// The SDK, not signing.
    pub(crate) fn anonymous_client(&self) -> aws_sdk_s3::Client {
        client::client(&self.endpoint(), None)
    }

    /// Lets a fault befall the requests that match; several may befall one.
    pub(crate) fn fault(&self, matcher: Matcher, fault: Fault) {
        self.front.faults.add(matcher, fault);
    }

    /// Decides about each request as it comes, after the scripted faults: for fault plans by seed.
    pub(crate) fn fault_plan(&self, plan: impl FnMut(&Call) -> Vec<Fault> + Send + 'static) {
        self.front.faults.set_plan(Box::new(plan));
    }

    /// Forgets all faults, the plan too.
    pub(crate) fn clear_faults(&self) {
        self.front.faults.clear();
    }

    /// Every answer begins this much later.
    pub(crate) fn set_latency(&self, latency: Duration) {
        self.front.speed.set_latency(latency);
    }

    /// What a connection may send in a second; 0 for as fast as it goes.
    pub(crate) fn set_bytes_per_second(&self, rate: u64) {
        self.front.speed.set_bytes_per_second(rate);
    }

    /// All requests so far, in the order they came.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.front.log.calls()
    }

    /// Those of one operation.
    pub(crate) fn calls_of(&self, operation: Operation) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// Forgets the calls and the peak.
    pub(crate) fn clear_calls(&self) {
        self.front.log.clear();
    }

    /// GETs of objects that are served right now.
    pub(crate) fn active_gets(&self) -> usize {
        self.front.log.active_gets()
    }

    /// The most GETs of objects served at once.
    pub(crate) fn peak_gets(&self) -> usize {
        self.front.log.peak_gets()
    }

    /// Connections that are open right now.
    pub(crate) fn connections(&self) -> usize {
        self.front.connections.load(Ordering::SeqCst)
    }
}

impl Deref for FakeS3 {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.front.store
    }
}

impl Drop for FakeS3 {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
