//! What a server says (RFC 3501 §7).

mod capability;
mod code;
mod continuation;
mod enabled;
mod exists;
mod expunge;
mod fetch;
mod flags;
mod list;
mod mailbox_status;
mod namespace;
mod search;
mod status;

pub use code::{Code, OtherCode, ResponseCode};
pub use continuation::Continuation;
pub use fetch::{Fetch, FetchItem, SectionLiteral, SectionName, UnknownItem};
pub use list::{List, NameAttribute};
pub use mailbox_status::MailboxStatus;
pub use namespace::{Namespace, NamespaceDescription};
pub use search::Search;
pub use status::{Status, StatusResponse};

pub use crate::command::Id;

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{Parsed, atom, crlf, fault, name, number, sp, whole},
    types::{Capabilities, Flag, Tag},
};
use alloc::vec::Vec;
use core::num::NonZeroU32;
use mailrail_wire::Output;
use nom::{Parser, combinator::map};

/// A response.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response<'a> {
    /// `CAPABILITY` (RFC 3501 §7.2.1)
    Capability(Capabilities),
    /// `+`: the server waits for more (RFC 3501 §7.5).
    Continuation(Continuation<'a>),
    /// `ENABLED`: what the ENABLE turned on (RFC 5161 §3.2).
    Enabled(Capabilities),
    /// `EXISTS`: how many messages the mailbox has (RFC 3501 §7.3.1).
    Exists(u32),
    /// `EXPUNGE`: the message with that sequence number is gone, and all behind it have moved up
    /// (RFC 3501 §7.4.1).
    Expunge(NonZeroU32),
    /// `FETCH` (RFC 3501 §7.4.2), up to a literal that is streamed where it has one.
    Fetch(Fetch<'a>),
    /// `FLAGS`: which flags the mailbox knows (RFC 3501 §7.2.6).
    Flags(Vec<Flag<'a>>),
    /// `ID` (RFC 2971 §3.2)
    Id(Id<'a>),
    /// `LIST` (RFC 3501 §7.2.2)
    List(List<'a>),
    /// `LSUB` (RFC 3501 §7.2.3)
    Lsub(List<'a>),
    /// `STATUS` (RFC 3501 §7.2.4)
    MailboxStatus(MailboxStatus<'a>),
    /// `NAMESPACE` (RFC 2342 §5)
    Namespace(Namespace<'a>),
    /// `RECENT`: how many messages are `\Recent` (RFC 3501 §7.3.2).
    Recent(u32),
    /// `SEARCH` (RFC 3501 §7.2.5), or the first part of a long one.
    Search(Search),
    /// `OK`, `NO`, `BAD`, `BYE` and `PREAUTH` (RFC 3501 §7.1)
    Status(StatusResponse<'a>),
}

impl<'a> Response<'a> {
    /// Reads a response: a line with its CR LF, the octets of literals in place.
    ///
    /// A FETCH may end with the announcement of a literal, whose octets are left out, and a SEARCH
    /// with any number and without a CR LF: there is more to come then, for
    /// [`Fetch::parse_next`] or [`Search::parse_next`].
    ///
    /// # Errors
    ///
    /// Where it is not known or not well formed.
    pub fn parse(unit: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(unit, |i: &'a [u8]| match i {
            [b'+', rest @ ..] => map(Continuation::parse, Self::Continuation).parse(rest),
            [b'*', b' ', rest @ ..] if rest.first().is_some_and(u8::is_ascii_digit) => {
                Self::of_message(rest)
            }
            [b'*', b' ', rest @ ..] => Self::untagged(rest),
            _ => {
                let (i, tag) = Tag::parse(i)?;
                let (i, ()) = sp(i)?;
                map(|i| StatusResponse::parse(i, Some(tag.clone())), Self::Status).parse(i)
            }
        })
    }

    fn untagged(i: &'a [u8]) -> Parsed<'a, Self> {
        let Ok((rest, word)) = atom(i) else { return fault(i, "a response") };
        let (rest, response) = match name(&mut [0; 20], word.as_bytes()) {
            b"CAPABILITY" => map(capability::parse, Self::Capability).parse(rest)?,
            b"ENABLED" => map(enabled::parse, Self::Enabled).parse(rest)?,
            b"FLAGS" => map(flags::parse, Self::Flags).parse(rest)?,
            b"ID" => map(Id::parse, Self::Id).parse(rest)?,
            b"LIST" => map(List::parse, Self::List).parse(rest)?,
            b"LSUB" => map(List::parse, Self::Lsub).parse(rest)?,
            b"NAMESPACE" => map(Namespace::parse, Self::Namespace).parse(rest)?,
            b"SEARCH" => return map(Search::parse, Self::Search).parse(rest),
            b"STATUS" => map(MailboxStatus::parse, Self::MailboxStatus).parse(rest)?,
            b"OK" | b"NO" | b"BAD" | b"BYE" | b"PREAUTH" => {
                return map(|i| StatusResponse::parse(i, None), Self::Status).parse(i);
            }
            _ => return fault(i, "a response"),
        };
        crlf(rest).map(|(rest, ())| (rest, response))
    }

    /// ```abnf
    /// message-data = nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
    /// mailbox-data =/ number SP "EXISTS" / number SP "RECENT"
    /// ```
    fn of_message(i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, n) = number(i)?;
        let (word, ()) = sp(rest)?;
        let (rest, found) = atom(word)?;
        let (rest, response) = match (name(&mut [0; 20], found.as_bytes()), NonZeroU32::new(n)) {
            (b"EXISTS", _) => (rest, Self::Exists(n)),
            (b"RECENT", _) => (rest, Self::Recent(n)),
            (b"EXPUNGE", Some(seq)) => (rest, Self::Expunge(seq)),
            (b"FETCH", Some(seq)) => {
                return map(|i| Fetch::parse(i, seq), Self::Fetch).parse(rest);
            }
            (_, None) => return fault(i, "a number above 0"),
            _ => return fault(word, "a response"),
        };
        crlf(rest).map(|(rest, ())| (rest, response))
    }

    /// Writes the response with its CR LF, but where a FETCH or a SEARCH says that more follows.
    pub fn encode(&self, out: &mut Output) {
        match self {
            Self::Capability(it) => capability::encode(it, out),
            Self::Continuation(it) => return it.encode(out),
            Self::Enabled(it) => enabled::encode(it, out),
            Self::Exists(n) => exists::encode(*n, b" EXISTS", out),
            Self::Expunge(n) => expunge::encode(*n, out),
            Self::Fetch(it) => return it.encode(out),
            Self::Flags(it) => flags::encode(it, out),
            Self::Id(it) => {
                out.text(b"* ");
                it.write(out);
            }
            Self::List(it) => it.encode(b"* LIST ", out),
            Self::Lsub(it) => it.encode(b"* LSUB ", out),
            Self::MailboxStatus(it) => it.encode(out),
            Self::Namespace(it) => it.encode(out),
            Self::Recent(n) => exists::encode(*n, b" RECENT", out),
            Self::Search(it) => return it.encode(out),
            Self::Status(it) => return it.encode(out),
        }
        Sink::text(out, b"\r\n");
    }

    /// The same response, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Response<'static> {
        match self {
            Self::Capability(it) => Response::Capability(it),
            Self::Continuation(it) => Response::Continuation(it.into_owned()),
            Self::Enabled(it) => Response::Enabled(it),
            Self::Exists(n) => Response::Exists(n),
            Self::Expunge(n) => Response::Expunge(n),
            Self::Fetch(it) => Response::Fetch(it.into_owned()),
            Self::Flags(it) => Response::Flags(it.into_iter().map(Flag::into_owned).collect()),
            Self::Id(it) => Response::Id(it.into_owned()),
            Self::List(it) => Response::List(it.into_owned()),
            Self::Lsub(it) => Response::Lsub(it.into_owned()),
            Self::MailboxStatus(it) => Response::MailboxStatus(it.into_owned()),
            Self::Namespace(it) => Response::Namespace(it.into_owned()),
            Self::Recent(n) => Response::Recent(n),
            Self::Search(it) => Response::Search(it),
            Self::Status(it) => Response::Status(it.into_owned()),
        }
    }
}

/// Runs known answers both ways: bytes, value, bytes, value.
#[cfg(test)]
pub(crate) fn both_ways(wire: &str) -> Response<'static> {
    use bytes::Buf;
    let response = Response::parse(wire.as_bytes()).unwrap();
    let mut out = Output::default();
    response.encode(&mut out);
    let back = out.copy_to_bytes(out.remaining());
    assert_eq!(back, wire);
    assert_eq!(Response::parse(&back).unwrap(), response);
    response.into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_response() {
        for wire in [
            "",
            "\r\n",
            "*\r\n",
            "* \r\n",
            "* FOO\r\n",
            "* 1\r\n",
            "* 1 FOO\r\n",
            "* 0 EXPUNGE\r\n",
            "* 4294967296 EXISTS\r\n",
            "* 1 EXISTS",
            "* 1 EXISTS\n",
            "* 1 EXISTS x\r\n",
            "a CAPABILITY IMAP4rev1\r\n",
            "a OK x",
            "* OK a\rb\r\n",
            "* OK a\0b\r\n",
            "a BYE x\r\n",
            "a PREAUTH x\r\n",
        ] {
            assert!(Response::parse(wire.as_bytes()).is_err(), "{wire:?}");
        }
    }

    #[test]
    fn ids_of_the_rfc() {
        both_ways("* ID NIL\r\n");
        both_ways("* ID (\"name\" \"Cyrus\" \"version\" NIL)\r\n");
    }
}
