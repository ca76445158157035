//! `resp-text-code`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, arg, fault, is_text_char, list0, list1, name, named, nz_number},
    types::{Atom, Capabilities, Flag, IString, SequenceSet},
};
use alloc::{borrow::Cow, vec::Vec};
use core::num::NonZeroU32;
use nom::{
    Parser,
    bytes::complete::take_while1,
    character::complete::char,
    combinator::{map, opt},
    sequence::preceded,
};

macro_rules! plain {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal, $upper:literal;)+) => {
        /// A response code that is a word alone.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// The word on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            fn of(upper: &[u8]) -> Option<Self> {
                Some(match upper {
                    $($upper => Self::$name,)+
                    _ => return None,
                })
            }
        }
    };
}

plain! {
    /// A person must see the text.
    Alert = "ALERT", b"ALERT";
    /// A message could not be parsed.
    Parse = "PARSE", b"PARSE";
    /// The mailbox is open for reading.
    ReadOnly = "READ-ONLY", b"READ-ONLY";
    /// The mailbox is open for reading and writing.
    ReadWrite = "READ-WRITE", b"READ-WRITE";
    /// It would work if the mailbox were created first.
    TryCreate = "TRYCREATE", b"TRYCREATE";
    /// UIDs do not last (RFC 4315).
    UidNotSticky = "UIDNOTSTICKY", b"UIDNOTSTICKY";
    /// The mailbox that was selected is closed (RFC 7162).
    Closed = "CLOSED", b"CLOSED";
    /// The literal or the message is too large (RFC 4469, RFC 7888).
    TooBig = "TOOBIG", b"TOOBIG";
    /// The server cannot reach what it needs (RFC 5530, as the following).
    Unavailable = "UNAVAILABLE", b"UNAVAILABLE";
    /// The name or the password is wrong.
    AuthenticationFailed = "AUTHENTICATIONFAILED", b"AUTHENTICATIONFAILED";
    /// They are right, and the user may not log in.
    AuthorizationFailed = "AUTHORIZATIONFAILED", b"AUTHORIZATIONFAILED";
    /// The password is too old.
    Expired = "EXPIRED", b"EXPIRED";
    /// It needs TLS.
    PrivacyRequired = "PRIVACYREQUIRED", b"PRIVACYREQUIRED";
    /// The administrator has to be asked.
    ContactAdmin = "CONTACTADMIN", b"CONTACTADMIN";
    /// The user may not do that.
    NoPerm = "NOPERM", b"NOPERM";
    /// Somebody else is using it.
    InUse = "INUSE", b"INUSE";
    /// Somebody else has expunged messages.
    ExpungeIssued = "EXPUNGEISSUED", b"EXPUNGEISSUED";
    /// The server's data is broken.
    Corruption = "CORRUPTION", b"CORRUPTION";
    /// The server has a fault.
    ServerBug = "SERVERBUG", b"SERVERBUG";
    /// The client has a fault.
    ClientBug = "CLIENTBUG", b"CLIENTBUG";
    /// It can never be done.
    Cannot = "CANNOT", b"CANNOT";
    /// A limit is reached.
    Limit = "LIMIT", b"LIMIT";
    /// The user's quota is reached.
    OverQuota = "OVERQUOTA", b"OVERQUOTA";
    /// It is there already.
    AlreadyExists = "ALREADYEXISTS", b"ALREADYEXISTS";
    /// It is not there.
    NonExistent = "NONEXISTENT", b"NONEXISTENT";
    /// The mailbox has others below it (RFC 9051).
    HasChildren = "HASCHILDREN", b"HASCHILDREN";
}

/// What a machine needs to know about a status response (RFC 3501 §7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResponseCode<'a> {
    /// A word alone.
    Plain(Code),
    /// `BADCHARSET`: the charsets that SEARCH takes.
    BadCharset(Vec<IString<'a>>),
    /// `CAPABILITY`
    Capability(Capabilities),
    /// `PERMANENTFLAGS`: which flags last.
    PermanentFlags {
        /// The flags.
        flags: Vec<Flag<'a>>,
        /// `\*`: keywords can be made by setting them.
        any: bool,
    },
    /// `UIDNEXT`: the UID that the next message will have, at least.
    UidNext(NonZeroU32),
    /// `UIDVALIDITY`: by which the client knows whether the UIDs it holds still hold.
    UidValidity(NonZeroU32),
    /// `UNSEEN`: the sequence number of the first message without `\Seen`.
    Unseen(NonZeroU32),
    /// `APPENDUID`: where a message was put (RFC 4315 §3).
    AppendUid {
        /// The UIDVALIDITY of the mailbox.
        uid_validity: NonZeroU32,
        /// The UID of the message. A set has no `*` here.
        uids: SequenceSet,
    },
    /// `COPYUID`: where messages were copied to (RFC 4315 §3).
    CopyUid {
        /// The UIDVALIDITY of the mailbox that they were copied to.
        uid_validity: NonZeroU32,
        /// The UIDs that they were copied from. A set has no `*` here.
        source: SequenceSet,
        /// The UIDs of the copies, in the same order.
        destination: SequenceSet,
    },
    /// Another code.
    Other(OtherCode<'a>),
}

/// A response code that this crate does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCode<'a> {
    name: Atom<'a>,
    value: Option<Cow<'a, [u8]>>,
}

impl<'a> OtherCode<'a> {
    /// A code of that name, and what stands behind it.
    ///
    /// # Errors
    ///
    /// Where that is empty, or has a `]`, a line end or a NUL.
    pub fn new(name: Atom<'a>, value: Option<Cow<'a, [u8]>>) -> Result<Self, SyntaxError> {
        if let Some(value) = &value {
            let bad = value.iter().position(|b| !is_value_char(*b));
            if let Some(at) = bad.or_else(|| value.is_empty().then_some(0)) {
                return Err(SyntaxError::new(at, "the value of a response code"));
            }
        }
        Ok(Self { name, value })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Atom<'a> {
        &self.name
    }

    /// What stands behind the name.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    fn into_owned(self) -> OtherCode<'static> {
        let value = self.value.map(|value| Cow::Owned(value.into_owned()));
        OtherCode { name: self.name.into_owned(), value }
    }
}

/// `<any TEXT-CHAR except "]">`
const fn is_value_char(b: u8) -> bool {
    is_text_char(b) && b != b']'
}

impl<'a> ResponseCode<'a> {
    /// `ALERT`
    pub const ALERT: Self = Self::Plain(Code::Alert);

    pub(super) fn into_owned(self) -> ResponseCode<'static> {
        match self {
            Self::Plain(code) => ResponseCode::Plain(code),
            Self::BadCharset(names) => {
                ResponseCode::BadCharset(names.into_iter().map(IString::into_owned).collect())
            }
            Self::Capability(it) => ResponseCode::Capability(it),
            Self::PermanentFlags { flags, any } => ResponseCode::PermanentFlags {
                flags: flags.into_iter().map(Flag::into_owned).collect(),
                any,
            },
            Self::UidNext(n) => ResponseCode::UidNext(n),
            Self::UidValidity(n) => ResponseCode::UidValidity(n),
            Self::Unseen(n) => ResponseCode::Unseen(n),
            Self::AppendUid { uid_validity, uids } => {
                ResponseCode::AppendUid { uid_validity, uids }
            }
            Self::CopyUid { uid_validity, source, destination } => {
                ResponseCode::CopyUid { uid_validity, source, destination }
            }
            Self::Other(it) => ResponseCode::Other(it.into_owned()),
        }
    }

    /// `"[" resp-text-code "]"`. One that is known, and not as it should be, is another.
    pub(super) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (start, _) = named("a response code", char('[')).parse(i)?;
        let (rest, word) = Atom::parse(start)?;
        let known = Self::known(rest, &word);
        if let Ok(([b']', rest @ ..], code)) = known {
            return Ok((rest, code));
        }
        let value = take_while1(is_value_char);
        let (rest, value) = opt(preceded(char(' '), value)).parse(rest)?;
        let (rest, _) = named("the end of a response code", char(']')).parse(rest)?;
        Ok((rest, Self::Other(OtherCode { name: word, value: value.map(Cow::Borrowed) })))
    }

    fn known(i: &'a [u8], word: &Atom<'a>) -> Parsed<'a, Self> {
        let mut buf = [0; 20];
        let word = name(&mut buf, word.as_str().as_bytes());
        if let Some(code) = Code::of(word) {
            return Ok((i, Self::Plain(code)));
        }
        match word {
            b"BADCHARSET" => {
                let names = opt(arg(list1(IString::parse_astring)));
                map(names, |names| Self::BadCharset(names.unwrap_or_default())).parse(i)
            }
            b"CAPABILITY" => map(Capabilities::parse, Self::Capability).parse(i),
            b"PERMANENTFLAGS" => map(arg(list0(permanent_flag)), |found| {
                let any = found.contains(&None);
                Self::PermanentFlags { flags: found.into_iter().flatten().collect(), any }
            })
            .parse(i),
            b"UIDNEXT" => map(arg(nz_number), Self::UidNext).parse(i),
            b"UIDVALIDITY" => map(arg(nz_number), Self::UidValidity).parse(i),
            b"UNSEEN" => map(arg(nz_number), Self::Unseen).parse(i),
            b"APPENDUID" => {
                let (i, uid_validity) = arg(nz_number).parse(i)?;
                let (i, uids) = arg(SequenceSet::parse_uid_set).parse(i)?;
                Ok((i, Self::AppendUid { uid_validity, uids }))
            }
            b"COPYUID" => {
                let (i, uid_validity) = arg(nz_number).parse(i)?;
                let (i, source) = arg(SequenceSet::parse_uid_set).parse(i)?;
                let (i, destination) = arg(SequenceSet::parse_uid_set).parse(i)?;
                Ok((i, Self::CopyUid { uid_validity, source, destination }))
            }
            _ => fault(i, "a response code"),
        }
    }

    pub(super) fn encode(&self, out: &mut impl Sink) {
        let number = |out: &mut _, word: &[u8], n: &NonZeroU32| {
            Sink::text(out, word);
            Sink::number(out, n.get().into());
        };
        out.text(b"[");
        match self {
            Self::Plain(code) => out.text(code.as_str().as_bytes()),
            Self::BadCharset(names) if names.is_empty() => out.text(b"BADCHARSET"),
            Self::BadCharset(names) => {
                out.text(b"BADCHARSET ");
                out.list(names, |out, name| name.encode_astring(out));
            }
            Self::Capability(it) => {
                out.text(b"CAPABILITY");
                it.encode(out);
            }
            Self::PermanentFlags { flags, any } => {
                out.text(b"PERMANENTFLAGS ");
                let any = any.then_some(None);
                out.list(flags.iter().map(Some).chain(any), |out, flag| match flag {
                    Some(flag) => flag.encode(out),
                    None => out.text(b"\\*"),
                });
            }
            Self::UidNext(n) => number(out, b"UIDNEXT ", n),
            Self::UidValidity(n) => number(out, b"UIDVALIDITY ", n),
            Self::Unseen(n) => number(out, b"UNSEEN ", n),
            Self::AppendUid { uid_validity, uids } => {
                number(out, b"APPENDUID ", uid_validity);
                out.text(b" ");
                uids.encode(out);
            }
            Self::CopyUid { uid_validity, source, destination } => {
                number(out, b"COPYUID ", uid_validity);
                out.text(b" ");
                source.encode(out);
                out.text(b" ");
                destination.encode(out);
            }
            Self::Other(it) => {
                out.text(it.name.as_str().as_bytes());
                if let Some(value) = &it.value {
                    out.text(b" ");
                    out.text(value);
                }
            }
        }
        out.text(b"]");
    }
}

/// `flag-perm = flag / "\*"`, the latter as none.
fn permanent_flag(i: &[u8]) -> Parsed<'_, Option<Flag<'_>>> {
    match i {
        [b'\\', b'*', rest @ ..] => Ok((rest, None)),
        _ => map(Flag::parse_fetch, Some).parse(i),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, StatusResponse, both_ways};
    use super::*;

    #[test]
    fn codes_of_the_rfcs() {
        for code in [
            "ALERT",
            "BADCHARSET",
            "BADCHARSET (UTF-8 \"a b\")",
            "CAPABILITY IMAP4rev1 X",
            "PERMANENTFLAGS (\\Deleted \\Seen \\*)",
            "PERMANENTFLAGS ()",
            "READ-WRITE",
            "TRYCREATE",
            "UIDNEXT 4392",
            "UIDVALIDITY 3857529045",
            "UNSEEN 17",
            "APPENDUID 38505 3955",
            "COPYUID 38505 304,319:320 3956:3958",
            "UIDNOTSTICKY",
            "REFERRAL imap://user@example.com/",
            "HIGHESTMODSEQ 715194045007",
            "X-FOO",
        ] {
            both_ways(&alloc::format!("* OK [{code}] text ] and more\r\n"));
        }
    }

    #[test]
    fn a_code_that_is_not_as_it_should_be_is_another() {
        let Ok(Response::Status(StatusResponse { code: Some(code), .. })) =
            Response::parse(b"* OK [UIDNEXT 0] x\r\n")
        else {
            panic!()
        };
        assert_eq!(
            code,
            ResponseCode::Other(
                OtherCode::new(Atom::new("UIDNEXT").unwrap(), Some(b"0"[..].into())).unwrap()
            )
        );
    }
}
