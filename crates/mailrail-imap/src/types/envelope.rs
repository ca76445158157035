//! `envelope`

use super::{IString, NString, nstring_into_owned, write_nstring};
use crate::{
    encode::Sink,
    grammar::{Parsed, close, named, nil, sp},
};
use alloc::vec::Vec;
use nom::{Parser, character::complete::char, sequence::preceded};

/// What the header of a message says, parsed by the server (RFC 3501 §7.4.2). Strings are as in
/// the header, with encoded words (RFC 2047) as they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Envelope<'a> {
    /// `Date`
    pub date: NString<'a>,
    /// `Subject`
    pub subject: NString<'a>,
    /// `From`
    pub from: Vec<Address<'a>>,
    /// `Sender`; the same as `from` where the message has none.
    pub sender: Vec<Address<'a>>,
    /// `Reply-To`; the same as `from` where the message has none.
    pub reply_to: Vec<Address<'a>>,
    /// `To`
    pub to: Vec<Address<'a>>,
    /// `Cc`
    pub cc: Vec<Address<'a>>,
    /// `Bcc`
    pub bcc: Vec<Address<'a>>,
    /// `In-Reply-To`
    pub in_reply_to: NString<'a>,
    /// `Message-ID`
    pub message_id: NString<'a>,
}

/// An address of an envelope, or the beginning or the end of a group: then `host` is none, and
/// `mailbox` is the group's name or none (RFC 3501 §7.4.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Address<'a> {
    /// What a person is called by.
    pub name: NString<'a>,
    /// The source route, which is long out of use.
    pub adl: NString<'a>,
    /// Before the `@`.
    pub mailbox: NString<'a>,
    /// Behind the `@`.
    pub host: NString<'a>,
}

impl<'a> Envelope<'a> {
    /// The same envelope, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Envelope<'static> {
        let owned = |list: Vec<Address<'_>>| list.into_iter().map(Address::into_owned).collect();
        Envelope {
            date: nstring_into_owned(self.date),
            subject: nstring_into_owned(self.subject),
            from: owned(self.from),
            sender: owned(self.sender),
            reply_to: owned(self.reply_to),
            to: owned(self.to),
            cc: owned(self.cc),
            bcc: owned(self.bcc),
            in_reply_to: nstring_into_owned(self.in_reply_to),
            message_id: nstring_into_owned(self.message_id),
        }
    }

    /// ```abnf
    /// envelope = "(" env-date SP env-subject SP env-from SP env-sender SP env-reply-to SP env-to SP
    ///            env-cc SP env-bcc SP env-in-reply-to SP env-message-id ")"
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, date) =
            preceded(named("an envelope", char('(')), IString::parse_nstring).parse(i)?;
        let (i, subject) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, from) = preceded(sp, addresses).parse(i)?;
        let (i, sender) = preceded(sp, addresses).parse(i)?;
        let (i, reply_to) = preceded(sp, addresses).parse(i)?;
        let (i, to) = preceded(sp, addresses).parse(i)?;
        let (i, cc) = preceded(sp, addresses).parse(i)?;
        let (i, bcc) = preceded(sp, addresses).parse(i)?;
        let (i, in_reply_to) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, message_id) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, ()) = close(i)?;
        Ok((
            i,
            Self { date, subject, from, sender, reply_to, to, cc, bcc, in_reply_to, message_id },
        ))
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        out.text(b"(");
        write_nstring(&self.date, out);
        out.text(b" ");
        write_nstring(&self.subject, out);
        for list in [&self.from, &self.sender, &self.reply_to, &self.to, &self.cc, &self.bcc] {
            out.text(if list.is_empty() { b" NIL" } else { b" (" });
            list.iter().for_each(|address| address.encode(out));
            out.text(if list.is_empty() { b"" } else { b")" });
        }
        for string in [&self.in_reply_to, &self.message_id] {
            out.text(b" ");
            write_nstring(string, out);
        }
        out.text(b")");
    }
}

/// `"(" 1*address ")" / nil`
fn addresses<'a>(i: &'a [u8]) -> Parsed<'a, Vec<Address<'a>>> {
    let [b'(', rest @ ..] = i else {
        return named("addresses or NIL", nil).parse(i).map(|(rest, ())| (rest, Vec::new()));
    };
    let (mut rest, mut list) = (rest, Vec::new());
    loop {
        let (after, address) = Address::parse(rest)?;
        list.push(address);
        match after {
            [b')', after @ ..] => return Ok((after, list)),
            _ => rest = after,
        }
    }
}

impl<'a> Address<'a> {
    /// The same address, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        Address {
            name: nstring_into_owned(self.name),
            adl: nstring_into_owned(self.adl),
            mailbox: nstring_into_owned(self.mailbox),
            host: nstring_into_owned(self.host),
        }
    }

    /// `address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")"`
    fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (i, name) =
            preceded(named("an address", char('(')), IString::parse_nstring).parse(i)?;
        let (i, adl) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, mailbox) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, host) = preceded(sp, IString::parse_nstring).parse(i)?;
        let (i, ()) = close(i)?;
        Ok((i, Self { name, adl, mailbox, host }))
    }

    fn encode(&self, out: &mut impl Sink) {
        out.list([&self.name, &self.adl, &self.mailbox, &self.host], |out, part| {
            write_nstring(part, out);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Buf;
    use mailrail_wire::Output;

    #[test]
    fn the_envelope_of_the_rfc() {
        // RFC 3501 §8
        let wire = concat!(
            "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev1 WG mtg summary and minutes\" ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ",
            "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) ((NIL NIL \"imap\" \"cac.washington.edu\")) ",
            "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) ",
            "NIL NIL \"<B27397-0100000@cac.washington.edu>\")",
        );
        let (rest, envelope) = Envelope::parse(wire.as_bytes()).unwrap();
        assert!(rest.is_empty() && envelope.bcc.is_empty());
        assert_eq!(envelope.cc[1].host.as_ref().unwrap().as_bytes(), b"MIT.EDU");
        let mut out = Output::default();
        envelope.clone().into_owned().encode(&mut out);
        assert_eq!(out.copy_to_bytes(out.remaining()), wire);
    }
}
