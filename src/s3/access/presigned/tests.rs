use proptest::prelude::*;
use url::Url;

use super::*;
use crate::object::{BucketName, EXPECTED_BUCKET_OWNER, ObjectKey};

const V4: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AK%2F20261121%2Feu-west-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20261121T170957Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=2b90c5b668a3085a642adc0fb87c3464db0cc74b831e459d165af4c84b9c9930";
const V2: &str = "AWSAccessKeyId=AK&Signature=vLRZbgjcFmYm54Vpc8sqOIUpzuk%3D&Expires=1795284597";

fn object(key: &str, version_id: Option<String>) -> ObjectId {
    let key = ObjectKey::try_from(key.to_owned()).unwrap();
    ObjectId { bucket: BucketName::new("data").unwrap(), key, version_id }
}

fn taken(url: &str, key: &str, version_id: Option<&str>) -> Result<PresignedUrl, PresignedUrlError> {
    let version_id = version_id.map(str::to_owned);
    let object = object(key, version_id);
    PresignedUrl::new(url, &object, &CallOptions::default(), &Endpoints::new("eu-west-1", None))
}

fn with_options(query: &str, payer: bool, owner: Option<&str>) -> Result<PresignedUrl, PresignedUrlError> {
    let object = object("k", None);
    let options = CallOptions { requester_pays: payer, expected_bucket_owner: owner.map(str::to_owned) };
    let url = format!("https://data.s3.amazonaws.com/k?{query}");
    PresignedUrl::new(&url, &object, &options, &Endpoints::new("eu-west-1", None))
}

/// As boto3 and the CLI 1.46 write them.
#[test]
fn urls_of_the_usual_signers_are_taken() {
    let key = "a b/c+d%2F'é";
    let path = "a%20b/c%2Bd%252F%27%C3%A9";
    for (url, region) in [
        (format!("https://data.s3.amazonaws.com/{path}?{V4}"), None),
        (format!("https://data.s3.amazonaws.com/{path}?{V2}&x-amz-security-token=TOK%2F%2B%3D"), None),
        (format!("https://data.s3.eu-west-1.amazonaws.com/{path}?{V4}&x-id=GetObject"), Some("eu-west-1")),
        (format!("https://s3.dualstack.eu-west-1.amazonaws.com/data/{path}?{V4}"), Some("eu-west-1")),
        (format!("https://s3.us-east-2.amazonaws.com/data/{path}?response-expires=a%2Fb&{V4}"), Some("us-east-2")),
    ] {
        assert_eq!(taken(&url, key, None).unwrap().region(), region, "{url}");
        // Amazon S3 reads a plain plus as a space, and other servers as a plus.
        assert_eq!(taken(&url.replace("%20", "+"), key, None), Err(PresignedUrlError::Key), "{url}");
        assert_eq!(taken(&url.replace("c%2B", "c+"), key, None), Err(PresignedUrlError::Key), "{url}");
        assert_eq!(taken(&url, "a b/c", None), Err(PresignedUrlError::Key), "{url}");
        assert_eq!(taken(&url, key, Some("v")), Err(PresignedUrlError::Version), "{url}");
        assert!(taken(&format!("{url}&versionId=v"), key, Some("v")).is_ok(), "{url}");
    }
}

#[test]
fn signed_headers_and_the_requests_must_agree() {
    let payer = "x-amz-request-payer";
    let signed = V4.replace("=host", "=host%3Bx-amz-request-payer%3Bx-amz-expected-bucket-owner%3Bx-amz-checksum-mode");
    let owner = Some("123456789012");
    let url = with_options(&signed, true, owner).unwrap();
    assert!(url.signs(payer) && url.signs("x-amz-checksum-mode") && !url.signs("x-amz-user-agent"));
    let unlike = |header: &str| Err(PresignedUrlError::SignedHeader(header.to_owned()));
    assert_eq!(with_options(&signed, false, owner), unlike(payer));
    assert_eq!(with_options(&signed, true, None), unlike(EXPECTED_BUCKET_OWNER));
    assert_eq!(with_options(V4, true, None), Err(PresignedUrlError::UnsignedHeader(payer)));
    assert_eq!(with_options(V2, false, owner), Err(PresignedUrlError::UnsignedHeader(EXPECTED_BUCKET_OWNER)));
    let in_query = format!("{V2}&x-amz-request-payer=requester&x-amz-expected-bucket-owner=123456789012");
    assert!(with_options(&in_query, true, owner).is_ok() && with_options(&in_query, false, None).is_ok());
    assert_eq!(with_options(&in_query, true, Some("210987654321")), unlike(EXPECTED_BUCKET_OWNER));
    for header in ["range", "user-agent", "x-amz-user-agent", "if-match", ""] {
        let query = V4.replace("=host", &format!("=host%3B{header}"));
        assert_eq!(with_options(&query, false, None), unlike(header));
    }
}

/// Pieces from which a bad URL can be made.
fn piece() -> impl Strategy<Value = String> {
    let hosts = ["https://", "amazonaws.com", "eu-west-1.", "dualstack.", "evil.example", "169.254.169.254"];
    let signs =
        ["@", ":443", "/", "//", "+", "%2F", "%252F", "..", ".", "\\", "#", "?", "&", "=", " ", "\u{ff0f}", "%"];
    let names = ["data.", "s3.", ".cn", "data", "k", "%6B", "K", "[::1]", "é", "versionId", "torrent", V4];
    let pieces = [&hosts[..], &signs, &names].concat();
    prop_oneof![8 => proptest::sample::select(pieces).prop_map(str::to_owned), 1 => "[ -~]{0,3}"]
}

proptest! {
    /// Other parsers too find a known host and this key in an accepted URL, and nothing else.
    #[test]
    fn what_is_taken_leads_to_this_object_and_nowhere_else(
        before in proptest::collection::vec(piece(), 0..4),
        host in "(https://)?(data\\.)?(s3\\.)(dualstack\\.)?(eu-west-1\\.)?amazonaws\\.com",
        between in proptest::collection::vec(piece(), 0..4),
        path in "(/data)?/k",
        after in proptest::collection::vec(piece(), 0..4),
    ) {
        let url = format!("{}{host}{}{path}{}?{V4}", before.concat(), between.concat(), after.concat());
        if taken(&url, "k", None).is_ok() {
            let parsed = Url::parse(&url).unwrap();
            let hosts = ["s3.amazonaws.com", "s3.eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1.amazonaws.com"];
            let host = parsed.host_str().unwrap();
            let virtual_host = host.strip_prefix("data.");
            prop_assert!(hosts.contains(&virtual_host.unwrap_or(host)), "{url}");
            let key = if virtual_host.is_some() { "/k" } else { "/data/k" };
            prop_assert_eq!(percent_decode(parsed.path()).unwrap(), key, "{}", url);
            prop_assert_eq!((parsed.scheme(), parsed.username(), parsed.port()), ("https", "", None), "{}", url);
            prop_assert_eq!(parsed.fragment(), None);
            let mut request = HttpRequest::empty();
            request.set_uri(url.as_str()).unwrap();
            prop_assert_eq!(request.uri(), url);
        }
    }

    #[test]
    fn any_key_is_found_in_its_own_encoding_and_in_no_others(key in "\\PC{0,19}[!-~]", other in "\\PC{0,19}[!-~]") {
        let encoded = percent_encoding::utf8_percent_encode(&key, percent_encoding::NON_ALPHANUMERIC);
        let url = format!("https://data.s3.amazonaws.com/{encoded}?{V4}");
        prop_assert!(taken(&url, &key, None).is_ok());
        prop_assert_eq!(taken(&url, &other, None).is_ok(), key == other);
    }
}
