//! BURL (RFC 4468 §3.5).

use crate::SyntaxError;
use alloc::borrow::Cow;
use mailrail_wire::Output;

/// A part of the message that the server fetches itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Burl<'a> {
    url: Cow<'a, str>,
    last: bool,
}

impl<'a> Burl<'a> {
    /// What that URL names; `last` says whether the message ends with it.
    ///
    /// # Errors
    ///
    /// Where it has no scheme, or holds anything but printable ASCII characters without spaces.
    pub fn new(url: impl Into<Cow<'a, str>>, last: bool) -> Result<Self, SyntaxError> {
        let url = url.into();
        let scheme = url.split(':').next().filter(|scheme| scheme.len() < url.len());
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        let has_scheme = scheme.is_some_and(|scheme| {
            scheme.starts_with(|first: char| first.is_ascii_alphabetic())
                && scheme.bytes().all(is_scheme)
        });
        if has_scheme && url.bytes().all(|byte| matches!(byte, b'!'..=b'~')) {
            Ok(Self { url, last })
        } else {
            Err(SyntaxError { offset: 0, expected: "an absolute URL" })
        }
    }

    /// The URL. Its syntax, but for its scheme, is not looked at.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Whether the message ends with it.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.last
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Burl<'static> {
        Burl { url: Cow::Owned(self.url.into_owned()), last: self.last }
    }

    /// ```text
    /// burl-cmd   = "BURL" SP absolute-URI [SP end-marker] CRLF
    /// end-marker = "LAST"
    /// ```
    pub(super) fn parse_arguments(text: &'a [u8]) -> Result<Self, SyntaxError> {
        let expected = SyntaxError { offset: 0, expected: "a space and a URL" };
        let text = text.strip_prefix(b" ").and_then(|text| core::str::from_utf8(text).ok());
        let text = text.ok_or(expected)?;
        match text.split_once(' ') {
            None => Self::new(text, false),
            Some((url, word)) if word.eq_ignore_ascii_case("LAST") => Self::new(url, true),
            Some((url, _)) => Err(SyntaxError { offset: url.len() + 2, expected: "LAST" }),
        }
    }

    pub(super) fn encode(&self, out: &mut Output) {
        out.text(b"BURL ");
        out.text(self.url.as_bytes());
        if self.last {
            out.text(b" LAST");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let burl = Burl::parse_arguments(b" imap://harry@gryffindor.example.com/outbox last");
        assert_eq!(burl, Burl::new("imap://harry@gryffindor.example.com/outbox", true));
        for text in [
            &b""[..],
            b" ",
            b" LAST",
            b" imap",
            b" :a",
            b" 1:a",
            b" a:b c",
            b" a:b LAST x",
            b" a:\xFF",
            b" a:\0",
        ] {
            assert!(Burl::parse_arguments(text).is_err(), "{text:?}");
        }
        assert!(Burl::new("imap://a\r\nQUIT", false).is_err());
    }
}
