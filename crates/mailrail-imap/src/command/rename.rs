//! `RENAME`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::Mailbox,
};
use nom::Parser;

/// Gives a mailbox another name (RFC 3501 §6.3.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename<'a> {
    /// Its name.
    pub from: Mailbox<'a>,
    /// Its new name.
    pub to: Mailbox<'a>,
}

impl<'a> Rename<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Rename<'static> {
        Rename { from: self.from.into_owned(), to: self.to.into_owned() }
    }

    /// `rename = "RENAME" SP mailbox SP mailbox`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, from) = arg(Mailbox::parse).parse(i)?;
        let (i, to) = arg(Mailbox::parse).parse(i)?;
        Ok((i, Self { from, to }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"RENAME ");
        self.from.encode(out);
        out.text(b" ");
        self.to.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn renames_of_the_rfc() {
        both_ways("A683 RENAME blurdybloop sarasoon\r\n");
        both_ways("Z434 RENAME INBOX old-mail\r\n");
    }
}
