//! `STATUS`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg, list1},
    types::{Mailbox, StatusAttribute},
};
use alloc::vec::Vec;
use nom::Parser;

/// Asks about a mailbox without selecting it (RFC 3501 §6.3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status<'a> {
    /// Which.
    pub mailbox: Mailbox<'a>,
    /// What about it; one at least.
    pub attributes: Vec<StatusAttribute>,
}

impl<'a> Status<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Status<'static> {
        Status { mailbox: self.mailbox.into_owned(), attributes: self.attributes }
    }

    /// `status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, mailbox) = arg(Mailbox::parse).parse(i)?;
        let (i, attributes) = arg(list1(StatusAttribute::parse)).parse(i)?;
        Ok((i, Self { mailbox, attributes }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"STATUS ");
        self.mailbox.encode(out);
        out.text(b" ");
        out.list(&self.attributes, |out, attribute| attribute.encode(out));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn statuses_of_the_rfc() {
        both_ways("A042 STATUS blurdybloop (UIDNEXT MESSAGES)\r\n");
        both_ways("a STATUS x (RECENT UIDVALIDITY UNSEEN DELETED SIZE)\r\n");
        assert!(Command::parse(b"a STATUS x ()\r\n").is_err());
        assert!(Command::parse(b"a STATUS x (FOO)\r\n").is_err());
    }
}
