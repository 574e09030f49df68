//! Buckets know their region.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};

use crate::{Bucket, Content, FakeS3, Identity};

async fn server() -> FakeS3 {
    let s3 = FakeS3::start([Bucket::public("data").in_region("eu-west-1")]).await;
    s3.put("data", "a", Content::cheap(5, 1));
    s3
}

/// Status, code and region of the refusal of a GET; `None` where there is none.
async fn refusal(client: &Client) -> Option<(u16, String, String)> {
    let error = client.get_object().bucket("data").key("a").send().await.err()?;
    let answer = error.raw_response().expect("an answer");
    let region = answer.headers().get("x-amz-bucket-region").unwrap_or_default().to_owned();
    Some((answer.status().as_u16(), error.code().unwrap_or_default().to_owned(), region))
}

fn at(s3: &FakeS3, identity: Option<&Identity>, region: &'static str, by_name: bool) -> Client {
    let client = identity.map_or_else(|| s3.anonymous_client(), |identity| s3.client_of(identity));
    let config = client.config().to_builder().region(Region::new(region));
    if !by_name {
        return Client::from_conf(config.build());
    }
    let config = config.http_client(s3.as_aws()).endpoint_url(format!("https://s3.{region}.amazonaws.com"));
    Client::from_conf(config.force_path_style(false).build())
}

#[tokio::test]
async fn a_host_of_another_region_redirects() {
    let s3 = server().await;
    let role = Identity::role();
    for identity in [None, Some(&role)] {
        assert_eq!(refusal(&at(&s3, identity, "eu-west-1", true)).await, None);
        let (status, code, region) = refusal(&at(&s3, identity, "us-east-1", true)).await.expect("a refusal");
        assert_eq!((status, code.as_str(), region.as_str()), (301, "PermanentRedirect", "eu-west-1"));
    }
}

#[tokio::test]
async fn a_signature_for_another_region_is_refused_and_none_is_not() {
    let s3 = server().await;
    let role = Identity::role();
    assert_eq!(refusal(&at(&s3, Some(&role), "eu-west-1", false)).await, None);
    assert_eq!(refusal(&at(&s3, None, "us-east-1", false)).await, None);
    let (status, code, region) = refusal(&at(&s3, Some(&role), "us-east-1", false)).await.expect("a refusal");
    assert_eq!((status, code.as_str(), region.as_str()), (400, "AuthorizationHeaderMalformed", "eu-west-1"));
}

#[tokio::test]
async fn head_names_the_region_without_a_body() {
    let s3 = server().await;
    let client = at(&s3, None, "us-east-1", true);
    let error = client.head_object().bucket("data").key("a").send().await.expect_err("a redirect");
    let SdkError::ServiceError(error) = error else { panic!("{error:?}") };
    let answer = error.raw();
    assert_eq!((answer.status().as_u16(), answer.body().bytes().unwrap_or_default().len()), (301, 0));
    assert_eq!(answer.headers().get("x-amz-bucket-region"), Some("eu-west-1"));
}
