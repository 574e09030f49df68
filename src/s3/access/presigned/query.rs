//! The query of a presigned URL: a signature of version 4 or 2, and only parameters that do not change which bytes S3
//! returns.

use super::PresignedUrlError;
use crate::object::{CallOptions, EXPECTED_BUCKET_OWNER, REQUEST_PAYER, percent_decode};

pub(super) const CHECKSUM_MODE: &str = "x-amz-checksum-mode";

/// The parameters of a version 4 signature.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>
const VERSION_4: [&str; 6] =
    ["x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-expires", "x-amz-signature", "x-amz-signedheaders"];
/// The parameters of a version 2 signature, which boto3 and the CLI still make for older regions.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/RESTAuthentication.html>
const VERSION_2: [&str; 3] = ["AWSAccessKeyId", "Signature", "Expires"];
/// Parameters that change neither the object's bytes nor its `ETag` and length.
const HARMLESS: [&str; 12] = [
    "versionId",
    "x-id",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "x-amz-security-token",
    "x-amz-content-sha256",
    CHECKSUM_MODE,
    REQUEST_PAYER,
];

/// The decoded parameters, each of which occurs once. AWS's own are in lower case, since signers differ.
pub(super) struct Query {
    parameters: Vec<(String, String)>,
    pub(super) signed_headers: Vec<String>,
}

impl Query {
    pub(super) fn parse(text: &str) -> Result<Self, PresignedUrlError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (percent_decode(name), percent_decode(value)) else {
                return Err(PresignedUrlError::NotAUrl);
            };
            let lower = name.to_ascii_lowercase();
            let name = if lower.starts_with("x-amz-") { lower } else { name };
            if !is_known(&name) || parameters.iter().any(|(known, _)| *known == name) {
                return Err(PresignedUrlError::Parameter(printable(&name)));
            }
            parameters.push((name, value));
        }
        let mut query = Self { parameters, signed_headers: Vec::new() };
        query.signed_headers = query.signed_headers()?;
        Ok(query)
    }

    /// Compares version, operation and headers with the request.
    pub(super) fn check(&self, version_id: Option<&str>, options: &CallOptions) -> Result<(), PresignedUrlError> {
        if self.value("versionId") != version_id {
            return Err(PresignedUrlError::Version);
        }
        if self.value("x-id").is_some_and(|operation| operation != "GetObject") {
            return Err(PresignedUrlError::Parameter("x-id".to_owned()));
        }
        self.compare(REQUEST_PAYER, options.requester_pays.then_some("requester"))?;
        self.compare(EXPECTED_BUCKET_OWNER, options.expected_bucket_owner.as_deref())
    }

    /// Compares one header. S3 accepts a header of the request only if it is signed, in the URL or as a header. A
    /// signed header must be in the request.
    fn compare(&self, header: &'static str, asked: Option<&str>) -> Result<(), PresignedUrlError> {
        let is_signed = self.signed_headers.iter().any(|signed| signed == header);
        match (asked, self.value(header)) {
            (None, _) if is_signed => Err(PresignedUrlError::SignedHeader(header.to_owned())),
            (Some(asked), Some(signed)) if asked != signed => Err(PresignedUrlError::SignedHeader(header.to_owned())),
            (Some(_), None) if !is_signed => Err(PresignedUrlError::UnsignedHeader(header)),
            _ => Ok(()),
        }
    }

    /// Returns the signed headers of version 4. Version 2 has none.
    fn signed_headers(&self) -> Result<Vec<String>, PresignedUrlError> {
        let has = |names: &[&str]| names.iter().filter(|name| self.value(name).is_some_and(|v| !v.is_empty())).count();
        match (has(&VERSION_4), has(&VERSION_2)) {
            (0, 3) => Ok(Vec::new()),
            (6, 0) if self.value("x-amz-signature").is_some_and(is_signature) => {
                let list = self.value("x-amz-signedheaders").unwrap_or_default().to_ascii_lowercase();
                let headers: Vec<String> = list.split(';').map(str::to_owned).collect();
                let known = ["host", CHECKSUM_MODE, REQUEST_PAYER, EXPECTED_BUCKET_OWNER];
                match headers.iter().find(|header| !known.contains(&header.as_str())) {
                    Some(header) => Err(PresignedUrlError::SignedHeader(printable(header))),
                    None => Ok(headers),
                }
            }
            _ => Err(PresignedUrlError::NotSigned),
        }
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn is_known(name: &str) -> bool {
    [&VERSION_4[..], &VERSION_2, &HARMLESS, &[EXPECTED_BUCKET_OWNER]].concat().contains(&name)
}

/// Returns the name as a message may show it: in a broken URL, a name can be part of the signature.
fn printable(name: &str) -> String {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    if is_plain { name.to_owned() } else { "(name withheld)".to_owned() }
}

/// Returns whether `text` is a whole SHA-256 in hex.
fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
