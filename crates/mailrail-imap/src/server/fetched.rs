//! The answer to FETCH about one stored message.

use super::{Needs, Octets};
use crate::{
    response::{Fetch, FetchItem, SectionLiteral, SectionName},
    types::{
        BodyStructure, DateTime, Envelope, FetchAttribute, Flag, IString, Partial, Section,
        SectionText,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
use core::num::NonZeroU32;
use mailrail_message::Message;

/// A stored message, as far as a FETCH asks for it.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "the caller fills it in")]
pub struct Stored<'m> {
    /// Its UID.
    pub uid: NonZeroU32,
    /// Its flags.
    pub flags: &'m [Flag<'m>],
    /// Its internal date.
    pub internal_date: DateTime,
    /// Its size, in octets.
    pub size: u64,
    /// What was parsed of it: as much as [`Needs::of`] says, at least.
    pub message: &'m Message<'m>,
}

/// A FETCH response, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Segment<'m> {
    /// What to give to [`Server::fetch`](super::Server::fetch).
    pub response: Fetch<'m>,
    /// What to give to [`Server::literal`](super::Server::literal) after that, piece by piece;
    /// none where the response ends here.
    pub octets: Octets,
}

impl Segment<'_> {
    /// The same segment, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Segment<'static> {
        Segment { response: self.response.into_owned(), octets: self.octets }
    }
}

impl Needs {
    /// The most that must be read of a message to answer for all of these attributes.
    #[must_use]
    pub fn of(attributes: &[FetchAttribute<'_>]) -> Self {
        attributes.iter().map(FetchAttribute::needs).max().unwrap_or(Self::Nothing)
    }
}

impl<'m> Stored<'m> {
    /// What to answer, as one segment or more: what is streamed comes last, and each segment but
    /// the last ends with some of it.
    ///
    /// ```
    /// use mailrail_imap::{server::{Piece, Stored}, types::{DateTime, FetchAttribute, Section}};
    /// use mailrail_message::Message;
    /// use std::num::NonZeroU32;
    ///
    /// // All of a message is asked for: nothing of it needs to be read for that but what is sent.
    /// let stored = Stored {
    ///     uid: NonZeroU32::MIN,
    ///     flags: &[],
    ///     internal_date: DateTime::from_unix(0, 0)?,
    ///     size: 30_000_000,
    ///     message: &Message::parse(b""),
    /// };
    /// let whole = FetchAttribute::section(Section::whole(), None, false);
    /// let segments = stored.fetch(NonZeroU32::MIN, &[whole, FetchAttribute::Uid]);
    /// assert_eq!(segments[0].octets.pieces(), [Piece::Stored(0..30_000_000)]);
    /// assert_eq!((segments[0].response.items.len(), segments.len()), (1, 2));
    /// # Ok::<(), mailrail_imap::SyntaxError>(())
    /// ```
    #[must_use]
    pub fn fetch(
        &self,
        sequence: NonZeroU32,
        attributes: &[FetchAttribute<'_>],
    ) -> Vec<Segment<'m>> {
        let (mut items, mut literals) = (Vec::new(), Vec::new());
        for attribute in attributes {
            let (name, section, partial) = match attribute {
                FetchAttribute::Section { section, partial, .. } => {
                    let section = section.clone().into_owned();
                    (SectionName::Body(section.clone()), section, *partial)
                }
                FetchAttribute::Rfc822 => (SectionName::Rfc822, Section::whole(), None),
                FetchAttribute::Rfc822Header => {
                    (SectionName::Rfc822Header, of(SectionText::Header), None)
                }
                FetchAttribute::Rfc822Text => {
                    (SectionName::Rfc822Text, of(SectionText::Text), None)
                }
                attribute => {
                    items.extend(self.item(attribute));
                    continue;
                }
            };
            let origin = partial.map(|partial: Partial| partial.offset);
            let octets = section.locate(self.message, self.size, partial);
            match octets.filter(|octets| !octets.is_empty()).ok_or(section) {
                Ok(octets) => {
                    let length = octets.len();
                    literals.push((SectionLiteral { section: name, origin, length }, octets));
                }
                Err(section) => {
                    let is_there = section.locate(self.message, self.size, None).is_some();
                    let content = is_there.then(IString::default);
                    let section = Box::new(name);
                    items.push(FetchItem::Section { section, origin, content });
                }
            }
        }
        let segment = |items, literal, octets| Segment {
            response: Fetch { seq: sequence, items, literal },
            octets,
        };
        let mut segments = Vec::new();
        for (literal, octets) in literals {
            segments.push(segment(core::mem::take(&mut items), Some(literal), octets));
        }
        segments.push(segment(items, None, Octets::default()));
        segments
    }

    /// What is told at once.
    fn item(&self, attribute: &FetchAttribute<'_>) -> Option<FetchItem<'m>> {
        Some(match attribute {
            FetchAttribute::Body => FetchItem::Body(BodyStructure::of(self.message, false)),
            FetchAttribute::BodyStructure => {
                FetchItem::BodyStructure(BodyStructure::of(self.message, true))
            }
            FetchAttribute::Envelope => {
                FetchItem::Envelope(Box::new(Envelope::of(self.message.headers())))
            }
            FetchAttribute::Flags => FetchItem::Flags(self.flags.to_vec()),
            FetchAttribute::InternalDate => FetchItem::InternalDate(self.internal_date),
            FetchAttribute::Rfc822Size => FetchItem::Rfc822Size(self.size),
            FetchAttribute::Uid => FetchItem::Uid(self.uid),
            _ => return None,
        })
    }
}

/// That of the message itself.
fn of(text: SectionText<'static>) -> Section<'static> {
    Section::new(vec![], Some(text)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Command, response::Response, server::Piece};
    use alloc::string::String;
    use bytes::Buf;
    use mailrail_wire::Output;

    const TEXT: &[u8] = b"Subject: x\r\n\r\nbody\r\n";

    /// The whole response, as it crosses the wire.
    fn fetched(attributes: &str) -> String {
        let wire = alloc::format!("a FETCH 1 ({attributes})\r\n");
        let Ok((_, Command::Fetch(fetch))) = Command::parse(wire.as_bytes()) else { panic!() };
        let stored = Stored {
            uid: NonZeroU32::new(7).unwrap(),
            flags: &[Flag::Seen],
            internal_date: DateTime::from_unix(0, 0).unwrap(),
            size: TEXT.len() as u64,
            message: &Message::parse(TEXT),
        };
        let mut out = Output::default();
        let segments = stored.fetch(NonZeroU32::MIN, &fetch.attributes);
        for (n, segment) in segments.into_iter().map(Segment::into_owned).enumerate() {
            let length = segment.response.literal.as_ref().map_or(0, |literal| literal.length);
            assert_eq!(length, segment.octets.len());
            match n {
                0 => Response::Fetch(segment.response).encode(&mut out),
                _ => segment.response.encode_next(&mut out),
            }
            for piece in segment.octets.pieces() {
                match piece {
                    Piece::Stored(range) => {
                        let index = |n: u64| usize::try_from(n).unwrap();
                        out.text(&TEXT[index(range.start)..index(range.end)]);
                    }
                    Piece::Text(text) => out.text(text),
                }
            }
        }
        String::from_utf8(out.copy_to_bytes(out.remaining()).to_vec()).unwrap()
    }

    #[test]
    fn every_attribute_is_answered() {
        for (attributes, response) in [
            (
                "FLAGS UID RFC822.SIZE INTERNALDATE",
                "FLAGS (\\Seen) UID 7 RFC822.SIZE 20 INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\"",
            ),
            ("ENVELOPE", "ENVELOPE (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL)"),
            ("BODY", "BODY (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 1)"),
            (
                "BODYSTRUCTURE",
                "BODYSTRUCTURE (\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" 6 1 NIL NIL NIL NIL)",
            ),
            ("RFC822", "RFC822 {20}\r\nSubject: x\r\n\r\nbody\r\n"),
            ("RFC822.HEADER", "RFC822.HEADER {14}\r\nSubject: x\r\n\r\n"),
            (
                "BODY[HEADER.FIELDS (To Subject)] UID RFC822.TEXT",
                "UID 7 BODY[HEADER.FIELDS (To Subject)] {14}\r\nSubject: x\r\n\r\n RFC822.TEXT {6}\r\nbody\r\n",
            ),
            ("BODY[2] BODY.PEEK[1]<4.9>", "BODY[2] NIL BODY[1]<4> {2}\r\n\r\n"),
            ("BODY[TEXT]<6.1> BODY[2]<6.1>", "BODY[TEXT]<6> \"\" BODY[2]<6> NIL"),
        ] {
            assert_eq!(fetched(attributes), alloc::format!("* 1 FETCH ({response})\r\n"));
        }
    }
}
