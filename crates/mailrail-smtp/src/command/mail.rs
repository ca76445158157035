//! MAIL (RFC 5321 §4.1.1.2).

use super::Command;
use crate::{
    DeliverBy, EnvelopeId, Hold, Mailbox, Parameter, Priority, Ret, ReversePath, Solicitation,
    SyntaxError,
    grammar::{self, Parsed, fail, key, located, whole},
    types::{Pair, Text, parameters, reverse_path, write_xtext},
};
use alloc::{borrow::Cow, vec::Vec};
use core::fmt::Write as _;
use mailrail_wire::Output;

/// Whom a message is from, and what is said about it beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mail<'a> {
    /// Where reports go.
    pub reverse_path: ReversePath<'a>,
    /// SIZE: how many bytes the message has, line ends and all, dot-stuffing aside (RFC 1870 §6).
    pub size: Option<u64>,
    /// BODY: what kind of bytes it has (RFC 6152, RFC 3030).
    pub body: Option<Body>,
    /// AUTH: who submitted it, `<>` where that is not known; decoded (RFC 4954 §5). It is a claim
    /// that only an authenticated peer can be believed.
    pub auth: Option<Cow<'a, str>>,
    /// SMTPUTF8: addresses or header fields hold characters beyond ASCII (RFC 6531 §3.4).
    pub smtp_utf8: bool,
    /// RET: what of the message a report takes along (RFC 3461 §4.3).
    pub ret: Option<Ret>,
    /// ENVID: what the sender calls this sending of it (RFC 3461 §4.4).
    pub envelope_id: Option<EnvelopeId<'a>>,
    /// REQUIRETLS: it must not go on without TLS (RFC 8689 §3).
    pub require_tls: bool,
    /// BY: how soon it is to be delivered (RFC 2852 §4).
    pub by: Option<DeliverBy>,
    /// HOLDFOR or HOLDUNTIL: when it is to be sent (RFC 4865 §3).
    pub hold: Option<Hold<'a>>,
    /// MT-PRIORITY: how urgent it is (RFC 6710 §5).
    pub mt_priority: Option<Priority>,
    /// SOLICIT: what kinds of soliciting it does (RFC 3865 §2.3).
    pub solicit: Option<Solicitation<'a>>,
    /// Those that this crate does not know. A server of this crate takes those that
    /// [`Extensions::add_parameter`](crate::Extensions::add_parameter) names.
    pub others: Vec<Parameter<'a>>,
}

/// The kind of bytes that a message is made of (RFC 6152, RFC 3030 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Body {
    /// `7BIT`: none is over 127.
    SevenBit,
    /// `8BITMIME`: any may be, in lines that end in CR LF.
    EightBitMime,
    /// `BINARYMIME`: any bytes, sent by BDAT alone.
    BinaryMime,
}

impl Body {
    #[inline]
    fn parse(value: &[u8]) -> Option<Self> {
        const SEVEN_BIT: u64 = key(b"7BIT");
        const EIGHT_BIT_MIME: u64 = key(b"8BITMIME");
        match key(value) {
            SEVEN_BIT => Some(Self::SevenBit),
            EIGHT_BIT_MIME => Some(Self::EightBitMime),
            _ => value.eq_ignore_ascii_case(b"BINARYMIME").then_some(Self::BinaryMime),
        }
    }
}

impl<'a> Mail<'a> {
    /// From that path, with nothing said about the message.
    #[must_use]
    pub const fn new(reverse_path: ReversePath<'a>) -> Self {
        Self {
            reverse_path,
            size: None,
            body: None,
            auth: None,
            smtp_utf8: false,
            ret: None,
            envelope_id: None,
            require_tls: false,
            by: None,
            hold: None,
            mt_priority: None,
            solicit: None,
            others: Vec::new(),
        }
    }

    /// Whether it has any parameter.
    pub(crate) const fn has_parameters(&self) -> bool {
        self.size.is_some()
            || self.body.is_some()
            || self.auth.is_some()
            || self.smtp_utf8
            || self.ret.is_some()
            || self.envelope_id.is_some()
            || self.require_tls
            || self.by.is_some()
            || self.hold.is_some()
            || self.mt_priority.is_some()
            || self.solicit.is_some()
            || !self.others.is_empty()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mail<'static> {
        Mail {
            reverse_path: self.reverse_path.into_owned(),
            size: self.size,
            body: self.body,
            auth: self.auth.map(|auth| Cow::Owned(auth.into_owned())),
            smtp_utf8: self.smtp_utf8,
            ret: self.ret,
            envelope_id: self.envelope_id.map(EnvelopeId::into_owned),
            require_tls: self.require_tls,
            by: self.by,
            hold: self.hold.map(Hold::into_owned),
            mt_priority: self.mt_priority,
            solicit: self.solicit.map(Solicitation::into_owned),
            others: self.others.into_iter().map(Parameter::into_owned).collect(),
        }
    }

    /// `mail = "MAIL FROM:" Reverse-path [SP Mail-parameters] CRLF`
    #[inline(always)]
    pub(super) fn parse_command(
        line: &'a [u8],
        arguments: &'a [u8],
    ) -> Result<Command<'a>, SyntaxError> {
        let (rest, ()) = located(line, word(arguments, b" FROM:", "FROM:"))?;
        let (rest, reverse_path) = located(line, reverse_path(rest))?;
        if rest.is_empty() {
            return Ok(Command::Mail(Self::new(reverse_path)));
        }
        let (mut common, mut rare) = (Common::default(), None);
        parameters!(line, rest, |parameter| common.take(parameter, &mut rare));
        let Common { size, body, smtp_utf8, ret, envelope_id } = common;
        if let Some(rare) = rare {
            let mail = rare.into_mail(reverse_path);
            return Ok(Command::Mail(Self { size, body, smtp_utf8, ret, envelope_id, ..mail }));
        }
        let mail = Self::new(reverse_path);
        Ok(Command::Mail(Self { size, body, smtp_utf8, ret, envelope_id, ..mail }))
    }

    pub(super) fn encode(&self, out: &mut Output) {
        // Writing to an `Output` never fails.
        let _ = write!(out, "MAIL FROM:{}", self.reverse_path);
        if let Some(size) = self.size {
            let _ = write!(out, " SIZE={size}");
        }
        match self.body {
            None => {}
            Some(Body::SevenBit) => out.text(b" BODY=7BIT"),
            Some(Body::EightBitMime) => out.text(b" BODY=8BITMIME"),
            Some(Body::BinaryMime) => out.text(b" BODY=BINARYMIME"),
        }
        if let Some(auth) = &self.auth {
            out.text(b" AUTH=");
            let _ = write_xtext(if auth.is_empty() { "<>" } else { auth }, out);
        }
        if self.smtp_utf8 {
            out.text(b" SMTPUTF8");
        }
        if let Some(ret) = self.ret {
            let _ = write!(out, " RET={}", ret.as_str());
        }
        if let Some(id) = &self.envelope_id {
            let _ = write!(out, " ENVID={id}");
        }
        if self.require_tls {
            out.text(b" REQUIRETLS");
        }
        if let Some(by) = self.by {
            let _ = write!(out, " BY={by}");
        }
        if let Some(hold) = &self.hold {
            let _ = write!(out, " {hold}");
        }
        if let Some(priority) = self.mt_priority {
            let _ = write!(out, " MT-PRIORITY={priority}");
        }
        if let Some(classes) = &self.solicit {
            let _ = write!(out, " SOLICIT={classes}");
        }
        for other in &self.others {
            let _ = write!(out, " {other}");
        }
    }
}

/// The parameters that many messages are sent with. They are kept apart from the others so that
/// only those that are there are moved: moving takes longer than reading.
#[derive(Default)]
struct Common<'a> {
    size: Option<u64>,
    body: Option<Body>,
    smtp_utf8: bool,
    ret: Option<Ret>,
    envelope_id: Option<EnvelopeId<'a>>,
}

impl<'a> Common<'a> {
    /// Takes a parameter, or tells what was expected in its place.
    #[inline(always)]
    fn take(
        &mut self,
        (keyword, value): Pair<'a>,
        rare: &mut Option<Rare<'a>>,
    ) -> Result<(), &'static str> {
        const SIZE: u64 = key(b"SIZE");
        const BODY: u64 = key(b"BODY");
        const SMTPUTF8: u64 = key(b"SMTPUTF8");
        const RET: u64 = key(b"RET");
        const ENVID: u64 = key(b"ENVID");
        match key(keyword) {
            SIZE => {
                let size = value.and_then(|value| whole(value, grammar::number).ok());
                once(&mut self.size, size, "SIZE=number, once")
            }
            BODY => {
                let body = value.and_then(Body::parse);
                once(&mut self.body, body, "BODY=7BIT, 8BITMIME or BINARYMIME, once")
            }
            SMTPUTF8 => flag(&mut self.smtp_utf8, value, "SMTPUTF8, once"),
            RET => once(&mut self.ret, value.and_then(Ret::parse), "RET=FULL or RET=HDRS, once"),
            ENVID => {
                let id = value.and_then(EnvelopeId::parse);
                once(&mut self.envelope_id, id, "ENVID=xtext, once")
            }
            _ => rare.get_or_insert_default().take((keyword, value)),
        }
    }
}

/// The parameters that most messages are sent without.
#[derive(Default)]
struct Rare<'a> {
    auth: Option<Cow<'a, str>>,
    require_tls: bool,
    by: Option<DeliverBy>,
    hold: Option<Hold<'a>>,
    mt_priority: Option<Priority>,
    solicit: Option<Solicitation<'a>>,
    others: Vec<Parameter<'a>>,
}

impl<'a> Rare<'a> {
    /// From that path, with these alone.
    #[cold]
    fn into_mail(self, reverse_path: ReversePath<'a>) -> Mail<'a> {
        let Self { auth, require_tls, by, hold, mt_priority, solicit, others } = self;
        let mail = Mail::new(reverse_path);
        Mail { auth, require_tls, by, hold, mt_priority, solicit, others, ..mail }
    }

    /// Takes a parameter, or tells what was expected in its place.
    #[cold]
    fn take(&mut self, (keyword, value): Pair<'a>) -> Result<(), &'static str> {
        let is = |word: &[u8]| keyword.eq_ignore_ascii_case(word);
        let text = value.and_then(utf8);
        if is(b"AUTH") {
            let auth = value.and_then(grammar::xtext);
            once(&mut self.auth, auth.map(Text::into_cow), "AUTH=xtext, once")
        } else if is(b"REQUIRETLS") {
            flag(&mut self.require_tls, value, "REQUIRETLS, once")
        } else if is(b"BY") {
            once(&mut self.by, text.and_then(DeliverBy::parse), "BY=seconds;N or R, once")
        } else if is(b"HOLDFOR") {
            once(&mut self.hold, text.and_then(Hold::parse_for), "HOLDFOR=seconds, once")
        } else if is(b"HOLDUNTIL") {
            once(&mut self.hold, text.and_then(Hold::parse_until), "HOLDUNTIL=date, once")
        } else if is(b"MT-PRIORITY") {
            let priority = text.and_then(Priority::parse);
            once(&mut self.mt_priority, priority, "MT-PRIORITY=-9 to 9, once")
        } else if is(b"SOLICIT") {
            let classes = value.and_then(|value| Solicitation::parse(value).ok());
            once(&mut self.solicit, classes, "SOLICIT=words, once")
        } else {
            self.others.push(Parameter::borrowed((keyword, value)));
            Ok(())
        }
    }
}

impl<'a> From<ReversePath<'a>> for Mail<'a> {
    fn from(path: ReversePath<'a>) -> Self {
        Self::new(path)
    }
}

impl<'a> From<Mailbox<'a>> for Mail<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::new(mailbox.into())
    }
}

/// `word`, in any case of letters: a space, letters and a colon.
#[inline(always)]
pub(super) fn word<'a, const N: usize>(
    text: &'a [u8],
    word: &[u8; N],
    expected: &'static str,
) -> Parsed<'a, ()> {
    // A key tells letters apart; the others it may not.
    match text.split_first_chunk::<N>() {
        Some((front, rest))
            if key(front) == key(word)
                && front.first() == word.first()
                && front.last() == word.last() =>
        {
            Ok((rest, ()))
        }
        _ => fail(text, expected),
    }
}

/// The value of a parameter that is seldom there.
pub(super) fn utf8(value: &[u8]) -> Option<&str> {
    core::str::from_utf8(value).ok()
}

/// Notes a parameter without a value.
#[inline(always)]
pub(super) const fn flag(
    slot: &mut bool,
    value: Option<&[u8]>,
    expected: &'static str,
) -> Result<(), &'static str> {
    if *slot || value.is_some() {
        return Err(expected);
    }
    *slot = true;
    Ok(())
}

/// Fills a slot that is empty.
#[inline(always)]
pub(super) fn once<T>(
    slot: &mut Option<T>,
    value: Option<T>,
    expected: &'static str,
) -> Result<(), &'static str> {
    if slot.is_some() || value.is_none() {
        return Err(expected);
    }
    *slot = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read() {
        let line =
            b"mail from:<e=mc2@example.com> size=0 Body=8bitmime AUTH=e+3Dmc2@example.com X-A B=1\r\n";
        let Ok(Command::Mail(mail)) = Command::parse(line) else { panic!("a MAIL command") };
        assert_eq!((mail.size, mail.body), (Some(0), Some(Body::EightBitMime)));
        assert_eq!(mail.auth.as_deref(), Some("e=mc2@example.com"));
        assert_eq!(mail.others.len(), 2);
    }

    #[test]
    fn what_is_refused() {
        for text in [
            &b""[..],
            b" FROM:",
            b"FROM:<>",
            b" FROM: <>",
            b" FROM:<> ",
            b" FROM:<>SIZE=1",
            b" FROM:<>  SIZE=1",
            b" FROM:<> SIZE",
            b" FROM:<> SIZE=",
            b" FROM:<> SIZE=-1",
            b" FROM:<> SIZE=1 SIZE=1",
            b" FROM:<> SIZE=18446744073709551616",
            b" FROM:<> BODY=BINARY",
            b" FROM:<> AUTH=a=b",
            b" FROM:<> -A=b",
            b" FROM:<> A=\0",
            b" FROM:<> A=b\nc",
        ] {
            assert!(Mail::parse_command(text, text).is_err(), "{text:?}");
        }
    }
}
