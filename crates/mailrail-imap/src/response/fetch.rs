//! `FETCH`

use crate::{
    SyntaxError,
    encode::Sink,
    grammar::{
        Parsed, announcement, arg, close, crlf, fault, list0, name, named, number64, nz_number, sp,
        unknown_value, whole,
    },
    types::{
        BodyStructure, DateTime, Envelope, Flag, IString, NString, Section, item_name,
        nstring_into_owned, write_nstring,
    },
};
use alloc::{borrow::Cow, boxed::Box, vec::Vec};
use core::num::NonZeroU32;
use mailrail_wire::Output;
use nom::{Parser, character::complete::char, combinator::map, sequence::delimited};

/// Items of one message (RFC 3501 §7.4.2): all of them, or a segment up to a literal whose octets
/// are streamed.
///
/// A response with streamed literals is several segments: each but the last ends with a
/// [`SectionLiteral`], whose octets come before the next segment. The last has none, and may have
/// no items, either.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetch<'a> {
    /// The sequence number of the message.
    pub seq: NonZeroU32,
    /// The items of this segment.
    pub items: Vec<FetchItem<'a>>,
    /// What this segment ends with; none where it is the last.
    pub literal: Option<SectionLiteral<'a>>,
}

/// Something about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchItem<'a> {
    /// `BODY`: the structure without its extension data.
    Body(BodyStructure<'a>),
    /// `BODYSTRUCTURE`
    BodyStructure(BodyStructure<'a>),
    /// `ENVELOPE`
    Envelope(Box<Envelope<'a>>),
    /// `FLAGS`
    Flags(Vec<Flag<'a>>),
    /// `INTERNALDATE`
    InternalDate(DateTime),
    /// `RFC822.SIZE`, in octets
    Rfc822Size(u64),
    /// A section that is short or NIL; others are a [`SectionLiteral`].
    Section {
        /// Which section.
        section: Box<SectionName<'a>>,
        /// Where in it the octets begin, where a part of it was asked for.
        origin: Option<u64>,
        /// The octets; NIL where there is no such section.
        content: NString<'a>,
    },
    /// `UID`
    Uid(NonZeroU32),
    /// What an extension has added.
    Unknown(UnknownItem<'a>),
}

/// By which name a section was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SectionName<'a> {
    /// `BODY[section]`
    Body(Section<'a>),
    /// `RFC822`: as `BODY[]`.
    Rfc822,
    /// `RFC822.HEADER`: as `BODY[HEADER]`.
    Rfc822Header,
    /// `RFC822.TEXT`: as `BODY[TEXT]`.
    Rfc822Text,
}

/// A section whose octets follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SectionLiteral<'a> {
    /// Which section.
    pub section: SectionName<'a>,
    /// Where in it the octets begin, where a part of it was asked for.
    pub origin: Option<u64>,
    /// How many octets follow.
    pub length: u64,
}

/// An item that this crate does not know, as a server sent it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnknownItem<'a> {
    name: Cow<'a, [u8]>,
    value: Cow<'a, [u8]>,
}

impl UnknownItem<'_> {
    /// Its name, in the case in which it came.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Its value as it came, with quotes, parentheses and literals.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    fn into_owned(self) -> UnknownItem<'static> {
        UnknownItem {
            name: Cow::Owned(self.name.into_owned()),
            value: Cow::Owned(self.value.into_owned()),
        }
    }
}

/// An item, or what ends a segment.
enum Part<'a> {
    Item(FetchItem<'a>),
    Literal(SectionLiteral<'a>),
}

impl<'a> Fetch<'a> {
    /// Whether the response ends with this segment.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.literal.is_none()
    }

    /// Reads a segment behind a streamed literal, up to the next or to the response's CR LF.
    /// [`Response::parse`](super::Response::parse) has read the first.
    ///
    /// # Errors
    ///
    /// Where it is not well formed.
    pub fn parse_next(seq: NonZeroU32, unit: &'a [u8]) -> Result<Self, SyntaxError> {
        whole(unit, |i: &'a [u8]| match i.strip_prefix(b" ") {
            Some(rest) => Self::parts(rest, seq),
            None => Self::end(i).map(|(i, ())| (i, Self { seq, items: Vec::new(), literal: None })),
        })
    }

    /// ```abnf
    /// msg-att = "(" (msg-att-dynamic / msg-att-static) *(SP (msg-att-dynamic / msg-att-static)) ")"
    /// ```
    ///
    /// Some servers have nothing to say in the parentheses.
    pub(super) fn parse(i: &'a [u8], seq: NonZeroU32) -> Parsed<'a, Self> {
        let (i, _) = arg(named("fetch items", char('('))).parse(i)?;
        match i {
            [b')', ..] => {
                Self::end(i).map(|(i, ())| (i, Self { seq, items: Vec::new(), literal: None }))
            }
            _ => Self::parts(i, seq),
        }
    }

    fn end(i: &'a [u8]) -> Parsed<'a, ()> {
        let (i, ()) = close(i)?;
        crlf(i)
    }

    fn parts(mut i: &'a [u8], seq: NonZeroU32) -> Parsed<'a, Self> {
        let mut items = Vec::new();
        loop {
            match part(i)? {
                (rest, Part::Literal(literal)) => {
                    return Ok((rest, Self { seq, items, literal: Some(literal) }));
                }
                (rest, Part::Item(item)) => {
                    items.push(item);
                    match rest {
                        [b' ', rest @ ..] => i = rest,
                        _ => {
                            let (rest, ()) = Self::end(rest)?;
                            return Ok((rest, Self { seq, items, literal: None }));
                        }
                    }
                }
            }
        }
    }

    pub(super) fn encode(&self, out: &mut Output) {
        Sink::text(out, b"* ");
        out.number(self.seq.get().into());
        Sink::text(out, b" FETCH (");
        self.write(false, out);
    }

    /// Writes a segment behind the octets of a literal.
    pub fn encode_next(&self, out: &mut Output) {
        self.write(true, out);
    }

    fn write(&self, mut behind: bool, out: &mut Output) {
        for item in &self.items {
            Sink::text(out, if behind { b" " } else { b"" });
            item.encode(out);
            behind = true;
        }
        match &self.literal {
            Some(literal) => {
                Sink::text(out, if behind { b" " } else { b"" });
                literal.section.encode(literal.origin, out);
                out.announce(literal.length);
            }
            None => Sink::text(out, b")\r\n"),
        }
    }

    /// The same segment, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Fetch<'static> {
        Fetch {
            seq: self.seq,
            items: self.items.into_iter().map(FetchItem::into_owned).collect(),
            literal: self.literal.map(SectionLiteral::into_owned),
        }
    }
}

impl FetchItem<'_> {
    /// The same item, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> FetchItem<'static> {
        match self {
            Self::Body(it) => FetchItem::Body(it.into_owned()),
            Self::BodyStructure(it) => FetchItem::BodyStructure(it.into_owned()),
            Self::Envelope(it) => FetchItem::Envelope(Box::new(it.into_owned())),
            Self::Flags(it) => FetchItem::Flags(it.into_iter().map(Flag::into_owned).collect()),
            Self::InternalDate(it) => FetchItem::InternalDate(it),
            Self::Rfc822Size(n) => FetchItem::Rfc822Size(n),
            Self::Section { section, origin, content } => FetchItem::Section {
                section: Box::new(section.into_owned()),
                origin,
                content: nstring_into_owned(content),
            },
            Self::Uid(n) => FetchItem::Uid(n),
            Self::Unknown(it) => FetchItem::Unknown(it.into_owned()),
        }
    }

    fn encode(&self, out: &mut impl Sink) {
        match self {
            Self::Body(it) => {
                out.text(b"BODY ");
                it.encode(out);
            }
            Self::BodyStructure(it) => {
                out.text(b"BODYSTRUCTURE ");
                it.encode(out);
            }
            Self::Envelope(it) => {
                out.text(b"ENVELOPE ");
                it.encode(out);
            }
            Self::Flags(flags) => {
                out.text(b"FLAGS ");
                out.list(flags, |out, flag| flag.encode(out));
            }
            Self::InternalDate(it) => {
                out.text(b"INTERNALDATE ");
                it.encode(out);
            }
            Self::Rfc822Size(n) => {
                out.text(b"RFC822.SIZE ");
                out.number(*n);
            }
            Self::Section { section, origin, content } => {
                section.encode(*origin, out);
                write_nstring(content, out);
            }
            Self::Uid(n) => {
                out.text(b"UID ");
                out.number(n.get().into());
            }
            Self::Unknown(it) => {
                out.text(&it.name);
                out.text(b" ");
                out.text(&it.value);
            }
        }
    }
}

impl SectionLiteral<'_> {
    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> SectionLiteral<'static> {
        SectionLiteral { section: self.section.into_owned(), ..self }
    }
}

impl SectionName<'_> {
    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> SectionName<'static> {
        match self {
            Self::Body(section) => SectionName::Body(section.into_owned()),
            Self::Rfc822 => SectionName::Rfc822,
            Self::Rfc822Header => SectionName::Rfc822Header,
            Self::Rfc822Text => SectionName::Rfc822Text,
        }
    }

    /// With the space behind it.
    fn encode(&self, origin: Option<u64>, out: &mut impl Sink) {
        match self {
            Self::Body(section) => {
                out.text(b"BODY");
                section.encode(out);
                if let Some(origin) = origin {
                    out.text(b"<");
                    out.number(origin);
                    out.text(b">");
                }
            }
            Self::Rfc822 => out.text(b"RFC822"),
            Self::Rfc822Header => out.text(b"RFC822.HEADER"),
            Self::Rfc822Text => out.text(b"RFC822.TEXT"),
        }
        out.text(b" ");
    }
}

/// ```abnf
/// msg-att-dynamic = "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"
/// msg-att-static  = "ENVELOPE" SP envelope / "INTERNALDATE" SP date-time /
///                   "RFC822" [".HEADER" / ".TEXT"] SP nstring / "RFC822.SIZE" SP number64 /
///                   "BODY" ["STRUCTURE"] SP body / "BODY" section ["<" number ">"] SP nstring /
///                   "UID" SP uniqueid
/// ```
fn part(i: &[u8]) -> Parsed<'_, Part<'_>> {
    let (rest, word) = item_name(i)?;
    let (rest, item) = match name(&mut [0; 20], word) {
        b"ENVELOPE" => {
            map(arg(Envelope::parse), |it| FetchItem::Envelope(Box::new(it))).parse(rest)?
        }
        b"FLAGS" => map(arg(list0(Flag::parse_fetch)), FetchItem::Flags).parse(rest)?,
        b"INTERNALDATE" => map(arg(DateTime::parse), FetchItem::InternalDate).parse(rest)?,
        b"RFC822.SIZE" => map(arg(number64), FetchItem::Rfc822Size).parse(rest)?,
        b"UID" => map(arg(nz_number), FetchItem::Uid).parse(rest)?,
        b"BODYSTRUCTURE" => map(arg(BodyStructure::parse), FetchItem::BodyStructure).parse(rest)?,
        b"BODY" if rest.starts_with(b" ") => {
            map(arg(BodyStructure::parse), FetchItem::Body).parse(rest)?
        }
        b"BODY" => {
            let (mut rest, section) = Section::parse(rest)?;
            let mut origin = None;
            if rest.starts_with(b"<") {
                let (after, n) = delimited(char('<'), number64, char('>')).parse(rest)?;
                (rest, origin) = (after, Some(n));
            }
            return content(rest, SectionName::Body(section), origin);
        }
        b"RFC822" => return content(rest, SectionName::Rfc822, None),
        b"RFC822.HEADER" => return content(rest, SectionName::Rfc822Header, None),
        b"RFC822.TEXT" => return content(rest, SectionName::Rfc822Text, None),
        _ => {
            let (rest, value) = arg(unknown_value).parse(rest)?;
            let item = UnknownItem { name: Cow::Borrowed(word), value: Cow::Borrowed(value) };
            (rest, FetchItem::Unknown(item))
        }
    };
    Ok((rest, Part::Item(item)))
}

/// The content of a section: a literal that nothing is behind is one to be streamed.
fn content<'a>(i: &'a [u8], section: SectionName<'a>, origin: Option<u64>) -> Parsed<'a, Part<'a>> {
    let (i, ()) = sp(i)?;
    if let Ok((rest @ [], (length, false))) = announcement(i) {
        return Ok((rest, Part::Literal(SectionLiteral { section, origin, length })));
    }
    match IString::parse_nstring(i) {
        Ok((rest, content)) => {
            let section = Box::new(section);
            Ok((rest, Part::Item(FetchItem::Section { section, origin, content })))
        }
        Err(_) => fault(i, "a string or NIL"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Response, both_ways};
    use super::*;
    use bytes::Buf;

    #[test]
    fn fetches_of_the_rfc() {
        both_ways("* 23 FETCH (FLAGS (\\Seen) RFC822.SIZE 44827)\r\n");
        both_ways(
            "* 12 FETCH (FLAGS (\\Seen \\Recent) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 4286 BODY (\"TEXT\" \"PLAIN\" (\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 3028 92))\r\n",
        );
        both_ways(
            "* 1 FETCH (UID 7 BODY[1]<0> \"a\" BODY[HEADER.FIELDS (DATE)] NIL RFC822.HEADER \"\")\r\n",
        );
        both_ways("* 1 FETCH ()\r\n");
        both_ways("* 1 FETCH (X-GM-LABELS (\"\\\\Inbox\" {1}\r\na) MODSEQ (12))\r\n");
        for bad in [
            "* 1 FETCH\r\n",
            "* 1 FETCH (\r\n",
            "* 1 FETCH (UID 0)\r\n",
            "* 1 FETCH (UID 1 )\r\n",
            "* 1 FETCH (BODY[] {3+}\r\n",
            "* 0 FETCH ()\r\n",
        ] {
            assert!(Response::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn segments_go_on_behind_literals() {
        let Response::Fetch(first) = both_ways("* 12 FETCH (UID 5 BODY[TEXT]<10> {342}\r\n") else {
            panic!()
        };
        assert_eq!((first.items.len(), first.is_last()), (1, false));
        assert_eq!(first.literal.as_ref().unwrap().length, 342);
        for (wire, items, last) in [
            (" FLAGS (\\Seen) RFC822 {0}\r\n", 1, false),
            (" BODY[] {9223372036854775807}\r\n", 0, false),
            (" FLAGS ())\r\n", 1, true),
            (")\r\n", 0, true),
        ] {
            let next = Fetch::parse_next(first.seq, wire.as_bytes()).unwrap();
            assert_eq!((next.items.len(), next.is_last()), (items, last));
            let mut out = Output::default();
            next.encode_next(&mut out);
            assert_eq!(out.copy_to_bytes(out.remaining()), wire);
        }
        for bad in ["", "\r\n", "FLAGS ())\r\n", " )\r\n", " UID 1\r\n"] {
            assert!(Fetch::parse_next(first.seq, bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
