//! The access keys. s3s verifies the signatures, and the bucket's policy decides about the caller.

use async_trait::async_trait;
use hyper::http::request::Parts;
use s3s::{
    S3Error, S3ErrorCode, S3Result,
    access::{S3Access, S3AccessContext},
    auth::{S3Auth, SecretKey},
    s3_error,
};

use crate::calls;

/// Someone who signs requests.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The access key, which requests name.
    pub access_key: String,
    /// The secret that requests are signed with.
    pub secret_key: String,
    /// The session token, which requests must then carry.
    pub session_token: Option<String>,
}

impl Identity {
    /// Makes an identity without a session token.
    pub fn new(access_key: &str, secret_key: &str) -> Self {
        Self { access_key: access_key.into(), secret_key: secret_key.into(), session_token: None }
    }

    /// Adds a session token.
    pub fn session_token(mut self, token: &str) -> Self {
        self.session_token = Some(token.into());
        self
    }

    /// Returns the function's role, which every server knows and which has every right on every bucket.
    pub fn role() -> Self {
        Self::new("FAKEROLE", "fake-role-secret").session_token("fake-role-token")
    }
}

/// Copies the token of a URL that is presigned with version 2 from the query to a header, as S3 does and s3s does not.
pub(super) fn token_as_header(request: &mut Parts) {
    let query = |name| calls::query_value(&request.uri, name);
    if let (Some(token), Some(_)) = (query("x-amz-security-token"), query("AWSAccessKeyId")) {
        request.headers.insert("x-amz-security-token", token.parse().expect("a header value"));
    }
}

/// All who may sign.
#[derive(Clone)]
pub(super) struct Identities(pub(super) Vec<Identity>);

impl Identities {
    fn find(&self, access_key: &str) -> Option<&Identity> {
        self.0.iter().find(|identity| identity.access_key == access_key)
    }
}

#[async_trait]
impl S3Auth for Identities {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let identity = self.find(access_key).ok_or_else(|| {
            s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records.")
        })?;
        Ok(SecretKey::from(identity.secret_key.as_str()))
    }
}

#[async_trait]
impl S3Access for Identities {
    /// Lets anonymous requests through, which s3s refuses by default. Checks session tokens, which s3s does not, and
    /// refuses `x-amz-` headers that a presigned URL does not sign.
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = context.credentials() else {
            return Ok(());
        };
        if let Some(signed) = calls::query_value(context.uri(), "X-Amz-SignedHeaders") {
            let mut names = context.headers().keys().filter(|name| name.as_str().starts_with("x-amz-"));
            if names.any(|name| !signed.split(';').any(|signed| signed == name)) {
                return Err(s3_error!(AccessDenied, "There were headers present in the request which were not signed"));
            }
        }
        let token = self.find(&credentials.access_key).and_then(|identity| identity.session_token.as_deref());
        let header = context.headers().get("x-amz-security-token");
        let in_header = header.and_then(|value| value.to_str().ok());
        let query = |name| calls::query_value(context.uri(), name);
        let in_query = query("X-Amz-Security-Token").or_else(|| query("x-amz-security-token"));
        if token == in_header.or(in_query.as_deref()) {
            return Ok(());
        }
        let mut error =
            S3Error::with_message(S3ErrorCode::InvalidToken, "The provided token is malformed or otherwise invalid.");
        error.set_status_code(hyper::StatusCode::BAD_REQUEST);
        Err(error)
    }
}
