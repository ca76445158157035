//! `SELECT` and `EXAMINE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::Mailbox,
};
use nom::Parser;

/// Opens a mailbox (RFC 3501 §6.3.1), or opens it without changing anything (§6.3.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select<'a> {
    /// Which.
    pub mailbox: Mailbox<'a>,
}

impl<'a> Select<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Select<'static> {
        Select { mailbox: self.mailbox.into_owned() }
    }

    /// ```abnf
    /// select  = "SELECT" SP mailbox
    /// examine = "EXAMINE" SP mailbox
    /// ```
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, mailbox) = arg(Mailbox::parse).parse(i)?;
        Ok((i, Self { mailbox }))
    }

    pub(super) fn encode(&self, verb: &[u8], out: &mut Encoded) {
        out.text(verb);
        self.mailbox.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn selects_of_the_rfc() {
        both_ways("A142 SELECT INBOX\r\n");
        both_ways("A932 EXAMINE blurdybloop\r\n");
        assert!(Command::parse(b"a SELECT\r\n").is_err());
        assert!(Command::parse(b"a SELECT a b\r\n").is_err());
    }
}
