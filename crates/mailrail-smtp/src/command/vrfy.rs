//! VRFY and EXPN (RFC 5321 §4.1.1.6, §4.1.1.7), and texts that say nothing.

use crate::{
    SyntaxError,
    grammar::{byte, class, many_wide, whole},
    types::Text,
};
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// Whom to verify, or which list to expand: any printable text, which need not be an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vrfy<'a> {
    text: Cow<'a, str>,
    smtp_utf8: bool,
}

impl<'a> Vrfy<'a> {
    /// Reads the text behind the verb and its space. Where it ends in ` SMTPUTF8`, that is a
    /// parameter (RFC 6531 §3.7.4.2).
    ///
    /// # Errors
    ///
    /// Where it is empty, begins or ends with a space, or holds a control character.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let (text, smtp_utf8) = match text.split_last_chunk::<9>() {
            Some((text, word)) if word.eq_ignore_ascii_case(b" SMTPUTF8") => (text, true),
            _ => (text, false),
        };
        let text = whole(text, |text| many_wide(text, "a text", class::PRINTABLE))?;
        match text {
            [b' ', ..] | [.., b' '] => Err(SyntaxError { offset: 0, expected: "a text" }),
            _ => Ok(Self { text: Text::read(text).into_cow(), smtp_utf8 }),
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
        &self.text
    }

    /// Whether the reply may hold characters beyond ASCII: SMTPUTF8 (RFC 6531 §3.7.4.2).
    #[must_use]
    pub const fn is_smtp_utf8(&self) -> bool {
        self.smtp_utf8
    }

    /// The same with SMTPUTF8.
    #[must_use]
    pub fn with_smtp_utf8(mut self) -> Self {
        self.smtp_utf8 = true;
        self
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Vrfy<'static> {
        Vrfy { text: Cow::Owned(self.text.into_owned()), smtp_utf8: self.smtp_utf8 }
    }

    pub(super) fn encode(&self, verb: &str, out: &mut Output) {
        out.text(verb.as_bytes());
        out.text(b" ");
        out.text(self.text.as_bytes());
        if self.smtp_utf8 {
            out.text(b" SMTPUTF8");
        }
    }
}

/// `[ SP String ]`
pub(super) fn any_text(text: &[u8]) -> Result<Option<&str>, SyntaxError> {
    if text.is_empty() {
        return Ok(None);
    }
    whole(text, |text| many_wide(byte(b' ', "a space")(text)?.0, "a text", class::PRINTABLE))
        .map(|text| core::str::from_utf8(text).ok())
}
