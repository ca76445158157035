//! `status-att` and its values

use crate::{
    encode::Sink,
    grammar::{Parsed, arg, atom, fault, name, number, number64, nz_number},
};
use core::num::NonZeroU32;
use nom::{Parser, combinator::map};

/// What STATUS asks for of a mailbox (RFC 3501 §6.3.10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusAttribute {
    /// `MESSAGES`: how many messages there are.
    Messages,
    /// `RECENT`: how many of them are `\Recent`.
    Recent,
    /// `UIDNEXT`
    UidNext,
    /// `UIDVALIDITY`
    UidValidity,
    /// `UNSEEN`: how many messages are not `\Seen`.
    Unseen,
    /// `DELETED`: how many messages are `\Deleted` (RFC 9051 §6.3.11).
    Deleted,
    /// `SIZE`: the size of all messages (RFC 9051 §6.3.11, RFC 8438).
    Size,
}

/// What a STATUS response tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusItem {
    /// How many messages there are.
    Messages(u32),
    /// How many of them are `\Recent`.
    Recent(u32),
    /// The UID that the next message will have, at least.
    UidNext(NonZeroU32),
    /// By which the client knows whether the UIDs it holds still hold.
    UidValidity(NonZeroU32),
    /// How many messages are not `\Seen`.
    Unseen(u32),
    /// How many messages are `\Deleted`.
    Deleted(u32),
    /// The size of all messages, in octets.
    Size(u64),
}

impl StatusAttribute {
    /// `status-att = "MESSAGES" / "RECENT" / "UIDNEXT" / "UIDVALIDITY" / "UNSEEN" / …`
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Self> {
        let (rest, word) = atom(i)?;
        match Self::of(word) {
            Some(attribute) => Ok((rest, attribute)),
            None => fault(i, "a status attribute"),
        }
    }

    fn of(word: &str) -> Option<Self> {
        Some(match name(&mut [0; 20], word.as_bytes()) {
            b"MESSAGES" => Self::Messages,
            b"RECENT" => Self::Recent,
            b"UIDNEXT" => Self::UidNext,
            b"UIDVALIDITY" => Self::UidValidity,
            b"UNSEEN" => Self::Unseen,
            b"DELETED" => Self::Deleted,
            b"SIZE" => Self::Size,
            _ => return None,
        })
    }

    pub(crate) fn encode(self, out: &mut impl Sink) {
        out.text(match self {
            Self::Messages => b"MESSAGES",
            Self::Recent => b"RECENT",
            Self::UidNext => b"UIDNEXT",
            Self::UidValidity => b"UIDVALIDITY",
            Self::Unseen => b"UNSEEN",
            Self::Deleted => b"DELETED",
            Self::Size => b"SIZE",
        });
    }
}

impl StatusItem {
    /// `status-att-val`, or none where the attribute is not known, and its value a number.
    pub(crate) fn parse(i: &[u8]) -> Parsed<'_, Option<Self>> {
        let (rest, word) = atom(i)?;
        match StatusAttribute::of(word) {
            Some(StatusAttribute::Messages) => {
                map(arg(number), |n| Some(Self::Messages(n))).parse(rest)
            }
            Some(StatusAttribute::Recent) => {
                map(arg(number), |n| Some(Self::Recent(n))).parse(rest)
            }
            Some(StatusAttribute::UidNext) => {
                map(arg(nz_number), |n| Some(Self::UidNext(n))).parse(rest)
            }
            Some(StatusAttribute::UidValidity) => {
                map(arg(nz_number), |n| Some(Self::UidValidity(n))).parse(rest)
            }
            Some(StatusAttribute::Unseen) => {
                map(arg(number), |n| Some(Self::Unseen(n))).parse(rest)
            }
            Some(StatusAttribute::Deleted) => {
                map(arg(number), |n| Some(Self::Deleted(n))).parse(rest)
            }
            Some(StatusAttribute::Size) => map(arg(number64), |n| Some(Self::Size(n))).parse(rest),
            None => map(arg(number64), |_| None).parse(rest),
        }
    }

    pub(crate) fn encode(self, out: &mut impl Sink) {
        let (attribute, n) = match self {
            Self::Messages(n) => (StatusAttribute::Messages, n.into()),
            Self::Recent(n) => (StatusAttribute::Recent, n.into()),
            Self::UidNext(n) => (StatusAttribute::UidNext, n.get().into()),
            Self::UidValidity(n) => (StatusAttribute::UidValidity, n.get().into()),
            Self::Unseen(n) => (StatusAttribute::Unseen, n.into()),
            Self::Deleted(n) => (StatusAttribute::Deleted, n.into()),
            Self::Size(n) => (StatusAttribute::Size, n),
        };
        attribute.encode(out);
        out.text(b" ");
        out.number(n);
    }
}
