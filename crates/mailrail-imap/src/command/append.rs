//! `APPEND`

use crate::{
    Literals,
    encode::{Encoded, Sink},
    grammar::{Parsed, announcement, arg, fault, list0},
    types::{DateTime, Flag, Mailbox},
};
use alloc::vec::Vec;
use nom::Parser;

/// Puts a message into a mailbox (RFC 3501 §6.3.11). The message itself follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append<'a> {
    /// The mailbox to put it into.
    pub mailbox: Mailbox<'a>,
    /// The flags it gets.
    pub flags: Vec<Flag<'a>>,
    /// The internal date it gets; the present one where there is none.
    pub date: Option<DateTime>,
    /// How many octets the message has; at most 2^63 - 1.
    pub length: u64,
}

impl<'a> Append<'a> {
    /// Whether the client waits for a continuation request before it sends the message.
    #[must_use]
    pub const fn waits(&self, literals: Literals) -> bool {
        literals.waits(self.length)
    }

    /// The same command, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Append<'static> {
        Append {
            mailbox: self.mailbox.into_owned(),
            flags: self.flags.into_iter().map(Flag::into_owned).collect(),
            date: self.date,
            length: self.length,
        }
    }

    /// ```abnf
    /// append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
    /// ```
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (mut i, mailbox) = arg(Mailbox::parse).parse(i)?;
        let mut flags = Vec::new();
        if i.starts_with(b" (") {
            (i, flags) = arg(list0(Flag::parse)).parse(i)?;
        }
        let mut date = None;
        if i.starts_with(b" \"") {
            let (rest, moment) = arg(DateTime::parse).parse(i)?;
            (i, date) = (rest, Some(moment));
        }
        if !i.starts_with(b" {") {
            return fault(i, "a message");
        }
        let (i, (length, _)) = arg(announcement).parse(i)?;
        Ok((i, Self { mailbox, flags, date, length }))
    }

    pub(super) fn encode(&self, out: &mut Encoded) {
        out.text(b"APPEND ");
        self.mailbox.encode(out);
        out.text(b" ");
        if !self.flags.is_empty() {
            out.list(&self.flags, |out, flag| flag.encode(out));
            out.text(b" ");
        }
        if let Some(date) = self.date {
            date.encode(out);
            out.text(b" ");
        }
        out.announce(self.length);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Command, both_ways};
    use super::*;

    #[test]
    fn the_append_of_the_rfc() {
        let Command::Append(append) = both_ways("A003 APPEND saved-messages (\\Seen) {310}\r\n")
        else {
            panic!()
        };
        assert_eq!((append.flags, append.length), (Vec::from([Flag::Seen]), 310));
        both_ways("a APPEND \"a b\" \" 1-Jan-2026 00:00:00 +0000\" {0}\r\n");
        both_ways(
            "a APPEND {1}\r\n\n ($Junk) \"11-Jan-2026 00:00:00 -0130\" {9223372036854775807}\r\n",
        );
        assert!(Command::parse(b"a APPEND x {5+}\r\n").is_ok());
        for bad in [
            "a APPEND x\r\n",
            "a APPEND {5}\r\n",
            "a APPEND x {5}\r\nabcde\r\n",
            "a APPEND x ~{5}\r\n",
            "a APPEND x (\\Recent) {5}\r\n",
            "a APPEND x {9223372036854775808}\r\n",
        ] {
            assert!(Command::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
