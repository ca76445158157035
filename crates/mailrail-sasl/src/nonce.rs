//! Nonces: the random part of an exchange.

use crate::Error;
use alloc::string::{String, ToString};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// The random text that makes an exchange unlike any other (RFC 5802 §5.1, `r`). The crate draws
/// no random number: the caller does, from a source that nobody can predict.
///
/// ```
/// use mailrail_sasl::Nonce;
///
/// // Fill them from the operating system, for each exchange anew.
/// let random = [7; 18];
/// assert_eq!(Nonce::from_random(&random).as_str(), "BwcHBwcHBwcHBwcHBwcHBwcH");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// The nonce of these random bytes, 24 characters long.
    #[must_use]
    pub fn from_random(random: &[u8; 18]) -> Self {
        Self(STANDARD.encode(random))
    }

    /// A nonce that is text already.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`] and [`Error::Prohibited`] where it is not printable ASCII without a comma.
    pub fn new(text: &str) -> Result<Self, Error> {
        match text {
            "" => Err(Error::Empty { field: "nonce" }),
            text if is_printable(text) => Ok(Self(text.to_string())),
            _ => Err(Error::Prohibited { field: "nonce" }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// `printable = %x21-2B / %x2D-7E` (RFC 5802 §7), any number of them.
pub(crate) fn is_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'!'..=b'+' | b'-'..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_nonce() {
        assert_eq!(Nonce::new("rOprNGfwEbeRWgbNEkqO%~!+").unwrap().as_str().len(), 24);
        assert_eq!(Nonce::new(""), Err(Error::Empty { field: "nonce" }));
        for text in ["a,b", "a b", "ä", "a\0", "\x7F"] {
            assert_eq!(Nonce::new(text), Err(Error::Prohibited { field: "nonce" }), "{text:?}");
        }
        assert!(is_printable(Nonce::from_random(&[0xFF; 18]).as_str()));
    }
}
