//! Whom mail is from and to.

use super::{Mailbox, mailbox};
use crate::{
    SyntaxError,
    grammar::{self, Parsed, byte, whole},
};
use core::fmt;

/// Where reports about a message go: a mailbox, or nowhere (RFC 5321 §4.1.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum ReversePath<'a> {
    /// `<>`: to a message that is a report itself, no report is sent.
    Null,
    /// To that mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> ReversePath<'a> {
    /// Reads a path with its angle brackets. A source route is dropped (RFC 5321 §4.1.1.3).
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, reverse_path)
    }

    /// The mailbox, where there is one.
    #[must_use]
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether it can be said without SMTPUTF8 (RFC 6531 §3.1).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ReversePath<'static> {
        match self {
            Self::Null => ReversePath::Null,
            Self::Mailbox(mailbox) => ReversePath::Mailbox(mailbox.into_owned()),
        }
    }
}

/// With its angle brackets.
impl fmt::Display for ReversePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

impl<'a> From<Mailbox<'a>> for ReversePath<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::Mailbox(mailbox)
    }
}

/// Whom a message is for (RFC 5321 §4.1.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "the RFC has these two")]
pub enum ForwardPath<'a> {
    /// `<Postmaster>`, without a domain: whoever looks after this server.
    Postmaster,
    /// That mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> ForwardPath<'a> {
    /// Reads a path with its angle brackets. A source route is dropped (RFC 5321 §4.1.1.3).
    ///
    /// # Errors
    ///
    /// Where `text` is anything else.
    pub fn parse(text: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(text, forward_path)
    }

    /// The mailbox, where one is named.
    #[must_use]
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Postmaster => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether it can be said without SMTPUTF8 (RFC 6531 §3.1).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ForwardPath<'static> {
        match self {
            Self::Postmaster => ForwardPath::Postmaster,
            Self::Mailbox(mailbox) => ForwardPath::Mailbox(mailbox.into_owned()),
        }
    }
}

/// With its angle brackets.
impl fmt::Display for ForwardPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postmaster => f.write_str("<Postmaster>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

impl<'a> From<Mailbox<'a>> for ForwardPath<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::Mailbox(mailbox)
    }
}

super::from_str!(ReversePath);
super::from_str!(ForwardPath);

/// `Reverse-path = Path / "<>"`
#[inline]
pub(crate) fn reverse_path(text: &[u8]) -> Parsed<'_, ReversePath<'_>> {
    match text.strip_prefix(b"<>") {
        Some(rest) => Ok((rest, ReversePath::Null)),
        None => path(text).map(|(rest, mailbox)| (rest, ReversePath::Mailbox(mailbox))),
    }
}

/// `Forward-path = Path`, or `"<Postmaster>"`
#[inline]
pub(crate) fn forward_path(text: &[u8]) -> Parsed<'_, ForwardPath<'_>> {
    const POSTMASTER: &[u8] = b"<Postmaster>";
    match text.split_at_checked(POSTMASTER.len()) {
        Some((front, rest)) if front.eq_ignore_ascii_case(POSTMASTER) => {
            Ok((rest, ForwardPath::Postmaster))
        }
        _ => path(text).map(|(rest, mailbox)| (rest, ForwardPath::Mailbox(mailbox))),
    }
}

/// ```text
/// Path      = "<" [ A-d-l ":" ] Mailbox ">"
/// A-d-l     = At-domain *( "," At-domain )
/// At-domain = "@" Domain
/// ```
#[inline]
fn path(text: &[u8]) -> Parsed<'_, Mailbox<'_>> {
    let (mut rest, ()) = byte(b'<', "<")(text)?;
    if rest.first() == Some(&b'@') {
        rest = loop {
            let (domain, ()) = byte(b'@', "@")(rest)?;
            let (after, _) = grammar::domain(domain)?;
            match after.strip_prefix(b",") {
                Some(next) => rest = next,
                None => break byte(b':', ":")(after)?.0,
            }
        };
    }
    let (rest, mailbox) = mailbox(rest)?;
    let (rest, ()) = byte(b'>', ">")(rest)?;
    Ok((rest, mailbox))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn paths() {
        assert_eq!(ReversePath::parse(b"<>"), Ok(ReversePath::Null));
        assert_eq!(ForwardPath::parse(b"<postMASTER>"), Ok(ForwardPath::Postmaster));
        assert!(ForwardPath::parse(b"<>").is_err() && ReversePath::parse(b"<Postmaster>").is_err());
        let path = ForwardPath::parse(b"<@a.test,@b.test:c@d.test>").unwrap();
        assert_eq!(path.to_string(), "<c@d.test>");
        for text in [
            "",
            "<",
            "a@b",
            "<a@b",
            "<<a@b>>",
            "< a@b>",
            "<a@b >",
            "<@a>",
            "<@a:>",
            "<@a,b:c@d>",
            "<@a,:c@d>",
            "<@a:@b:c@d>",
            "<a@b>x",
            "<a@b>\r\n",
            "<a>",
        ] {
            assert!(text.parse::<ReversePath<'_>>().is_err(), "{text:?}");
            assert!(text.parse::<ForwardPath<'_>>().is_err(), "{text:?}");
        }
    }
}
