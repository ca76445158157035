//! `fetch-att`

use super::{Partial, Section};
use crate::{
    encode::Sink,
    grammar::{Parsed, fault, name, named},
};
use alloc::{boxed::Box, vec, vec::Vec};
use nom::{Parser, bytes::complete::take_while1, combinator::opt};

/// What FETCH asks for of each message (RFC 3501 §6.4.5).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FetchAttribute<'a> {
    /// `ENVELOPE`
    Envelope,
    /// `FLAGS`
    Flags,
    /// `INTERNALDATE`
    InternalDate,
    /// `RFC822`: as `BODY[]`, under its old name.
    Rfc822,
    /// `RFC822.HEADER`: as `BODY.PEEK[HEADER]`, under its old name.
    Rfc822Header,
    /// `RFC822.SIZE`
    Rfc822Size,
    /// `RFC822.TEXT`: as `BODY[TEXT]`, under its old name.
    Rfc822Text,
    /// `BODY`: as `BODYSTRUCTURE`, without what RFC 3501 added.
    Body,
    /// `BODYSTRUCTURE`
    BodyStructure,
    /// `UID`
    Uid,
    /// `BODY[section]<partial>`
    Section {
        /// Which part of the message.
        section: Box<Section<'a>>,
        /// Which octets of it; all where there is none.
        partial: Option<Partial>,
        /// Whether the message stays unseen: `BODY.PEEK`.
        peek: bool,
    },
}

impl<'a> FetchAttribute<'a> {
    /// `BODY[section]`, or `BODY.PEEK[section]` where `peek` says so.
    #[must_use]
    pub fn section(section: Section<'a>, partial: Option<Partial>, peek: bool) -> Self {
        Self::Section { section: Box::new(section), partial, peek }
    }

    /// Whether fetching it sets `\Seen` on the message (RFC 3501 §6.4.5).
    #[must_use]
    pub const fn sets_seen(&self) -> bool {
        matches!(self, Self::Rfc822 | Self::Rfc822Text | Self::Section { peek: false, .. })
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchAttribute<'static> {
        match self {
            Self::Envelope => FetchAttribute::Envelope,
            Self::Flags => FetchAttribute::Flags,
            Self::InternalDate => FetchAttribute::InternalDate,
            Self::Rfc822 => FetchAttribute::Rfc822,
            Self::Rfc822Header => FetchAttribute::Rfc822Header,
            Self::Rfc822Size => FetchAttribute::Rfc822Size,
            Self::Rfc822Text => FetchAttribute::Rfc822Text,
            Self::Body => FetchAttribute::Body,
            Self::BodyStructure => FetchAttribute::BodyStructure,
            Self::Uid => FetchAttribute::Uid,
            Self::Section { section, partial, peek } => {
                FetchAttribute::section(section.into_owned(), partial, peek)
            }
        }
    }

    /// ```abnf
    /// fetch-att = "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" / ".TEXT"] /
    ///             "BODY" ["STRUCTURE"] / "UID" / "BODY" section [partial] / "BODY.PEEK" section [partial]
    /// ```
    pub(crate) fn parse(i: &'a [u8]) -> Parsed<'a, Self> {
        let (rest, word) = item_name(i)?;
        let attribute = match name(&mut [0; 20], word) {
            b"ENVELOPE" => Self::Envelope,
            b"FLAGS" => Self::Flags,
            b"INTERNALDATE" => Self::InternalDate,
            b"RFC822" => Self::Rfc822,
            b"RFC822.HEADER" => Self::Rfc822Header,
            b"RFC822.SIZE" => Self::Rfc822Size,
            b"RFC822.TEXT" => Self::Rfc822Text,
            b"BODYSTRUCTURE" => Self::BodyStructure,
            b"UID" => Self::Uid,
            b"BODY" if !rest.starts_with(b"[") => Self::Body,
            found @ (b"BODY" | b"BODY.PEEK") => {
                let peek = found != b"BODY";
                let (rest, section) = Section::parse(rest)?;
                let (rest, partial) = match rest {
                    [b'<', ..] => opt(Partial::parse).parse(rest)?,
                    _ => (rest, None),
                };
                return Ok((rest, Self::section(section, partial, peek)));
            }
            _ => return fault(i, "a fetch attribute"),
        };
        Ok((rest, attribute))
    }

    /// `"ALL" / "FULL" / "FAST"`: what each stands for.
    pub(crate) fn parse_macro(i: &'a [u8]) -> Parsed<'a, Vec<Self>> {
        let (rest, word) = item_name(i)?;
        let mut attributes = vec![Self::Flags, Self::InternalDate, Self::Rfc822Size];
        match name(&mut [0; 20], word) {
            b"FAST" => {}
            b"ALL" => attributes.push(Self::Envelope),
            b"FULL" => attributes.extend([Self::Envelope, Self::Body]),
            _ => return fault(i, "a fetch attribute"),
        }
        Ok((rest, attributes))
    }

    pub(crate) fn encode(&self, out: &mut impl Sink) {
        let word: &[u8] = match self {
            Self::Envelope => b"ENVELOPE",
            Self::Flags => b"FLAGS",
            Self::InternalDate => b"INTERNALDATE",
            Self::Rfc822 => b"RFC822",
            Self::Rfc822Header => b"RFC822.HEADER",
            Self::Rfc822Size => b"RFC822.SIZE",
            Self::Rfc822Text => b"RFC822.TEXT",
            Self::Body | Self::Section { peek: false, .. } => b"BODY",
            Self::Section { peek: true, .. } => b"BODY.PEEK",
            Self::BodyStructure => b"BODYSTRUCTURE",
            Self::Uid => b"UID",
        };
        out.text(word);
        if let Self::Section { section, partial, .. } = self {
            section.encode(out);
            if let Some(partial) = partial {
                partial.encode(out);
            }
        }
    }
}

/// The name of a fetch item, up to its section.
pub(crate) fn item_name(i: &[u8]) -> Parsed<'_, &[u8]> {
    let item = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
    named("a fetch attribute", take_while1(item)).parse(i)
}
