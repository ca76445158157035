//! `text`

use crate::{
    SyntaxError,
    grammar::{self, Parsed, is_text_char},
};
use alloc::{borrow::Cow, string::String};
use core::fmt;

/// What a response says to a person (RFC 3501 §7.1, `text`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Text<'a>(Cow<'a, [u8]>);

impl<'a> Text<'a> {
    /// Takes a text.
    ///
    /// # Errors
    ///
    /// Where it is empty, has a line end or a NUL, or begins with `[`, which would make a response
    /// code of it.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, SyntaxError> {
        let text = text.into();
        if text.is_empty() || text.starts_with('[') {
            return Err(SyntaxError::new(0, "text"));
        }
        match text.bytes().position(|b| !is_text_char(b)) {
            Some(at) => Err(SyntaxError::new(at, "text")),
            None => Ok(Self(match text {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            })),
        }
    }

    /// A text of this crate, that is known to be one.
    pub(crate) const fn known(text: &'static str) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }

    /// The text as it came. A peer may have sent any charset, or no text at all.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, with U+FFFD in place of what is not UTF-8.
    #[must_use]
    pub fn to_str(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.0)
    }

    /// The same text, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(Cow::Owned(self.0.into_owned()))
    }

    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        grammar::text(i).map(|(rest, text)| (rest, Self(Cow::Borrowed(text))))
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_makes_a_line_or_a_code() {
        for bad in ["", "a\r\nb", "a\n", "a\0", "[ALERT] x"] {
            assert!(Text::new(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Text::new("größer {5}").unwrap().to_str(), "größer {5}");
    }
}
