//! A client for buckets in any region. Asked in the wrong one, S3 names the right one, and the call is made again there:
//! once, which the SDK for Rust does not do by itself.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_sdk_s3::{
    Client,
    config::{Region, http::HttpResponse},
    error::SdkError,
};

use super::bucket_regions::BucketRegions;
use crate::object::BucketName;

/// One way to speak to S3, in every region: a client each.
#[derive(Clone, Debug)]
pub struct RegionalClient {
    home: Client,
    regions: Arc<BucketRegions>,
    clients: Arc<Mutex<HashMap<String, Client>>>,
}

impl RegionalClient {
    /// `home` is the client of the function's own region.
    pub(super) fn new(home: Client, regions: Arc<BucketRegions>) -> Self {
        Self { home, regions, clients: Arc::default() }
    }

    /// What `ask` gets by the client of `bucket`'s region.
    ///
    /// # Errors
    /// `ask`'s: its second, where the first one said that the bucket is elsewhere.
    pub(super) async fn call<O, E, F>(
        &self,
        bucket: &BucketName,
        ask: impl Fn(Client) -> F,
    ) -> Result<O, SdkError<E, HttpResponse>>
    where
        F: Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    {
        let asked = self.regions.of(bucket);
        // Boxed: the SDK's futures are large.
        let sent = Box::pin(ask(self.of(&asked))).await;
        match sent.as_ref().map_err(SdkError::raw_response) {
            Err(Some(answer)) if self.regions.learn(bucket, &asked, answer) => {
                return Box::pin(ask(self.of(&self.regions.of(bucket)))).await;
            }
            Ok(_) => self.regions.found(bucket, &asked),
            Err(Some(answer)) if says_no(answer) => self.regions.found(bucket, &asked),
            Err(_) => {}
        }
        sent
    }

    /// Whether S3 has told where `bucket` is.
    pub(super) fn knows(&self, bucket: &BucketName) -> bool {
        self.regions.knows(bucket)
    }

    /// Where `bucket` is, or is assumed to be.
    pub(super) fn region_of(&self, bucket: &BucketName) -> String {
        self.regions.of(bucket)
    }

    /// That of the function's own region, for what names its server by itself.
    #[must_use]
    pub fn home(&self) -> &Client {
        &self.home
    }

    fn of(&self, region: &str) -> Client {
        let config = self.home.config();
        if config.region().is_some_and(|home| home.as_ref() == region) {
            return self.home.clone();
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let there = || Client::from_conf(config.to_builder().region(Region::new(region.to_owned())).build());
        clients.entry(region.to_owned()).or_insert_with(there).clone()
    }
}

/// A refusal of what the caller may do, or of what is not there: S3 gives it in the bucket's own region only.
fn says_no(answer: &HttpResponse) -> bool {
    matches!(answer.status().as_u16(), 401..=499)
}
