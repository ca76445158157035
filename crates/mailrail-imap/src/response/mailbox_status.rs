//! `STATUS`

use crate::{
    encode::Sink,
    grammar::{Parsed, arg, list0},
    types::{Mailbox, StatusItem},
};
use alloc::vec::Vec;
use nom::Parser;

/// What STATUS asked about a mailbox (RFC 3501 §7.2.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxStatus<'a> {
    /// Which mailbox.
    pub mailbox: Mailbox<'a>,
    /// What about it. Items that are not known, and were not asked for, are left out.
    pub items: Vec<StatusItem>,
}

impl<'a> MailboxStatus<'a> {
    pub(super) fn into_owned(self) -> MailboxStatus<'static> {
        MailboxStatus { mailbox: self.mailbox.into_owned(), items: self.items }
    }

    /// `"STATUS" SP mailbox SP "(" [status-att-list] ")"`
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, mailbox) = arg(Mailbox::parse).parse(i)?;
        let (i, items) = arg(list0(StatusItem::parse)).parse(i)?;
        Ok((i, Self { mailbox, items: items.into_iter().flatten().collect() }))
    }

    pub(super) fn encode(&self, out: &mut impl Sink) {
        out.text(b"* STATUS ");
        self.mailbox.encode(out);
        out.text(b" ");
        out.list(&self.items, |out, item| item.encode(out));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};

    #[test]
    fn statuses_of_the_rfc() {
        both_ways("* STATUS blurdybloop (MESSAGES 231 UIDNEXT 44292)\r\n");
        both_ways(
            "* STATUS x (RECENT 0 UIDVALIDITY 1 UNSEEN 2 DELETED 3 SIZE 9223372036854775807)\r\n",
        );
        both_ways("* STATUS x ()\r\n");
        let wire = b"* STATUS x (HIGHESTMODSEQ 7011231777 MESSAGES 1)\r\n";
        let Ok(Response::MailboxStatus(status)) = Response::parse(wire) else { panic!() };
        assert_eq!(status.items.len(), 1);
    }
}
