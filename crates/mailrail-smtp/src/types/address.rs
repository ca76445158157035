//! Addresses of mailboxes.

use super::{Domain, Host, Text, host};
use crate::{
    SyntaxError,
    grammar::{self, Parsed, byte, is_dot_string, is_printable, whole},
};
use alloc::borrow::Cow;
use core::fmt;

/// What stands before the `@`: a dot-string, or any printable text in quotes (RFC 5321 §4.1.2).
/// Characters beyond ASCII need SMTPUTF8 (RFC 6531 §3.3).
///
/// It holds the text that the quotes and backslashes stand for: `"a\b"@x` and `ab@x` are one
/// mailbox. It is written with no more quoting than it needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LocalPart<'a>(Text<'a>);

impl<'a> LocalPart<'a> {
    /// A local part of this very text; quotes in it are part of it.
    ///
    /// # Errors
    ///
    /// Where it holds a control character.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Result<Self, SyntaxError> {
        let text = text.into();
        match text.char_indices().find(|(_, char)| !is_printable(*char)) {
            None => Ok(Self(text.into())),
            Some((offset, _)) => Err(SyntaxError { offset, expected: "a printable character" }),
        }
    }

    /// The text, without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether it can be said without SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> LocalPart<'static> {
        LocalPart(self.0.into_owned())
    }
}

/// As in a command: in quotes where it needs them.
impl fmt::Display for LocalPart<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        if is_dot_string(self.0.as_bytes()) {
            return f.write_str(self.as_str());
        }
        f.write_char('"')?;
        for char in self.as_str().chars() {
            if matches!(char, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(char)?;
        }
        f.write_char('"')
    }
}

/// `Local-part "@" ( Domain / address-literal )` (RFC 5321 §4.1.2).
///
/// ```
/// use mailrail_smtp::Mailbox;
///
/// let mailbox = Mailbox::parse(br#""bob the 2nd"@south.test"#)?;
/// assert_eq!(mailbox.local_part.as_str(), "bob the 2nd");
/// assert_eq!(mailbox.to_string(), r#""bob the 2nd"@south.test"#);
/// # Ok::<_, mailrail_smtp::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "the RFC has these two")]
pub struct Mailbox<'a> {
    /// Whose mailbox it is; only its host knows which texts name the same one.
    pub local_part: LocalPart<'a>,
    /// Where it is.
    pub host: Host<'a>,
}

impl<'a> Mailbox<'a> {
    /// Reads an address without angle brackets.
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, mailbox)
    }

    /// The domain, where the mailbox is at one.
    #[must_use]
    pub const fn domain(&self) -> Option<&Domain<'a>> {
        match &self.host {
            Host::Domain(domain) => Some(domain),
            Host::Literal(_) => None,
        }
    }

    /// Whether it can be said without SMTPUTF8 (RFC 6531 §3.1).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.local_part.is_ascii() && self.host.is_ascii()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mailbox<'static> {
        Mailbox { local_part: self.local_part.into_owned(), host: self.host.into_owned() }
    }
}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local_part, self.host)
    }
}

super::from_str!(Mailbox);

/// `Mailbox = Local-part "@" ( Domain / address-literal )`
#[inline]
pub(crate) fn mailbox(text: &[u8]) -> Parsed<'_, Mailbox<'_>> {
    let (rest, local_part) = if text.first() == Some(&b'"') {
        grammar::quoted_string(text)?
    } else {
        grammar::dot_string(text)?
    };
    let (rest, ()) = byte(b'@', "@")(rest)?;
    let (rest, host) = host(rest)?;
    Ok((rest, Mailbox { local_part: LocalPart(local_part), host }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn mailboxes() {
        for text in [
            "a@b",
            "ä.ö@bücher.test",
            "\"ä ö\"@[192.0.2.1]",
            "e=mc2@example.com",
            "a.b+c@[192.0.2.1]",
            "\"\"@b",
            "\"a b\"@b",
            "\"a\\\"b\"@b",
        ] {
            let mailbox = text.parse::<Mailbox<'_>>().unwrap();
            assert_eq!(mailbox.to_string(), text);
        }
        assert_eq!("\"a.b\"@c".parse::<Mailbox<'_>>(), "a.b@c".parse());
        for text in [
            "",
            "a",
            "@b",
            "a@",
            "a@@b",
            ".a@b",
            "a.@b",
            "a..b@c",
            "a b@c",
            "\"a@b",
            "\"a\"b@c",
            "a@b c",
            "a\u{85}@b",
            "a@b\u{3000}c",
            "<a@b>",
            "a\0@b",
            "a\r\n@b",
            "\"a\n\"@b",
        ] {
            assert!(text.parse::<Mailbox<'_>>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn local_parts_of_any_printable_text() {
        assert_eq!(LocalPart::new("a@\"b").unwrap().to_string(), "\"a@\\\"b\"");
        let error = LocalPart::new("ab\r\n").unwrap_err();
        assert_eq!(error.to_string(), "expected a printable character at byte 2");
    }
}
