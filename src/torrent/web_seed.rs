//! Web seeds: URLs from which clients download the object itself (BEP 19, `url-list`).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Everything but `A-Z a-z 0-9 - . _ ~ /` is escaped: a plain `'` makes libtorrent escape the path twice, and S3 reads
/// a plain `+` as a space.
const KEY_ESCAPES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A query value is escaped like a key, and `/` as well.
const QUERY_ESCAPES: &AsciiSet = &KEY_ESCAPES.add(b'/');

const PLACEHOLDERS: [&str; 4] = ["{bucket}", "{region}", "{suffix}", "{key}"];

/// A web seed URL with the placeholders `{bucket}`, `{region}`, `{suffix}` and `{key}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSeedTemplate {
    text: String,
    /// The template for a bucket whose name has dots, if the host begins with the bucket.
    for_dotted_bucket: Option<&'static str>,
}

/// The place of an object's bucket, for the placeholders other than `{key}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSeedPlace<'a> {
    /// The bucket's name.
    pub bucket: &'a str,
    /// The bucket's region.
    pub region: &'a str,
    /// The DNS suffix there, such as `amazonaws.com`.
    pub suffix: &'a str,
}

/// Why a text cannot be a web seed template. Each message completes "the template …".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebSeedTemplateError {
    /// All objects would have the same URL.
    #[error("has no {{key}}")]
    NoKey,
    /// Clients could not append to the URL (BEP 19), and `versionId` becomes the query.
    #[error("has a query or a fragment")]
    QueryOrFragment,
    /// The braces hold something else than the four placeholders.
    #[error("has a placeholder other than {{bucket}}, {{region}}, {{suffix}} and {{key}}")]
    UnknownPlaceholder,
    /// The text is not an absolute http or https URL.
    #[error("is not an http or https URL")]
    NotHttp,
}

/// The parser by itself would accept `https:/path`, and drop white space.
fn is_http(url: &Url, text: &str) -> bool {
    matches!(url.scheme(), "http" | "https") && text.contains("://") && !text.contains(char::is_whitespace)
}

impl WebSeedTemplate {
    /// Returns S3's own addresses, two for each object. libtorrent drops a web seed for good at its first error status,
    /// and then needs another one. With more than two, S3 would send what peers could.
    pub fn of_s3() -> Vec<Self> {
        let path_style = "https://s3.{region}.{suffix}/{bucket}/{key}";
        let virtual_host = "https://{bucket}.s3.{region}.{suffix}/{key}";
        let dual_stack = "https://s3.dualstack.{region}.{suffix}/{bucket}/{key}";
        vec![
            Self { text: virtual_host.to_owned(), for_dotted_bucket: Some(path_style) },
            Self { text: dual_stack.to_owned(), for_dotted_bucket: None },
        ]
    }

    /// Checks `text`.
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
            Ok(url) if is_http(&url, text) => Ok(Self { text: text.to_owned(), for_dotted_bucket: None }),
            _ => Err(WebSeedTemplateError::NotHttp),
        }
    }

    /// Returns the URL of `key`, or of its version `version_id`. `None` means that no client could use the URL: TLS
    /// certificates for virtual hosts do not cover names with dots, and clients append the file's name to a final `/`.
    pub fn url(&self, place: &WebSeedPlace<'_>, key: &str, version_id: Option<&str>) -> Option<String> {
        if key.ends_with('/') {
            return None;
        }
        let url = self.fill(place, key)?;
        Some(match version_id {
            Some(version_id) => format!("{url}?versionId={}", utf8_percent_encode(version_id, QUERY_ESCAPES)),
            None => url,
        })
    }

    /// Returns the URL of the folder `parent`, which is empty or ends in `/`. Clients append the torrent's name and a
    /// file's path (BEP 19). `None` means that no client could use the URL, or that it does not end in the key.
    pub fn folder_url(&self, place: &WebSeedPlace<'_>, parent: &str) -> Option<String> {
        let ends_in_key = self.text.ends_with("{key}");
        self.fill(place, parent).filter(|url| ends_in_key && url.ends_with('/'))
    }

    fn fill(&self, place: &WebSeedPlace<'_>, key: &str) -> Option<String> {
        let WebSeedPlace { bucket, region, suffix } = place;
        let dotted_host = bucket.contains('.') && self.text.to_ascii_lowercase().starts_with("https://{bucket}.");
        let template = if dotted_host { self.for_dotted_bucket? } else { &self.text };
        let key = utf8_percent_encode(key, KEY_ESCAPES).to_string();
        let url = template.replace("{bucket}", bucket).replace("{region}", region).replace("{suffix}", suffix);
        Some(url.replace("{key}", &key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: WebSeedPlace<'_> = WebSeedPlace { bucket: "data", region: "r", suffix: "s" };

    fn template(text: &str) -> WebSeedTemplate {
        WebSeedTemplate::new(text).unwrap()
    }

    #[test]
    fn a_template_is_filled_in_and_keys_and_versions_are_escaped() {
        for (text, key, url) in [
            ("https://{bucket}.s3.{region}.{suffix}/{key}", "a/b.iso", "https://data.s3.r.s/a/b.iso"),
            ("http://h/{key}", "/a b+c'%2F~é?#!()*\\//x", "http://h//a%20b%2Bc%27%252F~%C3%A9%3F%23%21%28%29%2A%5C//x"),
            ("http://h/{key}", "{bucket}", "http://h/%7Bbucket%7D"),
        ] {
            assert_eq!(template(text).url(&PLACE, key, None).unwrap(), url);
        }
        assert_eq!(
            template("http://h/{key}").url(&PLACE, "a", Some("3/L4=")).unwrap(),
            "http://h/a?versionId=3%2FL4%3D"
        );
        assert_eq!(template("http://h/{key}").url(&PLACE, "dir/", None), None);
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
