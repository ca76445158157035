//! VRFY and EXPN (RFC 5321 §4.1.1.6, §4.1.1.7), and texts that say nothing.

use crate::{
    SyntaxError,
    grammar::{byte, is_quotable, many, whole},
};
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// Whom to verify, or which list to expand: any printable text, which need not be an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vrfy<'a>(Cow<'a, str>);

impl<'a> Vrfy<'a> {
    /// Reads the text behind the verb and its space.
    ///
    /// # Errors
    ///
    /// Where it is empty, begins or ends with a space, or holds anything but printable ASCII.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = whole(text, |text| many(text, "a text", is_quotable))?;
        match text.as_bytes() {
            [b' ', ..] | [.., b' '] => Err(SyntaxError { offset: 0, expected: "a text" }),
            _ => Ok(Self(Cow::Borrowed(text))),
        }
    }

    /// `"VRFY" SP String CRLF`
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        match text.strip_prefix(b" ") {
            Some(text) => {
                Self::parse(text).map_err(|error| SyntaxError { offset: error.offset + 1, ..error })
            }
            None => Err(SyntaxError { offset: 0, expected: "a space and a text" }),
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Vrfy<'static> {
        Vrfy(Cow::Owned(self.0.into_owned()))
    }

    pub(super) fn encode(&self, verb: &str, out: &mut Output) {
        out.text(verb.as_bytes());
        out.text(b" ");
        out.text(self.0.as_bytes());
    }
}

/// `[ SP String ]`, which is not kept.
pub(super) fn any_text(text: &[u8]) -> Result<(), SyntaxError> {
    if text.is_empty() {
        return Ok(());
    }
    whole(text, |text| many(byte(b' ', "a space")(text)?.0, "a text", is_quotable)).map(drop)
}
