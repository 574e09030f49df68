//! Object keys, kept byte for byte.

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

/// The longest key S3 accepts, in bytes of UTF-8.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html>
pub const MAX_KEY_BYTES: usize = 1024;

/// A key that S3 accepts and the SDK can send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ObjectKey(String);

text_type!(ObjectKey);

/// Why a text cannot be a key here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectKeyError {
    /// The text has more than [`MAX_KEY_BYTES`] bytes.
    #[error("the key is longer than {MAX_KEY_BYTES} bytes")]
    TooLong,
    /// The text is empty or only white space, which the SDK refuses to send.
    #[error("the key is empty or only white space")]
    Blank,
}

impl TryFrom<String> for ObjectKey {
    type Error = ObjectKeyError;

    fn try_from(key: String) -> Result<Self, ObjectKeyError> {
        if key.len() > MAX_KEY_BYTES {
            Err(ObjectKeyError::TooLong)
        } else if key.trim().is_empty() {
            Err(ObjectKeyError::Blank)
        } else {
            Ok(Self(key))
        }
    }
}

impl ObjectKey {
    /// Returns the prefix before the key's last segment: `a/` for `a/b/` and `a/b`, and nothing for `a`.
    pub fn parent(&self) -> &str {
        let key = self.0.strip_suffix('/').unwrap_or(&self.0);
        key.rfind('/').map_or("", |slash| &key[..=slash])
    }
}

/// Decodes `text` once, or returns `None` if a `%` is not followed by two hex digits, or the result is not UTF-8. `+`
/// stays `+`.
pub fn percent_decode(text: &str) -> Option<String> {
    let is_escape = |escape: &str| escape.len() >= 2 && escape.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let decoded = text.split('%').skip(1).all(is_escape).then(|| percent_decode_str(text).decode_utf8().ok())??;
    Some(decoded.into_owned())
}
