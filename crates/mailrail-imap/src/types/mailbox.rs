//! `mailbox`

use super::{IString, utf7};
use crate::{SyntaxError, encode::Sink, grammar::Parsed};
use alloc::{borrow::Cow, string::String};
use nom::{Parser, combinator::map};

/// The name of a mailbox (RFC 3501 §5.1), as it crosses the wire, in modified UTF-7.
///
/// INBOX in any case is one and the same mailbox, and always held as `INBOX`. All other names are
/// kept byte for byte, valid modified UTF-7 or not, so that a name that a server lists can be said
/// back to it.
///
/// ```
/// use mailrail_imap::types::Mailbox;
///
/// let drafts = Mailbox::from_name("Entwürfe");
/// assert_eq!(drafts.as_bytes(), b"Entw&APw-rfe");
/// assert_eq!(drafts.name(), "Entwürfe");
/// assert!(Mailbox::from_name("inbox").is_inbox());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mailbox<'a>(IString<'a>);

impl<'a> Mailbox<'a> {
    /// The mailbox of a name that a person reads; it can be any text.
    #[must_use]
    pub fn from_name(name: &str) -> Mailbox<'static> {
        // Encoding leaves no NUL.
        Mailbox::canonical(IString::new(utf7::encode(name)).unwrap_or_default())
    }

    /// The mailbox of a name as it crosses the wire.
    ///
    /// # Errors
    ///
    /// Where there is a NUL in it.
    pub fn from_wire(name: impl Into<Cow<'a, [u8]>>) -> Result<Self, SyntaxError> {
        IString::new(name).map(Self::canonical)
    }

    /// The one mailbox that every user has (RFC 3501 §5.1).
    #[must_use]
    pub fn inbox() -> Self {
        Self::canonical(IString::new(&b"INBOX"[..]).unwrap_or_default())
    }

    fn canonical(name: IString<'a>) -> Self {
        if name.as_bytes().eq_ignore_ascii_case(b"INBOX") && name.as_bytes() != b"INBOX" {
            return Self::inbox();
        }
        Self(name)
    }

    /// The name that a person reads. One that is not in modified UTF-7 is taken for UTF-8.
    #[must_use]
    pub fn name(&self) -> Cow<'_, str> {
        match utf7::decode(self.as_bytes()) {
            Some(name) => Cow::Owned(name),
            None => String::from_utf8_lossy(self.as_bytes()),
        }
    }

    /// The name as it crosses the wire.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Whether it is INBOX.
    #[must_use]
    pub fn is_inbox(&self) -> bool {
        self.as_bytes() == b"INBOX"
    }

    /// The same name, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mailbox<'static> {
        Mailbox(self.0.into_owned())
    }

    /// `mailbox = "INBOX" / astring`
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        map(IString::parse_astring, Self::canonical).parse(i)
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        self.0.encode_astring(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inbox_is_one() {
        let (_, mailbox) = Mailbox::parse(b"{5}\r\niNbOx\r\n").unwrap();
        assert_eq!(mailbox, Mailbox::inbox());
        assert_ne!(Mailbox::from_name("Inbox/x"), Mailbox::from_name("INBOX/x"));
    }

    #[test]
    fn names_that_are_not_in_utf7_stay() {
        let mailbox = Mailbox::from_wire("Entwürfe".as_bytes()).unwrap();
        assert_eq!((mailbox.as_bytes(), &*mailbox.name()), ("Entwürfe".as_bytes(), "Entwürfe"));
        assert!(Mailbox::from_wire(&b"a\0"[..]).is_err());
        assert_eq!(Mailbox::from_name("a\r\nb").as_bytes(), b"a&AA0ACg-b");
    }
}
