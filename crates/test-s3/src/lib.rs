//! An S3 server for tests, on 127.0.0.1, which the real SDK talks to over real TCP. s3s speaks the protocol and
//! verifies signatures. This crate adds objects of any length, versions, rights, multipart uploads, faults that a test
//! asks for, and a log of the requests.
//!
//! ```
//! use test_s3::{Bucket, Content, FakeS3, Fault, Matcher};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let s3 = FakeS3::start([Bucket::public("data").versioned()]).await;
//! s3.put("data", "movie.mkv", Content::random(5 << 30, 7));
//! s3.fault(Matcher::get().nth(3), Fault::CutBody(1000));
//! // Set AWS_ENDPOINT_URL_S3 to s3.endpoint(), or use the SDK that talks to it:
//! s3.client().head_object().bucket("data").key("movie.mkv").send().await.unwrap();
//! assert_eq!(s3.calls().len(), 1);
//! # }
//! ```
//!
//! It answers as Amazon S3 does: errors of HEAD have no body, and a caller that may not list gets 403 instead of 404.
//! `docs/TESTING.md` says how it differs. Dropping it closes its connections. It runs on the test's runtime, which a test
//! must not block.
//!
//! The program `test-s3` is this server for clients in other processes.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use aws_sdk_s3::config::SharedHttpClient;
use s3s::service::S3ServiceBuilder;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

mod asked;
mod auth;
mod body;
mod calls;
mod checksum;
mod client;
mod connection;
mod content;
mod errors;
mod etag;
mod fault;
mod front;
mod hosts;
mod listing;
mod matcher;
mod multipart;
mod object;
mod operations;
mod outputs;
mod page;
mod parts;
mod policy;
mod reading;
mod region;
mod store;
#[cfg(test)]
mod tests;
mod writing;

pub use auth::Identity;
pub use calls::{Call, Operation};
pub use checksum::{Algorithm, Checksum};
pub use content::Content;
pub use fault::{Change, Fault};
pub use matcher::Matcher;
pub use object::Object;
pub use page::{ListPage, ListedObject, continuation_token};
pub use parts::{Part, Parts};
pub use policy::{Rights, Who};
pub use store::{Bucket, Store};

use auth::Identities;
use front::Front;
use hosts::Hosts;
use operations::Operations;

/// A running server. It has the methods of [`Store`], by which you change what it holds.
pub struct FakeS3 {
    address: SocketAddr,
    front: Arc<Front>,
    serving: JoinHandle<Infallible>,
}

impl FakeS3 {
    /// Starts a server with these buckets. It knows [`Identity::role`].
    ///
    /// # Panics
    ///
    /// It panics when there is no free port on 127.0.0.1.
    pub async fn start(buckets: impl IntoIterator<Item = Bucket>) -> Self {
        Self::start_with(buckets, []).await
    }

    /// Starts a server that knows other identities too.
    ///
    /// # Panics
    ///
    /// It panics when there is no free port on 127.0.0.1.
    pub async fn start_with(
        buckets: impl IntoIterator<Item = Bucket>,
        identities: impl IntoIterator<Item = Identity>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let identities = Identities([Identity::role()].into_iter().chain(identities).collect());
        let store = Arc::new(Store::default());
        buckets.into_iter().for_each(|bucket| store.add(bucket));
        let mut service = S3ServiceBuilder::new(Operations { store: Arc::clone(&store) });
        service.set_auth(identities.clone());
        service.set_access(identities);
        service.set_host(Hosts);
        let front = Arc::new(Front::new(service.build(), store));
        let address = listener.local_addr().expect("a bound listener");
        let serving = tokio::spawn(front::serve(listener, Arc::clone(&front)));
        Self { address, front, serving }
    }

    /// Returns the value for `AWS_ENDPOINT_URL_S3`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns an HTTP client for an SDK without an endpoint, which finds this server under S3's own host names.
    #[must_use]
    pub fn as_aws(&self) -> SharedHttpClient {
        hosts::network(self.endpoint())
    }

    /// Returns an SDK client that signs as [`Identity::role`].
    #[must_use]
    pub fn client(&self) -> aws_sdk_s3::Client {
        self.client_of(&Identity::role())
    }

    /// Returns an SDK client that signs as someone, whom the server need not know.
    #[must_use]
    pub fn client_of(&self, identity: &Identity) -> aws_sdk_s3::Client {
        client::client(&self.endpoint(), Some(identity))
    }

    /// Returns an SDK client that does not sign.
    #[must_use]
    pub fn anonymous_client(&self) -> aws_sdk_s3::Client {
        client::client(&self.endpoint(), None)
    }

    /// Adds a fault, which the matching requests meet. A request can meet several.
    pub fn fault(&self, matcher: Matcher, fault: Fault) {
        self.front.faults.add(matcher, fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.front.faults.clear();
    }

    /// Returns all requests so far, in the order in which they came.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.front.log.calls()
    }

    /// Returns the requests of one operation.
    #[must_use]
    pub fn calls_of(&self, operation: Operation) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// Forgets the requests and the peak.
    pub fn clear_calls(&self) {
        self.front.log.clear();
    }

    /// Returns how many GETs of objects are being served.
    #[must_use]
    pub fn active_gets(&self) -> usize {
        self.front.log.active_gets()
    }

    /// Returns the largest number of GETs of objects that were served at once.
    #[must_use]
    pub fn peak_gets(&self) -> usize {
        self.front.log.peak_gets()
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
