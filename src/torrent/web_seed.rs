//! Web seeds: URLs from which clients download the object itself (BEP 19, `url-list`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Everything but `A-Z a-z 0-9 - . _ ~ /` is escaped: an unencoded `'` makes libtorrent escape the path twice, and S3
/// reads an unencoded `+` as a space.
const KEY_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A query value is escaped like a key, and `/` as well.
const QUERY_ESCAPES: &AsciiSet = &KEY_ESCAPES.add(b'/');

const PLACEHOLDERS: [&str; 4] = ["{bucket}", "{region}", "{suffix}", "{key}"];

/// A web seed URL in which `{bucket}`, `{region}`, `{suffix}` and `{key}` are to be filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSeedTemplate(String);

/// What templates are filled in with, beside the key: where the object's bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSeedPlace<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The bucket's region.
    pub region: &'a str,
    /// What hosts end in there, such as `amazonaws.com`.
    pub suffix: &'a str,
}

/// This says why a text cannot be a web seed template. Each message completes "the template …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebSeedTemplateError {
    /// Without `{key}`, all objects would have the same URL.
    #[error("has no {{key}}")]
    NoKey,
    /// BEP 19 clients could not append to the URL, and `versionId` takes this place.
    #[error("has a query or a fragment")]
    QueryOrFragment,
    /// The braces hold none of the four placeholders.
    #[error("has a placeholder other than {{bucket}}, {{region}}, {{suffix}} and {{key}}")]
    UnknownPlaceholder,
    /// The text is not an absolute http or https URL.
    #[error("is not an http or https URL")]
    NotHttp,
}

/// The parser alone would accept `https:/path`, and drop white space.
fn is_http(url: &Url, text: &str) -> bool {
    matches!(url.scheme(), "http" | "https") && text.contains("://") && !text.contains(char::is_whitespace)
}

impl WebSeedTemplate {
    /// Checks `text`.
    ///
    /// # Errors
    /// Returns the first rule that it breaks.
    pub fn new(text: &str) -> Result<Self, WebSeedTemplateError> {
        if text.contains(['?', '#']) {
            return Err(WebSeedTemplateError::QueryOrFragment);
        }
        if !text.contains("{key}") {
            return Err(WebSeedTemplateError::NoKey);
        }
        let filled = PLACEHOLDERS.iter().fold(text.to_owned(), |text, name| text.replace(name, "a"));
        if filled.contains(['{', '}']) {
            return Err(WebSeedTemplateError::UnknownPlaceholder);
        }
        match Url::parse(&filled) {
            Ok(url) if is_http(&url, text) => Ok(Self(text.to_owned())),
            _ => Err(WebSeedTemplateError::NotHttp),
        }
    }

    /// Returns the URL of `key` at `place`, of one version where `version_id` names it. `None` means that no client could
    /// use the URL: TLS certificates for virtual hosts do not cover names with dots, and clients append the file's name to
    /// a URL that ends in `/`.
    pub fn url(&self, place: &WebSeedPlace<'_>, key: &str, version_id: Option<&str>) -> Option<String> {
        let WebSeedPlace { bucket, region, suffix } = place;
        let dotted_host = bucket.contains('.') && self.0.to_ascii_lowercase().starts_with("https://{bucket}.");
        if dotted_host || key.ends_with('/') {
            return None;
        }
        let key = utf8_percent_encode(key, KEY_ESCAPES).to_string();
        let url = self
            .0
            .replace("{bucket}", bucket)
            .replace("{region}", region)
            .replace("{suffix}", suffix)
            .replace("{key}", &key);
        Some(match version_id {
            Some(version_id) => format!("{url}?versionId={}", utf8_percent_encode(version_id, QUERY_ESCAPES)),
            None => url,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VIRTUAL: &str = "https://{bucket}.s3.{region}.{suffix}/{key}";
    const PATH: &str = "https://s3.{region}.{suffix}/{bucket}/{key}";

    fn url(template: &str, bucket: &str, region: &str, key: &str) -> Option<String> {
        let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        WebSeedTemplate::new(template).unwrap().url(&WebSeedPlace { bucket, region, suffix }, key, None)
    }

    #[test]
    fn fills_in_bucket_region_suffix_and_key() {
        assert_eq!(
            url(VIRTUAL, "data", "eu-west-1", "a/b.iso").unwrap(),
            "https://data.s3.eu-west-1.amazonaws.com/a/b.iso"
        );
        assert_eq!(url(PATH, "data", "cn-north-1", "a").unwrap(), "https://s3.cn-north-1.amazonaws.com.cn/data/a");
    }

    #[test]
    fn escapes_all_of_a_key_but_the_unreserved_and_slash() {
        assert_eq!(
            url("http://h/{key}", "b", "r", "/a b+c'%2F~é?#!()*\\//x").unwrap(),
            "http://h//a%20b%2Bc%27%252F~%C3%A9%3F%23%21%28%29%2A%5C//x"
        );
    }

    #[test]
    fn braces_in_a_key_are_no_placeholders() {
        assert_eq!(url("http://h/{key}", "b", "r", "{bucket}").unwrap(), "http://h/%7Bbucket%7D");
    }

    #[test]
    fn a_dotted_bucket_has_no_https_virtual_host() {
        assert_eq!(url(VIRTUAL, "my.data", "us-east-1", "a"), None);
        assert_eq!(url("HTTPS://{bucket}.h/{key}", "my.data", "us-east-1", "a"), None);
        assert!(url(PATH, "my.data", "us-east-1", "a").is_some());
        assert!(url("http://{bucket}.s3/{key}", "my.data", "us-east-1", "a").is_some());
    }

    #[test]
    fn a_key_that_ends_in_a_slash_has_none() {
        assert_eq!(url(PATH, "data", "us-east-1", "dir/"), None);
    }

    #[test]
    fn a_version_is_carried_as_a_query() {
        let template = WebSeedTemplate::new("http://h/{key}").unwrap();
        let place = WebSeedPlace { bucket: "b", region: "r", suffix: "s" };
        assert_eq!(template.url(&place, "a", Some("3/L4=")).unwrap(), "http://h/a?versionId=3%2FL4%3D");
    }

    #[test]
    fn templates_are_checked() {
        for (text, error) in [
            ("http://h/a", WebSeedTemplateError::NoKey),
            ("http://h/{key}?x", WebSeedTemplateError::QueryOrFragment),
            ("http://h/{key}#x", WebSeedTemplateError::QueryOrFragment),
            ("http://h/{Bucket}/{key}", WebSeedTemplateError::UnknownPlaceholder),
            ("ftp://h/{key}", WebSeedTemplateError::NotHttp),
            ("{key}", WebSeedTemplateError::NotHttp),
            ("https:/{key}", WebSeedTemplateError::NotHttp),
            ("http://h h/{key}", WebSeedTemplateError::NotHttp),
        ] {
            assert_eq!(WebSeedTemplate::new(text), Err(error), "{text}");
        }
    }
}
