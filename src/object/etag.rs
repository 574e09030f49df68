//! Entity tags ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-8.8.3)).

use serde::{Deserialize, Serialize};

/// An object's `ETag` as in headers, with its quotes. S3's events and `GetObjectAttributes` omit the quotes, which
/// makes no difference here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ETag(String);

text_type!(ETag);

impl ETag {
    /// Reads an `ETag` with or without quotes, unless it is empty.
    pub fn new(text: &str) -> Option<Self> {
        let is_quoted = text.starts_with('"') || text.starts_with("W/\"");
        match text {
            "" => None,
            _ if is_quoted => Some(Self(text.to_owned())),
            _ => Some(Self(format!("\"{text}\""))),
        }
    }

    /// Returns the tag without its quotes.
    pub fn unquoted(&self) -> &str {
        self.0.trim_matches('"')
    }
}

impl TryFrom<String> for ETag {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::new(&text).ok_or("an ETag is empty")
    }
}
