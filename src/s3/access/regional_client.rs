//! A client for buckets in any region. If S3 answers that a bucket is in another region, the call is repeated there.
//! The SDK for Rust does not do that by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_s3::{
    Client,
    config::{Region, http::HttpResponse},
    error::SdkError,
};

use super::{Waits, bucket_regions::BucketRegions};
use crate::object::BucketName;

/// An identity that calls S3, with one client for each region.
#[derive(Clone, Debug)]
pub struct RegionalClient {
    /// The client of the function's own region.
    pub home: Client,
    pub(super) regions: Arc<BucketRegions>,
    clients: Arc<Mutex<HashMap<String, Client>>>,
    /// How long callers wait for S3.
    pub(in crate::s3) waits: Arc<Waits>,
}

impl RegionalClient {
    /// Starts from `home`, the client of the function's own region.
    pub(super) fn new(home: Client, regions: Arc<BucketRegions>, waits: Arc<Waits>) -> Self {
        Self { home, regions, clients: Arc::default(), waits }
    }

    /// Calls `ask` with the client of `bucket`'s region, and again if S3 names another region.
    pub(super) async fn call<O, E, F>(
        &self,
        bucket: &BucketName,
        ask: impl Fn(Client) -> F,
    ) -> Result<O, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        let asked = self.regions.region_of(bucket);
        // Boxed: the SDK's futures are large.
        let sent = Box::pin(ask(self.client_in(&asked))).await;
        match sent.as_ref().map_err(SdkError::raw_response) {
            Err(Some(answer)) if self.regions.learn(bucket, &asked, answer) => {
                return Box::pin(ask(self.client_in(&self.regions.region_of(bucket)))).await;
            }
            Ok(_) => self.regions.confirm(bucket, &asked),
            Err(Some(answer)) if is_refusal(answer) => self.regions.confirm(bucket, &asked),
            Err(_) => {}
        }
        sent
    }

    fn client_in(&self, region: &str) -> Client {
        let config = self.home.config();
        if config.region().is_some_and(|home| home.as_ref() == region) {
            return self.home.clone();
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let new_client = || Client::from_conf(config.to_builder().region(Region::new(region.to_owned())).build());
        clients.entry(region.to_owned()).or_insert_with(new_client).clone()
    }
}

/// Returns whether the answer refuses the call itself, which S3 does only in the bucket's own region.
fn is_refusal(answer: &HttpResponse) -> bool {
    matches!(answer.status().as_u16(), 401..=499)
}
