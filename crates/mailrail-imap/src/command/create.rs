//! `CREATE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::Mailbox,
};
use nom::Parser;

/// Makes a mailbox (RFC 3501 §6.3.3). A name that ends in the hierarchy delimiter says that there
/// will be mailboxes below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Create<'a> {
    /// Its name.
    pub mailbox: Mailbox<'a>,
}

impl<'a> Create<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Create<'static> {
        Create { mailbox: self.mailbox.into_owned() }
    }

    /// `create = "CREATE" SP mailbox`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, mailbox) = arg(Mailbox::parse).parse(i)?;
        Ok((i, Self { mailbox }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"CREATE ");
        self.mailbox.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::both_ways;

    #[test]
    fn creates_of_the_rfc() {
        both_ways("A003 CREATE owatagusiam/\r\n");
        both_ways("A004 CREATE owatagusiam/blurdybloop\r\n");
    }
}
