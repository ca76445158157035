//! `COPY` and `MOVE`

use crate::{
    encode::{Encoded, Sink},
    grammar::{Parsed, arg},
    types::{Mailbox, SequenceSet},
};
use nom::Parser;

/// Copies messages to a mailbox (RFC 3501 §6.4.7), or moves them (RFC 6851 §3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy<'a> {
    /// Whether the set holds UIDs rather than sequence numbers.
    pub uid: bool,
    /// Which messages.
    pub set: SequenceSet,
    /// Where to.
    pub mailbox: Mailbox<'a>,
}

impl<'a> Copy<'a> {
    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Copy<'static> {
        Copy { uid: self.uid, set: self.set, mailbox: self.mailbox.into_owned() }
    }

    /// ```abnf
    /// copy = "COPY" SP sequence-set SP mailbox
    /// move = "MOVE" SP sequence-set SP mailbox
    /// ```
    pub(super) fn parse(i: &'a [u8], uid: bool) -> Parsed<'a, Self> {
        let (i, set) = arg(SequenceSet::parse).parse(i)?;
        let (i, mailbox) = arg(Mailbox::parse).parse(i)?;
        Ok((i, Self { uid, set, mailbox }))
    }

    pub(super) fn encode(&self, verb: &[u8], out: &mut Encoded) {
        out.text(if self.uid { b"UID " } else { b"" });
        out.text(verb);
        self.set.encode(out);
        out.text(b" ");
        self.mailbox.encode(out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};

    #[test]
    fn copies_of_the_rfcs() {
        both_ways("A003 COPY 2:4 MEETING\r\n");
        both_ways("a UID MOVE 42:69 foo\r\n");
        assert!(Command::parse(b"a COPY 2:4\r\n").is_err());
        assert!(Command::parse(b"a COPY x MEETING\r\n").is_err());
    }
}
