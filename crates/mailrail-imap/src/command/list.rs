//! `LIST` and `LSUB`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::{Delimiter, ListPattern, Mailbox, fits},
};
use nom::Parser;

/// Asks for the names of mailboxes (RFC 3501 §6.3.8), or of those subscribed to (§6.3.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'a> {
    /// What the pattern is seen from; often empty.
    pub reference: Mailbox<'a>,
    /// Which names. An empty one asks for the hierarchy delimiter and the root name of the
    /// reference.
    pub pattern: ListPattern<'a>,
}

impl<'a> List<'a> {
    /// Whether a mailbox fits the pattern as seen from the reference: the one behind the other.
    #[must_use]
    pub fn matches(&self, mailbox: &Mailbox<'_>, delimiter: Option<Delimiter>) -> bool {
        let whole = [self.reference.as_bytes(), self.pattern.as_bytes()].concat();
        fits(&whole, mailbox, delimiter)
    }

    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> List<'static> {
        List { reference: self.reference.into_owned(), pattern: self.pattern.into_owned() }
    }

    /// ```abnf
    /// list = "LIST" SP mailbox SP list-mailbox
    /// lsub = "LSUB" SP mailbox SP list-mailbox
    /// ```
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, reference) = arg(Mailbox::parse).parse(i)?;
        let (i, pattern) = arg(ListPattern::parse).parse(i)?;
        Ok((i, Self { reference, pattern }))
    }

    pub(super) fn encode(&self, verb: &[u8], out: &mut Encoded) {
        out.text(verb);
        self.reference.encode(out);
        out.text(b" ");
        self.pattern.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};
    use super::*;

    #[test]
    fn lists_of_the_rfc() {
        both_ways("A101 LIST \"\" \"\"\r\n");
        both_ways("A202 LIST ~/Mail/ \"%\"\r\n");
        let Ok((_, Command::Lsub(list))) = Command::parse(b"A002 LSUB \"#news.\" comp.%\r\n")
        else {
            panic!()
        };
        assert!(list.matches(&Mailbox::from_name("#news.comp.mail"), Some(Delimiter::SLASH)));
        assert!(!list.matches(&Mailbox::from_name("#news.comp.mail.mime"), Some(Delimiter::DOT)));
        assert!(Command::parse(b"a LIST \"\"\r\n").is_err());
        assert!(Command::parse(b"a LIST * \"\"\r\n").is_err());
    }
}
